package envoy

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/amesh-render/amesh-render/model"
	"github.com/amesh-render/amesh-render/model/modeltest"
)

// parse reads a message from protobuf's JSON, in which tests are written.
func parse[M interface {
	*T
	proto.Message
}, T any](t testing.TB, text string) M {
	t.Helper()
	m := M(new(T))
	if err := protojson.Unmarshal([]byte(text), m); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return m
}

func table(t testing.TB, text string) *Table {
	return NewTable(parse[*routev3.RouteConfiguration](t, text))
}

func get(authority, target string, headers ...model.Header) *model.Request {
	return &model.Request{Authority: authority, Target: target, Headers: headers}
}

// result is an outcome for tables: the cluster, the status, or what it is called.
func result(o model.Outcome) any {
	switch o.Kind {
	case model.Routed, model.Tunnelled:
		return o.Cluster
	case model.Answered, model.NoRoute:
		return o.Status
	}
	return o.Kind.String()
}

func TestVirtualHosts(t *testing.T) {
	vh := func(name string) string {
		return `{"name":"` + name + `","domains":["` + name + `"],"routes":[{"match":{"prefix":"/"},"route":{"cluster":"` +
			name + `"}}]}`
	}
	hosts := vh("a.foo.com") + "," + vh("*.foo.com") + "," + vh("*-bar.foo.com") + "," + vh("a.*") + "," + vh("a.foo.*") +
		"," + vh("Upper.com") + "," + vh("port.com:80") + "," + vh("fqdn.com.") + "," + vh("[::1]")
	open := table(t, `{"virtual_hosts":[`+hosts+`]}`)
	closed := table(t, `{"ignore_port_in_host_matching":true,"virtual_hosts":[`+hosts+`,`+vh("*")+`]}`)
	for _, tc := range []struct {
		name, host string
		open       any // ports matter, and there is no "*"
		closed     any // ports are ignored, and there is
	}{
		{"exact", "a.foo.com", "a.foo.com", "a.foo.com"},
		{"suffix", "b.foo.com", "*.foo.com", "*.foo.com"},
		{"any depth", "c.b.foo.com", "*.foo.com", "*.foo.com"},
		{"longest suffix", "b-bar.foo.com", "*-bar.foo.com", "*-bar.foo.com"},
		{"a wildcard stands for something", ".foo.com", 404, "*"},
		{"suffix before prefix", "a.b.foo.com", "*.foo.com", "*.foo.com"},
		{"prefix", "a.org", "a.*", "a.*"},
		{"longest prefix", "a.foo.org", "a.foo.*", "a.foo.*"},
		{"a prefix wildcard stands for something", "a.", 404, "*"},
		{"domains fold", "upper.COM", "Upper.com", "Upper.com"},
		{"port", "upper.com:80", 404, "Upper.com"},
		{"domain with a port", "port.com:80", "port.com:80", "*"},
		{"a trailing dot is another host", "a.foo.com.", "a.foo.*", "a.foo.*"},
		{"a domain with one", "fqdn.com.", "fqdn.com.", "fqdn.com."},
		{"IPv6", "[::1]", "[::1]", "[::1]"},
		{"IPv6 with a port", "[::1]:80", 404, "[::1]"},
		{"none", "x", 404, "*"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := open.Route(get(tc.host, "/"), nil); result(got) != tc.open {
				t.Errorf("ports matter: got %v, want %v", got, tc.open)
			}
			if got := closed.Route(get(tc.host, "/"), nil); result(got) != tc.closed {
				t.Errorf("ports are ignored: got %v, want %v", got, tc.closed)
			}
		})
	}
}

func TestNoOtherVirtualHostIsTried(t *testing.T) {
	rc := table(t, `{"virtual_hosts":[
		{"name":"a","domains":["a"],"routes":[{"match":{"prefix":"/x"},"route":{"cluster":"x"}}]},
		{"name":"any","domains":["*"],"routes":[{"match":{"prefix":"/"},"route":{"cluster":"any"}}]}]}`)
	if got := rc.Route(get("a", "/y"), nil); got.Kind != model.NoRoute || got.Status != 404 || got.VirtualHost != "a" {
		t.Errorf("got %v, want no route in virtual host a", got)
	}
}

func TestFirstRouteWinsAndTheTraceSaysWhy(t *testing.T) {
	rc := table(t, `{"name":"80","virtual_hosts":[{"name":"v","domains":["*"],"routes":[
		{"match":{"prefix":"/a","headers":[{"name":"x","present_match":true}]},"route":{"cluster":"first"}},
		{"match":{"path":"/a/b"},"route":{"cluster":"second"}},
		{"name":"named","match":{"prefix":"/"},"route":{"cluster":"third"}}]}]}`)
	trace := &model.Trace{}
	got := rc.Route(get("h", "/c"), trace)
	if got.Cluster != "third" || got.Name != "named" || got.Route != "route_config/80 virtual_host/v route/2" {
		t.Errorf("got %v, want the third route", got)
	}
	want := `+ route_config/80 virtual_host/v
- route_config/80 virtual_host/v route/0: path is not prefix "/a"
- route_config/80 virtual_host/v route/1: path is not path "/a/b"
+ route_config/80 virtual_host/v route/2
`
	if trace.String() != want {
		t.Errorf("trace: got\n%swant\n%s", trace, want)
	}
	trace = &model.Trace{}
	rc.Route(get("h", "/a/b"), trace)
	if got, want := trace.Steps[1].Why, `header "x": present true`; got != want {
		t.Errorf("why not: got %q, want %q", got, want)
	}
}

func TestRequireTLS(t *testing.T) {
	rc := table(t, `{"virtual_hosts":[{"name":"v","domains":["*"],"require_tls":"ALL",
		"routes":[{"match":{"prefix":"/"},"route":{"cluster":"c"}}]}]}`)
	secure := get("h", "/")
	secure.Scheme = "https"
	if got := rc.Route(get("h", "/"), nil); got.Status != 301 {
		t.Errorf("http: got %v, want a redirect", got)
	}
	if got := rc.Route(secure, nil); got.Cluster != "c" {
		t.Errorf("https: got %v, want c", got)
	}
}

func BenchmarkRoute(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 0))
	mesh := modeltest.NewMesh(rng)
	p := New(mesh.Listeners, slices.Collect(maps.Values(mesh.Outbound)))
	var requests []*model.Request
	for range 1024 {
		requests = append(requests, modeltest.Request(rng, mesh))
	}
	for i := 0; b.Loop(); i++ {
		p.Route(requests[i%len(requests)], nil)
	}
}
