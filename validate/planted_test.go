package validate_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/amesh-render/amesh-render/standalone"
	"github.com/amesh-render/amesh-render/validate"
)

// planted are files with a mistake each, row by row of what APISIX was measured to do with it. "⇒" marks the line of the
// mistake; want is what is said there, the level first, and nothing else may be said. A file is put into a frame with an
// upstream "u" and the line #END, unless it has an #END itself.
var planted = []struct{ name, text, want string }{
	// What a bad item does.
	{"unknown field", "routes:\n- {id: r, uri: /a, upstream_id: u,\n⇒   prioritty: 1}", "error: route/r: prioritty: APISIX knows no such field: is it priority?"},
	{"modifiedIndex", "routes:\n- id: r\n  uri: /a\n  upstream_id: u\n⇒  modifiedIndex: 7", "error: route/r: modifiedIndex: APISIX knows no such field in a file: it is for the Admin API"},
	{"bad plugin", "routes:\n- id: r\n  uri: /a\n  plugins:\n    fault-injection:\n      abort:\n⇒        http_status: 100", "error: route/r: plugins.fault-injection.abort.http_status: is 100, less than 200"},
	{"unknown plugin", "routes:\n- id: r\n  uri: /a\n  upstream_id: u\n  plugins:\n⇒    fault-injektion: {}", "error: route/r: plugins.fault-injektion: APISIX has no plugin of the name \"fault-injektion\""},
	{"plugin that is no map", "routes:\n- id: r\n  uri: /a\n  upstream_id: u\n  plugins:\n⇒    prometheus: 1", "error: route/r: plugins.prometheus: is the number 1, not a map"},
	{"unknown field of a plugin", "routes:\n- id: r\n  uri: /a\n  upstream_id: u\n  plugins:\n    limit-req: {rate: 1, burst: 0, key: a, policy: local,\n⇒       rejcted_code: 429}", "warning: route/r: plugins.limit-req.rejcted_code: APISIX knows no such field: is it rejected_code?, and ignores it"},
	{"meta of a plugin without a type", "routes:\n- id: r\n  uri: /a\n  upstream_id: u\n  plugins:\n    prometheus:\n⇒      _meta: {prio: 1}", "error: route/r: plugins.prometheus._meta.prio: APISIX knows no such field"},
	{"operator", "routes:\n- id: r\n  uri: /a\n  upstream_id: u\n  vars:\n  - [http_a, \"==\", \"1\"]\n⇒  - [http_a, \"=~\", \"1\"]", "error: route/r: vars[1][1]: APISIX has no operator \"=~\": there are == ~= < <= > >= ~~ ~* in has ipmatch"},
	{"one operand", "routes:\n- id: r\n  uri: /a\n  upstream_id: u\n  vars:\n⇒  - [OR, [http_a, \"==\", \"1\"]]", "error: route/r: vars[0]: OR wants two conditions at least, and has 1"},
	{"bare condition", "routes:\n- id: r\n  uri: /a\n  upstream_id: u\n⇒  vars: [http_a, \"==\", \"1\"]", "error: route/r: vars: is a condition, not a list of conditions: put it into brackets"},
	{"negation", "routes:\n- id: r\n  uri: /a\n  upstream_id: u\n  vars:\n⇒  - [http_a, \"not\", \"==\", \"1\"]", "error: route/r: vars[0][1]: is the string \"not\", and only ! may be before an operator"},
	{"address", "routes:\n- id: r\n  uri: /a\n  upstream_id: u\n  vars:\n⇒  - [remote_addr, ipmatch, [10.0.0.0.0]]", "error: route/r: vars[0][2][0]: \"10.0.0.0.0\" is neither an IP address nor a network in CIDR form"},
	{"item that is a string", "routes:\n⇒- r", "error: route/arr_1: is the string \"r\", not an object: APISIX passes over it"},
	{"item that is a number", "routes:\n- {id: r, uri: /a, upstream_id: u}\n⇒- 7", "error: route/arr_2: is a number, not an object: APISIX fails on it, and loads nothing of routes"},
	{"item without value", "routes:\n⇒-", "error: route/arr_1: is null, not an object: APISIX drops it"},
	{"section that is a map", "routes:\n⇒  r: {uri: /a, upstream_id: u}", "error: routes is a map, not a list: APISIX takes it for empty"},
	{"section without value", "⇒routes:", "warning: routes has no value: APISIX takes it for empty"},
	{"unknown section", "⇒route:\n- {id: r, uri: /a, upstream_id: u}", "warning: APISIX knows no section \"route\", and ignores it"},
	{"duplicate id", "routes:\n- {id: r, uri: /a, upstream_id: u}\n⇒- {id: r, uri: /b, upstream_id: u}", "warning: route/r: id: another route has this id, on line 5: APISIX takes this one"},
	{"duplicate section", "⇒routes:\n- {id: r, uri: /a, upstream_id: u}\nroutes:\n- {id: s, uri: /b, upstream_id: u}", "error: there is another section routes below: APISIX takes the last"},
	{"duplicate key", "routes:\n- id: r\n⇒  uri: /a\n  uri: /b\n  upstream_id: u", "warning: route/r: the key \"uri\" is there twice, and the last value counts"},
	{"second document", "routes: []\n⇒---\nroutes: []", "error: this is a second document: APISIX reads the first only"},
	{"missing upstream", "routes:\n- id: r\n  uri: /a\n⇒  upstream_id: v", "error: route/r: upstream_id: there is no upstream \"v\": requests are answered 502"},
	{"upstream that is dropped", "upstreams:\n- id: v\n⇒  nodes: 1\nroutes: [{id: r, uri: /a, service_id: 1}]\nservices: [{id: 1, upstream: {nodes: []}}]\n#END", "error: upstream/v: nodes: is the number 1, not a list or a map"},
	{"missing service", "routes:\n- id: r\n  uri: /a\n⇒  service_id: v", "error: route/r: service_id: there is no service \"v\": requests are answered 404"},
	{"missing plugin_config", "routes:\n- id: r\n  uri: /a\n  upstream_id: u\n⇒  plugin_config_id: 3", "error: route/r: plugin_config_id: there is no plugin_config \"3\": requests are answered 503"},
	{"missing upstream of a service", "services:\n- id: s\n⇒  upstream_id: v", "error: service/s: upstream_id: there is no upstream \"v\": requests are answered 502"},
	{"missing upstream of a split", "routes:\n- id: r\n  uri: /a\n  upstream_id: u\n  plugins:\n    traffic-split:\n      rules:\n      - weighted_upstreams:\n        - {weight: 1}\n⇒        - {weight: 1, upstream_id: v}", "error: route/r: plugins.traffic-split.rules[0].weighted_upstreams[1].upstream_id: there is no upstream \"v\": requests are answered 500"},
	{"missing consumer group", "consumers:\n- username: c\n⇒  group_id: g", "error: consumer/c: group_id: there is no consumer_group \"g\": requests of this consumer are answered 503"},
	{"missing certificate", "upstreams:\n- id: v\n  nodes: {h: 1}\n  tls:\n⇒    client_cert_id: c\n- {id: u, nodes: []}\n#END", "error: upstream/v: tls.client_cert_id: there is no ssl \"c\": requests are answered 502"},
	{"weights 0", "upstreams:\n- id: v\n⇒  nodes: [{host: a, port: 1, weight: 0}, {host: b, port: 1, weight: 0}]\n#END", "warning: upstream/v: nodes: all weights are 0: traffic still goes to them, as if they were equal"},
	{"node twice", "upstreams:\n- id: v\n  nodes:\n  - {host: a, port: 80, weight: 1}\n⇒  - {host: a, weight: 2}\n#END", "warning: upstream/v: nodes[1]: a:80 is there twice, as in nodes[0]: weights are not added up"},
	{"neither upstream nor plugins", "routes:\n⇒- id: r\n  uri: /a", "error: route/r: none of plugins, upstream, upstream_id, service_id, script is there"},
	{"empty plugins", "routes:\n- id: r\n  uri: /a\n⇒  plugins: {}", "error: route/r: plugins: the route has no upstream, and no plugin that answers: requests are answered 503"},
	{"plugins that do not answer", "routes:\n- id: r\n  uri: /a\n  plugins:\n⇒    cors: {}", "error: route/r: plugins: the route has no upstream, and no plugin that answers: requests are answered 503"},
	{"id with other characters", "upstreams:\n⇒- id: outbound|80||x\n  nodes: []\n#END", "error: upstream/outbound|80||x: id: \"outbound|80||x\" has characters other than letters, digits, '-', '_' and '.'"},
	{"long id", "upstreams:\n⇒- id: " + strings.Repeat("x", 65) + "\n  nodes: []\n#END", "error: upstream/" + strings.Repeat("x", 65) + ": id: has 65 characters, more than 64"},
	{"empty label", "upstreams:\n- id: v\n  nodes: []\n  labels:\n⇒    a: \"\"\n#END", "error: upstream/v: labels.a: is empty"},
	{"label with space", "upstreams:\n- id: v\n  nodes: []\n  labels:\n⇒    a: b c\n#END", "error: upstream/v: labels.a: \"b c\" holds white space"},
	{"no hosts", "routes:\n- id: r\n  uri: /a\n  upstream_id: u\n⇒  hosts: []", "error: route/r: hosts: is empty"},
	{"duplicate hosts", "routes:\n- id: r\n  uri: /a\n  upstream_id: u\n  hosts:\n  - a\n⇒  - a", "error: route/r: hosts[1]: a is there twice"},
	{"null", "routes:\n- id: r\n  uri: /a\n  upstream_id: u\n⇒  desc: ~", "error: route/r: desc: is no value, not a string"},
	{"null that is taken", "routes:\n- id: r\n  uri: /a\n  upstream_id: u\n⇒  vars: [[http_x, \"~=\", null]]", "warning: route/r: vars[0][2]: has no value: APISIX's YAML reader makes null a table"},
	{"unknown method", "routes:\n- id: r\n  uri: /a\n  upstream_id: u\n⇒  methods: [GET, Get]", "error: route/r: methods[1]: \"Get\" is none of GET, POST, PUT, DELETE, PATCH, HEAD, OPTIONS, CONNECT, TRACE, PURGE"},
	{"float priority", "routes:\n- id: r\n  uri: /a\n  upstream_id: u\n⇒  priority: 1.5", "error: route/r: priority: is the number 1.5, not an integer"},
	{"timeout 0", "routes:\n- id: r\n  uri: /a\n  upstream_id: u\n  timeout:\n    connect: 1\n    send: 1\n⇒    read: 0", "error: route/r: timeout.read: is 0, not greater than 0"},
	{"invalid regex", "routes:\n- id: r\n  uri: /a\n  upstream_id: u\n  vars:\n⇒  - [http_a, \"~~\", \"(\"]", "error: route/r: vars[0][2]: the regular expression \"(\" is invalid, missing closing ): it never matches"},
	{"invalid regex, negated", "routes:\n- id: r\n  uri: /a\n  upstream_id: u\n  vars:\n⇒  - [http_a, \"!\", \"~~\", \"[\"]", "error: route/r: vars[0][3]: the regular expression \"[\" is invalid, missing closing ]: it never matches, and negated it always does, which lets pass what it should not"},
	{"runaway regex", "routes:\n- id: r\n  uri: /a\n  upstream_id: u\n  vars:\n⇒  - [\"!AND\", [http_a, \"~~\", \"^(a+)+$\"], [http_b, \"==\", \"1\"]]", "warning: route/r: vars[0][1][2]: the regular expression \"^(a+)+$\" repeats a repetition: on some values PCRE gives up after 100,000 steps, and then finds no match, and negated it then holds"},
	{"invalid regex of a plugin", "routes:\n- id: r\n  uri: /a\n  upstream_id: u\n  plugins:\n    proxy-rewrite:\n⇒      regex_uri: [\"^/(a\", /b]", "error: route/r: plugins.proxy-rewrite.regex_uri[0]: the regular expression \"^/(a\" is invalid, missing closing ): APISIX drops the route"},
	{"template of a plugin", "routes:\n- id: r\n  uri: /a\n  upstream_id: u\n  plugins:\n    proxy-rewrite:\n⇒      regex_uri: [\"^/a\", \"/$host\"]", "error: route/r: plugins.proxy-rewrite.regex_uri[1]: \"/$host\" has a $ that is neither $$ nor a capture: APISIX drops the route"},
	{"code rule of a plugin", "routes:\n- id: r\n  uri: /a\n  upstream_id: u\n  plugins:\n    cors:\n⇒      allow_credential: true", "error: route/r: plugins.cors.allow_credential: APISIX allows no * beside it, which is the default of allow_origins: APISIX drops the route"},

	// Text.
	{"variable", "routes:\n- id: r\n  uri: /a\n  upstream_id: u\n⇒  desc: a ${{NAME}} b", "error: route/r: APISIX replaces ${{NAME}} by the environment variable, and refuses the whole file where there is none"},
	{"variable with default", "routes:\n- id: r\n  uri: /a\n  upstream_id: u\n⇒  priority: ${{ PRIORITY:=7 }}", "warning: route/r: APISIX replaces ${{PRIORITY}} by the environment variable, or else by \"7\""},
	{"variable in a comment", "⇒# ${{NAME}}\nroutes: []", "error: APISIX replaces ${{NAME}} by the environment variable, and refuses the whole file where there is none"},
	{"variable across lines", "routes:\n- id: r\n  uri: /a\n  upstream_id: u\n⇒  desc: \"${{A\n    b}}\"", "error: route/r: APISIX replaces ${{A\n    b}} by the environment variable, and refuses the whole file where there is none"},
	{"environment of a plugin", "routes:\n- id: r\n  uri: /a\n  upstream_id: u\n  plugins:\n    jwt-auth:\n⇒      key: $ENV://KEY", "warning: route/r: plugins.jwt-auth.key: APISIX puts the environment variable \"KEY\" in its place, at every request"},
	{"secret of a plugin", "routes:\n- id: r\n  uri: /a\n  upstream_id: u\n  plugins:\n    jwt-auth:\n⇒      key: $secret://vault/1/a/b", "error: route/r: plugins.jwt-auth.key: there is no secret \"vault/1\": the plugin gets this text as it is"},
	{"boolean in a label", "upstreams:\n- id: v\n  nodes: []\n  labels:\n⇒    a: yes\n#END", "error: upstream/v: labels.a: is the boolean true, not a string: put yes into quotes"},
	{"number in a label", "upstreams:\n- id: v\n  nodes: []\n  labels:\n⇒    version: 1.0\n#END", "error: upstream/v: labels.version: is the number 1, not a string: put 1.0 into quotes"},
	{"underscores", "routes:\n- id: r\n  uri: /a\n  upstream_id: u\n⇒  vars: [[http_a, \"==\", _1]]", "warning: route/r: vars[0][2]: _1 without quotes is the number 1 for APISIX's YAML reader"},
	{"sexagesimal", "routes:\n- id: r\n  uri: /a\n  upstream_id: u\n⇒  vars: [[http_a, \"==\", 0:90]]", "warning: route/r: vars[0][2]: 0:90 without quotes is the number 90 for APISIX's YAML reader"},
	{"octal", "routes:\n- id: r\n  uri: /a\n  upstream_id: u\n⇒  priority: 012", "warning: route/r: priority: 012 without quotes is the number 10 for APISIX's YAML reader"},
	{"hexadecimal", "routes:\n- id: r\n  uri: /a\n  upstream_id: u\n⇒  vars: [[http_a, \"==\", 0x1.8]]", "warning: route/r: vars[0][2]: 0x1.8 without quotes is the number 1.5 for APISIX's YAML reader"},
	{"NUL", "routes:\n- id: r\n  uri: /a\n  upstream_id: u\n⇒  desc: \"a\\0b\"", "warning: route/r: desc: there is a NUL after \"a\": APISIX's YAML reader cuts the string there"},
	{"no end", "routes: []\nupstreams: []\n⇒#end", "error: the file does not end in the line #END: APISIX takes it for half written, and ignores it"},
	{"end too early", "routes: []\n⇒#END" + strings.Repeat("\n", 7), "error: #END is not within the last 10 bytes: APISIX takes the file for half written, and ignores it"},
	{"empty document", "⇒# nothing\n#END", "error: the file is empty: APISIX keeps the configuration that it has"},
	{"list", "⇒- a\n#END", "error: the file holds a list, not a map of sections such as routes"},

	// Routing.
	{"host with port", "routes:\n- id: r\n  uri: /a\n  upstream_id: u\n⇒  hosts: [\"a:80\"]", "error: route/r: hosts[0]: \"a:80\" never matches: hosts are compared without port"},
	{"one host of two with a port", "routes:\n- id: r\n  uri: /a\n  upstream_id: u\n⇒  hosts: [a, \"b:80\"]", "warning: route/r: hosts[1]: \"b:80\" never matches: hosts are compared without port"},
	{"host of a service", "services:\n- id: s\n  upstream_id: u\n⇒  hosts: [\"a:1\"]", "error: service/s: hosts[0]: \"a:1\" never matches: hosts are compared without port"},
	{"wildcard at the end", "routes:\n- id: r\n  uri: /a\n  upstream_id: u\n⇒  host: a.*", "error: route/r: host: \"a.*\" is not a host name, with a * in front at most"},
	{"no slash", "routes:\n- id: r\n⇒  uri: a\n  upstream_id: u", "error: route/r: uri: \"a\" never matches: a path starts with /"},
	{"star in the middle", "routes:\n- id: r\n⇒  uri: /a/*/c\n  upstream_id: u", "warning: route/r: uri: \"/a/*/c\": with a * before its end, what follows that is a regular expression, and * any text"},
	{"star within a segment", "routes:\n- id: r\n⇒  uri: /a*c\n  upstream_id: u", "warning: route/r: uri: \"/a*c\": with a * within a segment, what follows that does not count"},
	{"a pattern before a star", "routes:\n- id: r\n⇒  uri: /a+b/*\n  upstream_id: u", "error: route/r: uri: \"/a+b/*\" never matches: as a segment begins with *, the path is compared with all of it once more, as a regular expression"},
	{"too many bits", "routes:\n- id: r\n  uri: /a\n  upstream_id: u\n  vars:\n⇒  - [remote_addr, ipmatch, [10.0.0.0/33]]", "error: route/r: vars[0][2][0]: \"10.0.0.0/33\" is no network in CIDR form, and APISIX takes it for 0.0.0.0/1"},
	{"a list of plugins", "⇒plugins:\n- name: cors", "warning: plugins: APISIX keeps to this list when it leaves the file, until it is restarted: config.yaml is the place for it"},
	{"percent", "routes:\n- id: r\n⇒  uri: /a%20b\n  upstream_id: u", "warning: route/r: uri: \"/a%20b\": it is compared with the path after percent-decoding"},
	{"uri and uris", "routes:\n- id: r\n  uri: /a\n⇒  uris: [/b]\n  upstream_id: u", "error: route/r: uris: uri and uris must not be together"},
	{"priority across uris", "routes:\n- id: canary\n  uri: /a/*\n  upstream_id: u\n  vars: [[http_x, \"==\", \"1\"]]\n⇒  priority: 10\n- {id: r, uri: /a/b, upstream_id: u}", "warning: route/canary: priority: 10 does not put it before route/r of priority 0: that has the more specific uri \"/a/b\", and takes its requests first"},
	{"priority across hosts", "routes:\n- id: first\n  uri: /*\n  upstream_id: u\n⇒  priority: 10\n- {id: r, uri: /*, host: a.b, upstream_id: u}", "warning: route/first: priority: 10 does not put it before route/r of priority 0: that has the more specific host \"a.b\", and takes its requests first"},
	{"priority across wildcards", "routes:\n- id: first\n  uri: /a*\n  host: \"*.b\"\n  upstream_id: u\n⇒  priority: 10\n- {id: r, uri: /ab, host: a.b, upstream_id: u}", "warning: route/first: priority: 10 does not put it before route/r of priority 0: that has the more specific host \"a.b\", and takes its requests first"},
	{"never reached", "routes:\n- {id: all, uri: /*, upstream_id: u, host: A}\n- id: r\n⇒  uri: /*\n  upstream_id: u\n  hosts: [a]\n  vars: [[http_x, \"==\", \"1\"]]", "warning: route/r: uri: never reached: route/all has the same uri and hosts, no conditions, and is before it in the file"},
	{"never reached for its priority", "routes:\n- id: r\n⇒  uri: /*\n  upstream_id: u\n  methods: [GET]\n- {id: all, uri: /*, upstream_id: u, priority: 1}", "warning: route/r: uri: never reached: route/all has the same uri and hosts, no conditions, and the priority 1"},

	// What else there is.
	{"dollar before a variable", "routes:\n- id: r\n  uri: /a\n  upstream_id: u\n⇒  vars: [[$http_a, \"==\", \"1\"]]", "warning: route/r: vars[0][0]: the variable \"$http_a\" never has a value: variables are named without $"},
	{"numbers in a list", "routes:\n- id: r\n  uri: /a\n  upstream_id: u\n⇒  vars: [[arg_a, in, [1, 2]]]", "warning: route/r: vars[0][2]: in compares without conversion, and variables are strings: put the numbers into quotes: the comparison never holds"},
	{"empty list", "routes:\n- id: r\n  uri: /a\n  upstream_id: u\n⇒  vars: [[arg_a, in, []]]", "warning: route/r: vars[0][2]: nothing is in this list that a variable could be: the comparison never holds"},
	{"no variable", "routes:\n- id: r\n  uri: /a\n  upstream_id: u\n⇒  vars: [[\"\", \"==\", a]]", "warning: route/r: vars[0][0]: the variable has no name, and never a value"},
	{"wildcard node", "upstreams:\n- id: v\n  nodes:\n⇒  - {host: \"*.x\", port: 1, weight: 1}\n#END", "error: upstream/v: nodes[0].host: \"*.x\" is neither an address nor a name: requests to it are answered 5xx"},
	{"header's name", "routes:\n- id: r\n  uri: /a\n  plugins:\n    fault-injection:\n      abort:\n        http_status: 200\n⇒        headers: {\"a:b\": c}", "warning: route/r: plugins.fault-injection.abort.headers: \"a:b\" is not a header's name"},
	{"no number", "routes:\n- id: r\n  uri: /a\n  upstream_id: u\n⇒  vars: [[arg_a, \"!\", \">\", high]]", "warning: route/r: vars[0][3]: > compares numbers, and this is a string: the comparison never holds, and negated it always does"},
	{"Host among the headers", "routes:\n- id: r\n  uri: /a\n  upstream_id: u\n  plugins:\n    proxy-rewrite:\n      headers:\n        set:\n⇒          Host: h", "warning: route/r: plugins.proxy-rewrite.headers.set.Host: the upstream's Host header is not set so: the field host of proxy-rewrite is for that"},
	{"balancer of one", "upstreams:\n- id: v\n  nodes: {h: 1}\n⇒  type: round_robin\n#END", "warning: upstream/v: type: APISIX has no balancer \"round_robin\", there are roundrobin, chash, least_conn, ewma: with a second node, requests are answered 500"},
	{"balancer", "upstreams:\n- id: v\n  nodes: {h: 1, i: 1}\n⇒  type: round_robin\n#END", "error: upstream/v: type: APISIX has no balancer \"round_robin\", there are roundrobin, chash, least_conn, ewma: requests are answered 500"},
	{"hash key", "upstreams:\n- id: v\n  nodes: []\n  type: chash\n⇒  key: http_x\n#END", "error: upstream/v: key: \"http_x\" is no variable that chash can hash: APISIX drops the upstream"},
	{"no upstream host", "upstreams:\n- id: v\n  nodes: []\n⇒  pass_host: rewrite\n#END", "error: upstream/v: pass_host: is rewrite, and there is no upstream_host: APISIX drops the upstream"},
	{"inline upstream", "routes:\n- id: r\n  uri: /a\n  upstream:\n    nodes:\n⇒    - {host: a, port: 0, weight: 1}", "error: route/r: upstream.nodes[0].port: is 0, less than 1"},
	{"certificate", "ssls:\n- id: s\n  sni: a\n⇒  cert: " + strings.Repeat("c", 200) + "\n  key: " + strings.Repeat("k", 200), "error: ssl/s: cert: is no certificate in PEM form: APISIX drops the ssl"},
	{"metadata of no plugin", "plugin_metadata:\n⇒- {id: http-loger, log_format: {a: b}}", "warning: plugin_metadata/http-loger: id: APISIX has no plugin of the name \"http-loger\""},
	{"stream plugin", "stream_routes:\n- id: r\n  upstream_id: u\n  plugins:\n⇒    cors: {}", "error: stream_route/r: plugins.cors: APISIX has no plugin of the name \"cors\" for streams"},
}

