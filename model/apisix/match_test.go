package apisix

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/amesh-render/amesh-render/model"
	conf "github.com/amesh-render/amesh-render/render/apisix"
)

// to is a route that goes to an upstream of its own name.
func to(id, uri string, change ...func(*conf.Route)) *conf.Route {
	r := &conf.Route{ID: id, UpstreamID: id, URI: uri}
	for _, c := range change {
		c(r)
	}
	return r
}

func hosts(h ...string) func(*conf.Route)      { return func(r *conf.Route) { r.Hosts = h } }
func priority(p int) func(*conf.Route)         { return func(r *conf.Route) { r.Priority = p } }
func methods(m ...string) func(*conf.Route)    { return func(r *conf.Route) { r.Methods = m } }
func vars(x ...conf.Expr) func(*conf.Route)    { return func(r *conf.Route) { r.Vars = x } }
func plugins(p conf.Plugins) func(*conf.Route) { return func(r *conf.Route) { r.Plugins = &p } }

// routerOf has the routes, and an upstream with a node for each that they name.
func routerOf(routes ...*conf.Route) *Router {
	c := &conf.Config{Routes: routes}
	for _, r := range routes {
		if r.UpstreamID != "" {
			c.Upstreams = append(c.Upstreams, upstream(r.UpstreamID))
		}
	}
	return New(c)
}

func upstream(id string) *conf.Upstream {
	return &conf.Upstream{ID: id, Name: id, Nodes: []conf.Node{{Host: "10.0.0.1", Port: 80, Weight: 1}}}
}

func get(authority, target string, headers ...model.Header) *model.Request {
	return &model.Request{
		Authority: authority, Target: target, Headers: headers, LocalPort: model.OutboundPort,
		Destination: netip.MustParseAddrPort("10.0.0.7:9080"), Remote: netip.MustParseAddrPort("10.9.0.1:4000"),
	}
}

// result is an outcome for tables: the upstream, or the status.
func result(o model.Outcome) any {
	if o.Kind == model.Routed && o.Status == 0 {
		return o.Cluster
	}
	return o.Status
}

func check(t *testing.T, r *Router, req *model.Request, want any) {
	t.Helper()
	trace := &model.Trace{}
	if got := r.Route(req, trace); result(got) != want {
		t.Errorf("%s %s%s: got %v, want %v\n%s", req.MethodOrDefault(), req.Authority, req.Target, got, want, trace)
	}
}

func TestHosts(t *testing.T) {
	r := routerOf(
		to("exact", "/*", hosts("a.wild.x"), vars(conf.Present("http_exact"))),
		to("wild", "/*", hosts("*.wild.x"), vars(conf.Present("http_wild"))),
		to("wilder", "/*", hosts("*.x"), vars(conf.Present("http_wilder"))),
		to("star", "/*", hosts("*"), vars(conf.Present("http_star"))),
		to("any", "/*", vars(conf.Present("http_any"))),
		to("dash", "/*", hosts("*-b.y")),
		to("port", "/*", hosts("port.z:80")),
		to("upper", "/*", hosts("UPPER.z")),
		to("v6", "/*", hosts("[::1]")),
	)
	for _, tc := range []struct {
		name, host string
		headers    []string
		want       any
	}{
		{"exact first", "a.wild.x", []string{"exact", "wild", "any"}, "exact"},
		{"falls through to the wildcard", "a.wild.x", []string{"wild", "wilder", "star", "any"}, "wild"},
		{"to a shorter one", "a.wild.x", []string{"wilder", "star", "any"}, "wilder"},
		{"to the host *", "a.wild.x", []string{"star", "any"}, "star"},
		{"to the routes without hosts", "a.wild.x", []string{"any"}, "any"},
		{"to nothing", "a.wild.x", nil, 404},
		{"a wildcard takes several labels", "b.a.wild.x", []string{"wild"}, "wild"},
		{"but not none", "wild.x", []string{"wild"}, 404},
		{"suffix wildcard without a dot", "a-b.y", nil, "dash"},
		{"the request's host is lower-cased", "A-B.Y", nil, "dash"},
		{"its port is cut", "a-b.y:8080", nil, "dash"},
		{"one trailing dot is cut", "a-b.y.", nil, "dash"},
		{"also before a port", "a-b.y.:80", nil, "dash"},
		{"a host with a port never matches", "port.z:80", nil, 404},
		{"a configured host is lower-cased", "upper.z", nil, "upper"},
		{"IPv6", "[::1]:80", nil, "v6"},
		{"two dots are refused", "a..b", nil, 400},
		{"no host is refused", "", nil, 400},
		{"port alone is refused", ":80", nil, 400},
	} {
		t.Run(tc.name, func(t *testing.T) {
			req := get(tc.host, "/")
			for _, h := range tc.headers {
				req.Headers = append(req.Headers, model.Header{Name: h, Value: "1"})
			}
			check(t, r, req, tc.want)
		})
	}
}

