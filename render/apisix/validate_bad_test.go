package apisix_test

import (
	"math"
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
	{"host in upper case", "hosts[0]", notInSchema, func(r *route, _ *upstream) { r.Hosts = []string{"A.example"} }},
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
	{"own upstream, which is missing", "plugins.traffic-split.rules[0].weighted_upstreams[0]", notInSchema, func(r *route, _ *upstream) {
		split(r).WeightedUpstreams[0].UpstreamID, r.UpstreamID = "", ""
	}},
}

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
