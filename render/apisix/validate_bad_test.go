package apisix_test

import (
	"math"
	"slices"
	"strings"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// The ways to break simple(), and not to break it, that validate_test.go tries.

type (
	route    = apisix.Route
	upstream = apisix.Upstream
)

// bad is a way to break simple(): the field that the only problem must name, and whether APISIX's schema refuses it too.
type bad struct {
	name   string
	field  string
	schema bool
	edit   func(r *route, u *upstream)
}

const (
	inSchema    = true
	notInSchema = false
)

var badHeads = []bad{
	{"empty id", "id", inSchema, func(r *route, _ *upstream) { r.ID = "" }},
	{"Istio's id", "id", inSchema, func(r *route, _ *upstream) { r.ID = "outbound|80||x" }},
	{"id beyond ASCII", "id", inSchema, func(r *route, _ *upstream) { r.ID = "ü" }},
	{"long id", "id", inSchema, func(r *route, _ *upstream) { r.ID = strings.Repeat("a", 65) }},
	{"long name", "name", inSchema, func(r *route, _ *upstream) { r.Name = strings.Repeat("é", 257) }},
	{"long desc", "desc", inSchema, func(r *route, _ *upstream) { r.Desc = strings.Repeat("a", 257) }},
	{"empty label", "labels.k", inSchema, func(r *route, _ *upstream) { r.Labels["k"] = "" }},
	{"label with a space", "labels.k", inSchema, func(r *route, _ *upstream) { r.Labels["k"] = "a b" }},
	{"long label", "labels.k", inSchema, func(r *route, _ *upstream) { r.Labels["k"] = strings.Repeat("a", 257) }},
	{"merge key", "labels.<<", notInSchema, func(r *route, _ *upstream) { r.Labels["<<"] = "v" }},
	{"timeout 0", "timeout.send", inSchema, func(r *route, _ *upstream) { r.Timeout.Send = 0 }},
	{"timeout negative", "timeout.read", inSchema, func(r *route, _ *upstream) { r.Timeout.Read = -1 }},
	{"timeout infinite", "timeout.connect", inSchema, func(r *route, _ *upstream) { r.Timeout.Connect = math.Inf(1) }},
	{"timeout NaN", "timeout.connect", inSchema, func(r *route, _ *upstream) { r.Timeout.Connect = math.NaN() }},
	{"NUL", "desc", notInSchema, func(r *route, _ *upstream) { r.Desc = "a\x00b" }},
	{"not UTF-8", "name", notInSchema, func(r *route, _ *upstream) { r.Name = "a\xff" }},
	{"NUL in a key", "labels.a\x00", notInSchema, func(r *route, _ *upstream) { r.Labels["a\x00"] = "v" }},
}

var badRoutes = []bad{
	{"host with a space", "hosts[0]", inSchema, func(r *route, _ *upstream) { r.Hosts = []string{"a b"} }},
	{"empty host", "hosts[0]", inSchema, func(r *route, _ *upstream) { r.Hosts = []string{""} }},
	{"prefix wildcard", "hosts[0]", inSchema, func(r *route, _ *upstream) { r.Hosts = []string{"a.*"} }},
	{"host twice", "hosts[2]", inSchema, func(r *route, _ *upstream) { r.Hosts = []string{"a", "b", "a"} }},
	{"host with port", "hosts[0]", notInSchema, func(r *route, _ *upstream) { r.Hosts = []string{"a:80"} }},
	{"IPv6 host with port", "hosts[0]", notInSchema, func(r *route, _ *upstream) { r.Hosts = []string{"[::1]:80"} }},
	{"bare IPv6 host", "hosts[0]", notInSchema, func(r *route, _ *upstream) { r.Hosts = []string{"::1"} }},
	{"no uri", "uri", inSchema, func(r *route, _ *upstream) { r.URI = "" }},
	{"uri and uris", "uri", inSchema, func(r *route, _ *upstream) { r.URIs = []string{"/"} }},
	{"long uri", "uri", inSchema, func(r *route, _ *upstream) { r.URI = "/" + strings.Repeat("a", 4096) }},
	{"relative uri", "uri", notInSchema, func(r *route, _ *upstream) { r.URI = "a" }},
	{"star inside", "uri", notInSchema, func(r *route, _ *upstream) { r.URI = "/a/*/b" }},
	{"two stars", "uri", notInSchema, func(r *route, _ *upstream) { r.URI = "/a**" }},
	{"uri twice", "uris[1]", inSchema, func(r *route, _ *upstream) { r.URI, r.URIs = "", []string{"/a", "/a"} }},
	{"unknown method", "methods[1]", inSchema, func(r *route, _ *upstream) { r.Methods = []string{"GET", "PROPFIND"} }},
	{"method twice", "methods[1]", inSchema, func(r *route, _ *upstream) { r.Methods = []string{"GET", "GET"} }},
	{"inexact priority", "priority", notInSchema, func(r *route, _ *upstream) { r.Priority = 1<<53 + 2 }},
	{"neither upstream nor plugins", "upstream_id", inSchema, func(r *route, _ *upstream) { r.UpstreamID, r.Plugins = "", nil }},
	{"no upstream, empty plugins", "upstream_id", notInSchema, func(r *route, _ *upstream) {
		r.UpstreamID, r.Plugins = "", &apisix.Plugins{}
	}},
	{"upstream missing", "upstream_id", notInSchema, func(r *route, _ *upstream) { r.UpstreamID = "w" }},
}

var badPlugins = []bad{
	{"fault status", "plugins.fault-injection.abort.http_status", inSchema, func(r *route, _ *upstream) { r.Plugins.FaultInjection.Abort.HTTPStatus = 100 }},
	{"empty fault", "plugins.fault-injection", inSchema, func(r *route, _ *upstream) { r.Plugins.FaultInjection.Abort = nil }},
	{"environment", "plugins.fault-injection.abort.body", notInSchema, func(r *route, _ *upstream) { r.Plugins.FaultInjection.Abort.Body = "$ENV://PATH" }},
	{"secret", "plugins.fault-injection.abort.body", notInSchema, func(r *route, _ *upstream) { r.Plugins.FaultInjection.Abort.Body = "$secret://vault/x" }},
	{"no entries", "plugins.traffic-split.rules[0].weighted_upstreams", inSchema, func(r *route, _ *upstream) { split(r).WeightedUpstreams = nil }},
	{"entry twice", "plugins.traffic-split.rules[0].weighted_upstreams[1]", notInSchema, func(r *route, _ *upstream) {
		split(r).WeightedUpstreams[1].UpstreamID = "u"
	}},
	{"negative weight", "plugins.traffic-split.rules[0].weighted_upstreams[1].weight", inSchema, func(r *route, _ *upstream) {
		split(r).WeightedUpstreams[1].Weight = -1
	}},
	{"entry missing", "plugins.traffic-split.rules[0].weighted_upstreams[1].upstream_id", notInSchema, func(r *route, _ *upstream) {
		split(r).WeightedUpstreams[1].UpstreamID = "w"
	}},
	{"entry with a bad id", "plugins.traffic-split.rules[0].weighted_upstreams[1].upstream_id", inSchema, func(r *route, _ *upstream) {
		split(r).WeightedUpstreams[1].UpstreamID = "a|b"
	}},
	{"fault percentage", "plugins.fault-injection.abort.percentage", inSchema, func(r *route, _ *upstream) {
		r.Plugins.FaultInjection.Abort.Percentage = number(101)
	}},
	{"21 alternatives", "plugins.fault-injection.abort.vars", inSchema, func(r *route, _ *upstream) {
		r.Plugins.FaultInjection.Abort.Vars = slices.Repeat([][]apisix.Expr{{apisix.Present("a")}}, 21)
	}},
	{"condition in a plugin", "plugins.fault-injection.delay.vars[0][0]", notInSchema, func(r *route, _ *upstream) {
		r.Plugins.FaultInjection.Delay = &apisix.Delay{Vars: [][]apisix.Expr{{apisix.Compare("a", "=", "b")}}}
	}},
	{"filter", "plugins.cors._meta.filter[0]", notInSchema, func(r *route, _ *upstream) {
		r.Plugins.Cors = &apisix.Cors{Meta: &apisix.Meta{Filter: []apisix.Expr{apisix.And()}}}
	}},
	{"header of a fault", "plugins.fault-injection.abort.headers", notInSchema, func(r *route, _ *upstream) {
		r.Plugins.FaultInjection.Abort.Headers = map[string]string{"a:b": "c"}
	}},
	{"delay", "plugins.fault-injection.delay.duration", inSchema, func(r *route, _ *upstream) {
		r.Plugins.FaultInjection.Delay = &apisix.Delay{Duration: -1}
	}},
	{"empty redirect", "plugins.redirect", inSchema, func(r *route, _ *upstream) { r.Plugins.Redirect = &apisix.Redirect{} }},
	{"two redirects", "plugins.redirect", inSchema, func(r *route, _ *upstream) {
		r.Plugins.Redirect = &apisix.Redirect{URI: "/a", RegexURI: []string{"a", "b"}}
	}},
	{"redirect to https and elsewhere", "plugins.redirect", inSchema, func(r *route, _ *upstream) {
		r.Plugins.Redirect = &apisix.Redirect{URI: "/a", HTTPToHTTPS: true}
	}},
	{"redirect to https with the query", "plugins.redirect.append_query_string", notInSchema, func(r *route, _ *upstream) {
		r.Plugins.Redirect = &apisix.Redirect{HTTPToHTTPS: true, AppendQueryString: true}
	}},
	{"short redirect", "plugins.redirect.uri", inSchema, func(r *route, _ *upstream) { r.Plugins.Redirect = &apisix.Redirect{URI: "/"} }},
	{"variable in a template", "plugins.redirect.regex_uri[1]", notInSchema, func(r *route, _ *upstream) {
		r.Plugins.Redirect = &apisix.Redirect{RegexURI: []string{"a", "$host"}}
	}},
	{"half a pair", "plugins.proxy-rewrite.regex_uri", notInSchema, func(r *route, _ *upstream) {
		r.Plugins.ProxyRewrite = &apisix.ProxyRewrite{RegexURI: []string{"a", "b", "c"}}
	}},
	{"redirect status", "plugins.redirect.ret_code", inSchema, func(r *route, _ *upstream) {
		r.Plugins.Redirect = &apisix.Redirect{URI: "/a", RetCode: 100}
	}},
	{"empty rewrite", "plugins.proxy-rewrite", inSchema, func(r *route, _ *upstream) { r.Plugins.ProxyRewrite = &apisix.ProxyRewrite{} }},
	{"relative rewrite", "plugins.proxy-rewrite.uri", inSchema, func(r *route, _ *upstream) {
		r.Plugins.ProxyRewrite = &apisix.ProxyRewrite{URI: "a"}
	}},
	{"host with _", "plugins.proxy-rewrite.host", inSchema, func(r *route, _ *upstream) {
		r.Plugins.ProxyRewrite = &apisix.ProxyRewrite{Host: "a_b"}
	}},
	{"no operation", "plugins.proxy-rewrite.headers", inSchema, func(r *route, _ *upstream) {
		r.Plugins.ProxyRewrite = &apisix.ProxyRewrite{Headers: &apisix.RequestHeaders{}}
	}},
	{"header with a colon", "plugins.proxy-rewrite.headers.remove[0]", inSchema, func(r *route, _ *upstream) {
		r.Plugins.ProxyRewrite = &apisix.ProxyRewrite{Headers: &apisix.RequestHeaders{Remove: []string{":path"}}}
	}},
	{"no values", "plugins.proxy-rewrite.headers.set.x-a", inSchema, func(r *route, _ *upstream) {
		r.Plugins.ProxyRewrite = &apisix.ProxyRewrite{Headers: &apisix.RequestHeaders{Set: map[string]any{"x-a": []string{}}}}
	}},
	{"environment in a header", "plugins.proxy-rewrite.headers.set.x-a", notInSchema, func(r *route, _ *upstream) {
		r.Plugins.ProxyRewrite = &apisix.ProxyRewrite{Headers: &apisix.RequestHeaders{Set: map[string]any{"x-a": "$env://HOME"}}}
	}},
	{"mirror", "plugins.proxy-mirror.host", inSchema, func(r *route, _ *upstream) { r.Plugins.ProxyMirror = &apisix.ProxyMirror{Host: "a:80"} }},
	{"small mirror", "plugins.proxy-mirror.sample_ratio", inSchema, func(r *route, _ *upstream) {
		r.Plugins.ProxyMirror = &apisix.ProxyMirror{Host: "http://a", SampleRatio: 1e-6}
	}},
	{"added value with a colon", "plugins.response-rewrite.headers.add[0]", inSchema, func(r *route, _ *upstream) {
		r.Plugins.ResponseRewrite = &apisix.ResponseRewrite{Headers: &apisix.ResponseHeaders{Add: []string{"x-a: b:c"}}}
	}},
	{"added value that ends in a slash", "plugins.response-rewrite.headers.add[0]", inSchema, func(r *route, _ *upstream) {
		r.Plugins.ResponseRewrite = &apisix.ResponseRewrite{Headers: &apisix.ResponseHeaders{Add: []string{"x-a: b/"}}}
	}},
	{"credentials for all", "plugins.cors.allow_credential", notInSchema, func(r *route, _ *upstream) {
		r.Plugins.Cors = &apisix.Cors{AllowCredential: true}
	}},
	{"origin", "plugins.cors.allow_origins", inSchema, func(r *route, _ *upstream) { r.Plugins.Cors = &apisix.Cors{AllowOrigins: "a"} }},
	{"empty origin", "plugins.cors.allow_origins_by_regex[0]", inSchema, func(r *route, _ *upstream) {
		r.Plugins.Cors = &apisix.Cors{AllowOriginsByRegex: []string{""}}
	}},
	{"no rate", "plugins.limit-req.rate", inSchema, func(r *route, _ *upstream) { r.Plugins.LimitReq = &apisix.LimitReq{Policy: "local", Key: "a"} }},
	{"no limit key", "plugins.limit-req.key", notInSchema, func(r *route, _ *upstream) { r.Plugins.LimitReq = &apisix.LimitReq{Policy: "local", Rate: 1} }},
	{"limit status", "plugins.limit-req.rejected_code", inSchema, func(r *route, _ *upstream) {
		r.Plugins.LimitReq = &apisix.LimitReq{Policy: "local", Rate: 1, Key: "a", RejectedCode: 600}
	}},
	{"body size", "plugins.client-control.max_body_size", inSchema, func(r *route, _ *upstream) {
		r.Plugins.ClientControl = &apisix.ClientControl{MaxBodySize: -1}
	}},
	{"gzip level", "plugins.gzip.comp_level", inSchema, func(r *route, _ *upstream) { r.Plugins.Gzip = &apisix.Gzip{CompLevel: 10} }},
	{"brotli level", "plugins.brotli.comp_level", inSchema, func(r *route, _ *upstream) { r.Plugins.Brotli = &apisix.Brotli{CompLevel: number(12)} }},
	{"empty type", "plugins.gzip.types[0]", inSchema, func(r *route, _ *upstream) { r.Plugins.Gzip = &apisix.Gzip{Types: []string{""}} }},
	{"authorization method", "plugins.forward-auth.request_method", inSchema, func(r *route, _ *upstream) {
		r.Plugins.ForwardAuth = &apisix.ForwardAuth{URI: "http://a", RequestMethod: "PUT"}
	}},
	{"authorization timeout", "plugins.forward-auth.timeout", inSchema, func(r *route, _ *upstream) {
		r.Plugins.ForwardAuth = &apisix.ForwardAuth{URI: "http://a", Timeout: 60001}
	}},
	{"authorization status", "plugins.forward-auth.status_on_error", inSchema, func(r *route, _ *upstream) {
		r.Plugins.ForwardAuth = &apisix.ForwardAuth{URI: "http://a", StatusOnError: 100}
	}},
	{"own upstream, which is missing", "plugins.traffic-split.rules[0].weighted_upstreams[0]", notInSchema, func(r *route, _ *upstream) {
		split(r).WeightedUpstreams[0].UpstreamID, r.UpstreamID = "", ""
	}},
}

func probed(a *apisix.ActiveCheck) *apisix.Checks { return &apisix.Checks{Active: a} }

func split(r *apisix.Route) *apisix.SplitRule { return &r.Plugins.TrafficSplit.Rules[0] }

// The schema takes any array for vars; lua-resty-expr does not.
var badExprs = []struct {
	name  string
	field string
	x     apisix.Expr
}{
	{"one operand", "vars[0]", apisix.Expr{Logic: "OR", Operands: []apisix.Expr{apisix.Present("a")}}},
	{"no operand", "vars[0]", apisix.And()},
	{"unknown logic", "vars[0]", apisix.Expr{Logic: "XOR", Operands: []apisix.Expr{apisix.Present("a"), apisix.Present("b")}}},
	{"bad operand", "vars[0][2]", apisix.And(apisix.Present("a"), apisix.Compare("b", "=", "x"))},
	{"no variable", "vars[0]", apisix.Present("")},
	{"variable called or", "vars[0]", apisix.Present("Or")},
	{"zero value", "vars[0]", apisix.Expr{Var: "a"}},
	{"unknown operator", "vars[0]", apisix.Compare("a", "=~", "x")},
	{"nil", "vars[0]", apisix.Compare("a", apisix.OpEqual, nil)},
	{"list for ==", "vars[0]", apisix.Compare("a", apisix.OpEqual, []any{"x"})},
	{"string for <", "vars[0]", apisix.Compare("a", apisix.OpLess, "1")},
	{"number for ~~", "vars[0]", apisix.Compare("a", apisix.OpRegex, 1)},
	{"string for in", "vars[0]", apisix.Compare("a", apisix.OpIn, "x")},
	{"empty in", "vars[0]", apisix.Compare("a", apisix.OpIn, []any{})},
	{"list in in", "vars[0]", apisix.Compare("a", apisix.OpIn, []any{[]any{}})},
	{"name for ipmatch", "vars[0]", apisix.Compare("a", apisix.OpIPMatch, "localhost")},
	{"bad network", "vars[0]", apisix.Compare("a", apisix.OpIPMatch, []any{"10.0.0.0/8", "10.0.0.0/33"})},
	{"empty ipmatch", "vars[0]", apisix.Compare("a", apisix.OpIPMatch, []any{})},
	{"NaN", "vars[0]", apisix.Compare("a", apisix.OpLess, math.NaN())},
	{"NUL in a value", "vars[0][1]", apisix.Compare("a", apisix.OpIn, []any{"x", "\x00"})},
}

var badUpstreams = []bad{
	{"id", "id", inSchema, func(r *route, u *upstream) { u.ID = "a|b" }},
	{"type", "type", notInSchema, func(_ *route, u *upstream) { u.Type = "random" }},
	{"no type", "type", notInSchema, func(_ *route, u *upstream) { u.Type = "" }},
	{"scheme", "scheme", inSchema, func(_ *route, u *upstream) { u.Scheme = "h2c" }},
	{"pass_host", "pass_host", inSchema, func(_ *route, u *upstream) { u.PassHost = "keep" }},
	{"pass_host without host", "pass_host", notInSchema, func(_ *route, u *upstream) { u.PassHost = "rewrite" }},
	{"upstream_host", "upstream_host", inSchema, func(_ *route, u *upstream) { u.PassHost, u.UpstreamHost = "rewrite", "a b" }},
	{"certificate", "tls.client_cert", inSchema, func(_ *route, u *upstream) {
		u.TLS = &apisix.UpstreamTLS{ClientCert: "short", ClientKey: strings.Repeat("k", 64)}
	}},
	{"key", "tls.client_key", inSchema, func(_ *route, u *upstream) {
		u.TLS = &apisix.UpstreamTLS{ClientCert: strings.Repeat("c", 128)}
	}},
	{"only passive", "checks.active", inSchema, func(_ *route, u *upstream) {
		u.Checks = &apisix.Checks{Passive: &apisix.PassiveCheck{Type: "http"}}
	}},
	{"check type", "checks.active.type", inSchema, func(_ *route, u *upstream) { u.Checks = probed(&apisix.ActiveCheck{Type: "grpc"}) }},
	{"check port", "checks.active.port", inSchema, func(_ *route, u *upstream) { u.Checks = probed(&apisix.ActiveCheck{Type: "tcp", Port: 65536}) }},
	{"check method", "checks.active.http_method", inSchema, func(_ *route, u *upstream) {
		u.Checks = probed(&apisix.ActiveCheck{Type: "http", HTTPMethod: "FOO"})
	}},
	{"too many failures", "checks.active.unhealthy.timeouts", inSchema, func(_ *route, u *upstream) {
		u.Checks = probed(&apisix.ActiveCheck{Type: "http", Unhealthy: &apisix.UnhealthyProbe{Timeouts: 255}})
	}},
	{"status twice", "checks.active.healthy.http_statuses[1]", inSchema, func(_ *route, u *upstream) {
		u.Checks = probed(&apisix.ActiveCheck{Type: "http", Healthy: &apisix.HealthyProbe{HTTPStatuses: []int{200, 200}}})
	}},
	{"keepalive", "keepalive_pool.size", inSchema, func(_ *route, u *upstream) { u.KeepalivePool = &apisix.KeepalivePool{Size: -1} }},
	{"hash_on", "hash_on", inSchema, func(_ *route, u *upstream) { u.HashOn = "query" }},
	{"chash without key", "key", notInSchema, func(_ *route, u *upstream) { u.Type = "chash" }},
	{"chash on http_x", "key", notInSchema, func(_ *route, u *upstream) { u.Type, u.Key = "chash", "http_x" }},
	{"chash on a header", "key", notInSchema, func(_ *route, u *upstream) { u.Type, u.HashOn, u.Key = "chash", "header", "x_y:" }},
	{"chash on nothing", "key", notInSchema, func(_ *route, u *upstream) { u.Type, u.HashOn = "chash", "vars_combinations" }},
	{"retries", "retries", inSchema, func(_ *route, u *upstream) { u.Retries = -1 }},
	{"retry_timeout", "retry_timeout", inSchema, func(_ *route, u *upstream) { u.RetryTimeout = -1 }},
	{"timeout", "timeout.connect", inSchema, func(_ *route, u *upstream) { u.Timeout = &apisix.Timeout{Send: 1, Read: 1} }},
	{"no host", "nodes[0].host", inSchema, func(_ *route, u *upstream) { u.Nodes[0].Host = "" }},
	{"unix socket", "nodes[0].host", inSchema, func(_ *route, u *upstream) { u.Nodes[0].Host = "unix:/run/x" }},
	{"wildcard", "nodes[0].host", notInSchema, func(_ *route, u *upstream) { u.Nodes[0].Host = "*.x" }},
	{"port 0", "nodes[0].port", inSchema, func(_ *route, u *upstream) { u.Nodes[0].Port = 0 }},
	{"port 65536", "nodes[0].port", inSchema, func(_ *route, u *upstream) { u.Nodes[0].Port = 65536 }},
	{"weight", "nodes[0].weight", inSchema, func(_ *route, u *upstream) { u.Nodes[0].Weight = -1 }},
	{"node twice", "nodes[1]", notInSchema, func(_ *route, u *upstream) { u.Nodes = append(u.Nodes, u.Nodes[0]) }},
}

// good are edits of simple() that leave it valid.
var good = map[string]func(r *route, u *upstream){
	"simple": func(*route, *upstream) {},
	"longest": func(r *route, _ *upstream) {
		r.ID, r.Name = strings.Repeat("a", 64), strings.Repeat("é", 256)
	},
	"longest uri":  func(r *route, _ *upstream) { r.URI = "/" + strings.Repeat("é", 4095) },
	"hosts":        func(r *route, _ *upstream) { r.Hosts = []string{"*", "*-x.a", "*.a", "a_b", "[::1]"} },
	"no hosts":     func(r *route, _ *upstream) { r.Hosts = nil },
	"every method": func(r *route, _ *upstream) { r.Methods = apisix.Methods },
	"only plugins": func(r *route, _ *upstream) { r.UpstreamID = "" },
	"no plugins":   func(r *route, _ *upstream) { r.Plugins = nil },
	"shortest":     func(r *route, _ *upstream) { r.Timeout.Connect = 1e-9 },
	"priority":     func(r *route, _ *upstream) { r.Priority = -1 << 53 },
	"IPv6":         func(_ *route, u *upstream) { u.Nodes[0].Host = "[2001:db8::1]" },
	"two ports": func(_ *route, u *upstream) {
		u.Nodes = append(u.Nodes, apisix.Node{Host: "10.0.0.1", Port: 65535})
	},
	"no nodes":     func(_ *route, u *upstream) { u.Nodes = nil },
	"chash":        func(_ *route, u *upstream) { u.Type, u.Key = "chash", "arg_x" },
	"chash header": func(_ *route, u *upstream) { u.Type, u.HashOn, u.Key = "chash", "header", "x-user" },
	"vars": func(r *route, _ *upstream) {
		r.Vars = []apisix.Expr{
			apisix.Compare("a", apisix.OpIn, []string{"x", "y"}), apisix.Compare("a", apisix.OpIPMatch, "::1"),
			apisix.Compare("a", apisix.OpHas, true), apisix.Compare("a", apisix.OpEqual, ""),
		}
	},
}
