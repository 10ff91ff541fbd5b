package diff_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/amesh-render/amesh-render/diff"
	"github.com/amesh-render/amesh-render/standalone"
)

// odd has what people write by hand, and what APISIX passes over.
const odd = `
routes:
  - {id: split, uri: /*, upstream_id: a, plugins: {traffic-split: {rules: [{match: [{vars: [[http_x, ==, "1"]]}], weighted_upstreams: [{upstream_id: a, weight: 1}]}, {weighted_upstreams: [{upstream_id: a, weight: 2}, {upstream_id: c, weight: 3}]}]}}}
  - {id: lua, uri: /lua, filter_func: "function(v) return true end", upstream_id: a}
  - {id: dropped, uri: /dropped, upstream_id: a, timeout: 0}
  - {id: asleep, uri: /asleep, upstream_id: a, status: 0}
  - {id: policy, uri: /policy, upstream_id: b}
  - {id: https, uri: /https, upstream_id: a, plugins: {redirect: {http_to_https: false, uri: /x}}}
  - {id: abort, uri: /abort, upstream_id: a, plugins: {fault-injection: {abort: {http_status: 403, unknown: 1}}}}
  - {id: disabled, uri: /disabled, upstream_id: a, plugins: {cors: {max_age: 5, _meta: {disable: true}}}}
  - {uri: /nameless, upstream_id: a, enable_websocket: false}
  - {id: guarded, uri: /guarded, upstream_id: a, plugins: {openid-connect: {client_id: me, client_secret: letmein1, discovery: "http://x"}}}
upstreams:
  - {id: a, name: "outbound|80||shop", type: roundrobin, retries: 1, nodes: [{host: 10.0.0.1, port: 80, weight: 1}]}
  - {id: b, name: "outbound|80||shop #retries=2", type: roundrobin, retries: 2, nodes: [{host: 10.0.0.1, port: 80, weight: 1}]}
  - {id: c, type: roundrobin, tls: {client_cert: cert, client_key: letmein2}, service_name: found, discovery_type: dns}
consumers:
  - {username: jack, plugins: {key-auth: {key: letmein3}}}
  - {username: jack, plugins: {key-auth: {key: letmein4}}}
global_rules:
  - {plugins: {prometheus: {prefer_name: false}}}
ssls:
  - {id: s, snis: [a.test], cert: cert, key: letmein5}
`

func oddSide(t *testing.T, text string) diff.Side {
	t.Helper()
	file, err := standalone.Read("odd.yaml", []byte(strings.TrimSpace(text)+"\n#END\n"))
	if err != nil {
		t.Fatal(err)
	}
	c, _ := file.Config() // with problems, of course
	return diff.Side{Name: "odd.yaml", Objects: file.Objects(), Config: c}
}

// Whatever differs is told, also of objects that APISIX drops, of what it does not use, and of what no type of ours holds.
func TestNothingIsLeftOut(t *testing.T) {
	if f := diff.Compare(oddSide(t, odd), oddSide(t, odd), diff.Options{Traffic: true}); f.Different {
		t.Fatalf("a file differs from itself: %+v", f)
	}
	for _, tc := range []struct{ from, to, told string }{
		{"upstream_id: c, weight: 3", "upstream_id: c, weight: 4", "rules[1].weighted_upstreams[1].weight"},
		{`[http_x, ==, "1"]`, `[http_x, ==, "2"]`, "rules[0].match[0].vars"},
		{"return true", "return false", "filter_func"},
		{"uri: /dropped", "uri: /dropped2", "/dropped2"},
		{"uri: /asleep", "uri: /asleep2", "/asleep2"},
		{"status: 0", "status: 1", "/asleep"},
		{"uri: /policy, upstream_id: b", "uri: /policy, upstream_id: a", "outbound|80||shop (upstream a)"},
		{"http_to_https: false", "http_to_https: true", "http_to_https"},
		{"unknown: 1", "unknown: 2", "abort.unknown"},
		{"max_age: 5", "max_age: 6", "max_age"},
		{"enable_websocket: false", "enable_websocket: true", "enable_websocket"},
		{"client_secret: letmein1", "client_secret: other", "client_secret"},
		{"client_key: letmein2", "client_key: other", "tls.client_key"},
		{"service_name: found", "service_name: elsewhere", "service_name"},
		{"prefer_name: false", "prefer_name: true", "plugins.prometheus.prefer_name"},
		{"letmein4", "other", "plugins.key-auth.key"},
		{"key: letmein5", "key: other", `"key"`},
	} {
		changed := strings.Replace(odd, tc.from, tc.to, 1)
		if changed == odd {
			t.Fatalf("%q is not in the file", tc.from)
		}
		f := diff.Compare(oddSide(t, odd), oddSide(t, changed), diff.Options{})
		report, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		told := len(f.Routes) + len(f.Upstreams) + len(f.Objects)
		if told == 0 || !strings.Contains(string(report), tc.told) {
			t.Errorf("%s to %s: not told in %s", tc.from, tc.to, report)
		}
		if strings.Contains(string(report), "letmein") {
			t.Errorf("%s to %s: a secret is told in %s", tc.from, tc.to, report)
		}
	}
}