// frame is a file of which the text is the first part.
func frame(text string) (full string, line int) {
	if !strings.Contains(text, "#END") && !strings.HasSuffix(text, "#end") {
		if strings.Contains(text, "---") || strings.HasPrefix(text, "⇒#") {
			text += "\n#END\n"
		} else {
			text = "upstreams:\n- id: u\n  nodes: [{host: h, port: 1, weight: 1}]\n" + text + "\n#END\n"
		}
	}
	before, _, _ := strings.Cut(text, "⇒")
	return strings.Replace(text, "⇒", "", 1), 1 + strings.Count(before, "\n")
}

func problems(t *testing.T, name, text string) (out []string) {
	t.Helper()
	f, err := standalone.Read(name, []byte(text))
	var syntax *standalone.SyntaxError
	if errors.As(err, &syntax) {
		return []string{fmt.Sprintf("%d: refused: %s", syntax.Line, syntax.Message)}
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range validate.Check(f, validate.Options{}) {
		out = append(out, fmt.Sprintf("%d: %s: %s", p.Line, p.Level, p))
	}
	return out
}

func TestPlanted(t *testing.T) {
	for _, tt := range planted {
		t.Run(tt.name, func(t *testing.T) {
			text, line := frame(tt.text)
			want := fmt.Sprintf("%d: %s", line, tt.want)
			if got := problems(t, "apisix.yaml", text); len(got) != 1 || got[0] != want {
				t.Errorf("got  %q\nwant %q\n%s", got, want, text)
			}
		})
	}
}

// What is right is not complained about.
func TestHarmless(t *testing.T) {
	for name, text := range map[string]string{
		"everything by defaults":  "routes:\n- {uri: /*, upstream: {nodes: {\"a:80\": 1}}}",
		"ids that are numbers":    "routes:\n- {id: 1, uri: /a, service_id: 7}\nservices:\n- {id: \"7\", upstream_id: u}",
		"empty nodes":             "routes:\n- {id: 1, uri: /a, upstream: {type: roundrobin, nodes: []}}",
		"whole numbers":           "routes:\n- {id: 1, uri: /a, upstream_id: u, priority: 1.0, timeout: {connect: 1e1, send: 2, read: 0.5}}",
		"words":                   "routes:\n- {id: 1, uri: /a, upstream_id: u, enable_websocket: true, desc: \"yes\", name: y}",
		"aliases":                 "routes:\n- &r {id: 1, uri: /a, upstream_id: u}\n- {<<: *r, id: 2, uri: /b}",
		"priorities of one uri":   "routes:\n- {id: 1, uri: /a/*, upstream_id: u}\n- {id: 2, uri: /a/*, upstream_id: u, priority: 5, vars: [[http_x, \"==\", a]]}",
		"priorities that agree":   "routes:\n- {id: 1, uri: /a/*, upstream_id: u}\n- {id: 2, uri: /a/b, upstream_id: u, priority: 5}",
		"methods apart":           "routes:\n- {id: 1, uri: /a, upstream_id: u, methods: [GET]}\n- {id: 2, uri: /a, upstream_id: u, methods: [POST]}",
		"hosts apart":             "routes:\n- {id: 1, uri: /a*, host: a, upstream_id: u, priority: 9}\n- {id: 2, uri: /a/b, host: b, upstream_id: u}",
		"a priority each":         "routes:\n- {id: 1, uri: /*, upstream_id: u, priority: 9}\n- {id: 2, uri: /*, host: b, upstream_id: u, priority: 1}",
		"hosts that meet nowhere": "routes:\n- {id: 1, uri: /*, host: \"*.a\", upstream_id: u, priority: 9}\n- {id: 2, uri: /*, host: x.b, upstream_id: u}",
		"switched off":            "routes:\n- {id: 1, uri: /a, upstream_id: u, status: 0}\n- {id: 2, uri: /a, upstream_id: u}",
		"logic":                   "routes:\n- {id: 1, uri: /a, upstream_id: u, vars: [OR, [http_a, \"==\", a], [[http_b, a], [http_c, \"!\", in, [a, b]]]]}",
		"regexes of PCRE only":    "routes:\n- {id: 1, uri: /a, upstream_id: u, vars: [[uri, \"~~\", \"^(?!/x)(?>a++)\\\\K(*PRUNE)\"], [uri, \"~~\", \"(/[^/]+)*$\"]]}",
		"secrets":                 "secrets:\n- {id: vault/1, uri: \"http://v\", prefix: p, token: t}\nconsumers:\n- {username: c, plugins: {key-auth: {key: $secret://vault/1/a/b}}}",
		"plugin metadata":         "plugin_metadata:\n- {id: http-logger, log_format: {a: $host}}",
		"several kinds":           "consumer_groups:\n- {id: g, plugins: {}}\nconsumers:\n- {username: c, group_id: g}\nglobal_rules:\n- {id: 1, plugins: {prometheus: {}}}\nprotos:\n- {id: p, content: x}\nstream_routes:\n- {id: s, server_port: 80, upstream_id: u}",
		"plugin that answers":     "routes:\n- {id: 1, uri: /a, plugins: {redirect: {http_to_https: true}}}",
		"plugin of the service":   "services:\n- {id: s, plugins: {mocking: {response_status: 200}}}\nroutes:\n- {id: 1, uri: /a, service_id: s}",
		"Lua's empty tables":      "routes:\n- {id: 1, uri: /a, upstream_id: u, labels: [], methods: {}, vars: {}}",
	} {
		t.Run(name, func(t *testing.T) {
			text, _ := frame(text)
			if got := problems(t, "apisix.yaml", text); len(got) > 0 {
				t.Errorf("got %q\n%s", got, text)
			}
		})
	}
}

// Texts that APISIX cannot parse at all.
func TestRefused(t *testing.T) {
	for _, tt := range []struct{ name, file, text, want string }{
		{"DEL", "a.yaml", "routes:\n- desc: a\x7fb\n#END\n", "2: refused: the raw character U+007F: APISIX's YAML reader refuses the whole file"},
		{"C1", "a.yaml", "a: \u0081\n#END\n", "1: refused: the raw character U+0081: APISIX's YAML reader refuses the whole file"},
		{"NUL", "a.yaml", "a: \x00\n#END\n", "1: refused: the raw character U+0000: APISIX's YAML reader refuses the whole file"},
		{"UTF-8", "a.yaml", "a: b\n\n\xff\n#END\n", "3: refused: a byte that is not UTF-8: APISIX's YAML reader refuses the whole file"},
		{"surrogates", "a.yaml", "routes: []\na: \"\\ud83d\\ude00\"\n#END\n", "2: refused: YAML: found invalid Unicode character escape code"},
		{"long key", "a.yaml", "{\n\"" + strings.Repeat("k", 1030) + "\": 1}\n#END\n", "2: refused: YAML: a key of more than 1024 characters"},
		{"tag", "a.yaml", "a: !!int x\n#END\n", "1: refused: YAML: \"x\": the value does not fit its tag !!int"},
		{"merge", "a.yaml", "a: {<<: 1}\n#END\n", "1: refused: YAML: the merge key << wants a map, and gets a number"},
		{"number that lyaml fails on", "a.yaml", "a: 01_\n#END\n", "1: refused: YAML: \"01_\": a number that APISIX's YAML reader fails on"},
		{"brackets", "a.json", "{\"routes\": [}\n", "1: refused: JSON: '}' is not the start of a value"},
		{"comma", "a.json", "{\"routes\": [],\n}\n", "2: refused: JSON: a key in quotes should be here"},
		{"comment", "a.json", "# x\n{}\n", "1: refused: JSON: '#' is not the start of a value"},
		{"alias of itself", "a.yaml", "a: &x [*x]\n#END\n", "1: refused: YAML: the alias *x is part of what it stands for"},
		{"bomb", "a.yaml", bomb(), "12: refused: YAML: more than 4194304 values, once aliases are what they stand for"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := problems(t, tt.file, tt.text); len(got) != 1 || got[0] != tt.want {
				t.Errorf("got %.300q, want %q", got, tt.want)
			}
		})
	}
}

// bomb is a text of a few hundred bytes that stands for 4^30 values.
func bomb() string {
	var b strings.Builder
	b.WriteString("a0: &a0 [1]\n")
	for i := range 30 {
		fmt.Fprintf(&b, "a%d: &a%d [*a%d, *a%d, *a%d, *a%d]\n", i+1, i+1, i, i, i, i)
	}
	return b.String() + "#END\n"
}

// A file for APISIX's provider json has no #END, knows no YAML, and is substituted after it is parsed.
func TestJSON(t *testing.T) {
	const text = `{
  "routes": [
    {"id": "r", "uri": "/a", "upstream_id": "u", "desc": "\u0024{{NAME}}"},
    {"id": "s", "uri": "/b", "upstream_id": "v", "name": null, "labels": {"a": "yes", "b": "\ud83d\ude00"}}
  ],
  "upstreams": [{"id": "u", "nodes": {}}]
}
`
	want := []string{
		"3: error: route/r: APISIX replaces ${{NAME}} by the environment variable, and refuses the whole file where there is none",
		"4: error: route/s: name: is null, not a string",
	}
	if got := problems(t, "apisix.json", text); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