func TestRefusedByNginx(t *testing.T) {
	r := routerOf(to("r", "/*"))
	for _, tc := range []struct {
		name, method string
		headers      []string
		want         any
	}{
		{"any method in capitals", "M-SEARCH_X", nil, "r"},
		{"lower case", "GETx", nil, 400},
		{"a digit", "GET2", nil, 400},
		{"TRACE", "TRACE", nil, 405},
		{"a header twice", "GET", []string{"x-a", "x-a", "if_match", "if-match"}, "r"},
		{"one that must be there once", "GET", []string{"authorization", "authorization"}, 400},
		{"in any case", "GET", []string{"If-Range", "if-range"}, 400},
		{"a second host", "GET", []string{"host"}, 400},
	} {
		req := get("h", "/")
		req.Method = tc.method
		for _, h := range tc.headers {
			req.Headers = append(req.Headers, model.Header{Name: h, Value: "1"})
		}
		t.Run(tc.name, func(t *testing.T) { check(t, r, req, tc.want) })
	}
}

func TestURIs(t *testing.T) {
	for _, tc := range []struct {
		name   string
		routes []*conf.Route
		target string
		want   any
	}{
		{"exact", []*conf.Route{to("a", "/foo")}, "/foo", "a"},
		{"exact is not a prefix", []*conf.Route{to("a", "/foo")}, "/foo/", 404},
		{"prefix takes itself", []*conf.Route{to("a", "/foo*")}, "/foo", "a"},
		{"prefix", []*conf.Route{to("a", "/foo*")}, "/foobar", "a"},
		{"segment prefix needs the slash", []*conf.Route{to("a", "/foo/*")}, "/foo", 404},
		{"segment prefix takes the bare slash", []*conf.Route{to("a", "/foo/*")}, "/foo/", "a"},
		{"everything", []*conf.Route{to("a", "/*")}, "/", "a"},
		{"everything, short", []*conf.Route{to("a", "*")}, "/x", "a"},
		{"a star segment spans segments", []*conf.Route{to("a", "/a/*/c")}, "/a/b/b/c", "a"},
		{"but not the rest", []*conf.Route{to("a", "/a/*/c")}, "/a/b/d", 404},
		{"a star segment takes a newline", []*conf.Route{to("a", "/a/*")}, "/a/%0A", "a"},
		{"a star within a segment is a plain prefix", []*conf.Route{to("a", "/a*c")}, "/abd", "a"},
		{"text beside a star segment is a regex", []*conf.Route{to("a", "/a+b/*")}, "/a+b/c", 404},
		{"which may be wrong", []*conf.Route{to("a", "/a(b/*")}, "/a(b/c", 404},
		{"not so for a plain prefix", []*conf.Route{to("a", "/a+b/c*")}, "/a+b/c", "a"},
		{"a colon segment of a prefix takes one segment", []*conf.Route{to("a", "/:a*")}, "/:a/b", 404},
		{"a colon segment of an exact uri is literal", []*conf.Route{to("a", "/:a")}, "/:a", "a"},
		{"exact wins whatever the priority", []*conf.Route{
			to("low", "/t1/b", priority(1)), to("high", "/t1/*", priority(100)),
		}, "/t1/b", "low"},
		{"the longer prefix wins whatever the priority", []*conf.Route{
			to("low", "/t1/b*", priority(1)), to("high", "/t1/*", priority(100)),
		}, "/t1/bc", "low"},
		{"priority orders one uri", []*conf.Route{
			to("low", "/*", priority(2)), to("high", "/*", priority(3)),
		}, "/x", "high"},
		{"negative priority", []*conf.Route{
			to("low", "/*", priority(-5)), to("zero", "/*"),
		}, "/x", "zero"},
		{"then the longer uri", []*conf.Route{
			to("short", "/a*"), to("long", "/a*c"),
		}, "/abc", "long"},
		{"then the order of the file", []*conf.Route{to("first", "/*"), to("second", "/*")}, "/x", "first"},
		{"an exact path that fails falls to prefixes", []*conf.Route{
			to("exact", "/a", vars(conf.Present("http_x"))), to("prefix", "/*"),
		}, "/a", "prefix"},
		{"the query does not count", []*conf.Route{to("a", "/foo")}, "/foo?x=/bar", "a"},
		{"several uris", []*conf.Route{{ID: "a", UpstreamID: "a", URIs: []string{"/p", "/p/*"}}}, "/p/q", "a"},
		{"the last of one id wins", []*conf.Route{to("a", "/x"), to("a", "/y")}, "/x", 404},
	} {
		t.Run(tc.name, func(t *testing.T) { check(t, routerOf(tc.routes...), get("h", tc.target), tc.want) })
	}
}

func TestNormalisation(t *testing.T) {
	for _, tc := range []struct{ target, want string }{
		{"/d/a%2Fb%20c//x?q=%41", "/d/a/b c/x"},
		{"/a/./b/../c", "/a/c"},
		{"/a/b/..", "/a/"},
		{"/a/.", "/a/"},
		{"/a/%2e%2E/b", "/b"},
		{"/x/..%2fpublic", "/public"},
		{"//public", "/public"},
		{"/a+b", "/a+b"},
		{"/a%2Bb", "/a+b"},
		{"/a%252Fb", "/a%2Fb"},
		{"/a%3Fb", "/a?b"},
		{"/a#b", "/a"},
		{"/v/nl%0A", "/v/nl\n"},
		{"/a/...", "/a/..."},
		{`/a\..\b`, `/a\..\b`},
		{"/..", ""},
		{"/a/../../b", ""},
		{"//..", ""},
		{"/a%00", ""},
		{"/a%4", ""},
		{"/a%zz", ""},
		{"a", ""},
		{"", ""},
	} {
		t.Run(tc.target, func(t *testing.T) {
			q, status, _ := newRequest(get("h", tc.target))
			if tc.want == "" {
				if status != 400 {
					t.Errorf("got status %d, want 400", status)
				}
				return
			}
			if status != 0 || q.uri != tc.want {
				t.Errorf("got %q, status %d, want %q", q.uri, status, tc.want)
			}
		})
	}
}

func TestMethods(t *testing.T) {
	r := routerOf(to("get", "/*", methods("GET", "HEAD"), priority(1)), to("other", "/*"))
	for method, want := range map[string]any{
		"GET": "get", "HEAD": "get", "POST": "other", "FOO": "other", "CONNECT": 405, "TRACE": 405,
	} {
		req := get("h", "/")
		req.Method = method
		check(t, r, req, want)
	}
}

func TestDroppedRoutes(t *testing.T) {
	present := conf.Present("http_x")
	for name, route := range map[string]*conf.Route{
		"combination of one":   to("bad", "/*", vars(conf.Expr{Logic: "OR", Operands: []conf.Expr{present}})),
		"unknown operator":     to("bad", "/*", vars(conf.Compare("uri", "=~", "x"))),
		"bad address":          to("bad", "/*", vars(conf.Compare("remote_addr", conf.OpIPMatch, "10.0.0.256"))),
		"prefix wildcard":      to("bad", "/*", hosts("a.*")),
		"unknown method":       to("bad", "/*", methods("FOO")),
		"no upstream, plugins": {ID: "bad", URI: "/*"},
	} {
		t.Run(name, func(t *testing.T) {
			r := routerOf(route, to("other", "/*", priority(-1)))
			check(t, r, get("a.b", "/", model.Header{Name: "x", Value: "1"}), "other")
			if len(r.Dropped()) != 1 {
				t.Errorf("dropped: got %v, want one", r.Dropped())
			}
		})
	}
}

func BenchmarkRoute(b *testing.B) {
	var routes []*conf.Route
	for i := range 5000 {
		name := fmt.Sprintf("s%d", i)
		routes = append(routes,
			to(name, "/api/*", hosts(name+".test"), vars(conf.Compare("server_port", conf.OpEqual, "15001"))),
			to(name+"-rest", "/*", hosts(name+".test")))
	}
	r := routerOf(routes...)
	request := get("s77.test", "/api/v1/items?q=1")
	for b.Loop() {
		r.Route(request, nil)
	}
}
