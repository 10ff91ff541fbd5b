package match

import (
	"encoding/json"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/amesh-render/amesh-render/model"
	"github.com/amesh-render/amesh-render/render"
	"github.com/amesh-render/amesh-render/render/apisix"
)

func explain(t testing.TB, m *Mesh, q Query) *Answer {
	t.Helper()
	a, err := m.Explain(q)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestExplanation is all that an answer says of a request with a rewrite.
func TestExplanation(t *testing.T) {
	m := ofDump(dump(t, "rewrite-redirect"), render.Options{})
	a := explain(t, m, query(t, "reviews:9080/exact", func(q *Query) { q.Headers = []model.Header{{Name: "x", Value: "1"}} }))
	if routed, decided := a.Routed(); !routed || !decided || a.Comparison != Same {
		t.Errorf("got routed %t, decided %t, %s", routed, decided, a.Comparison)
	}
	const source = "/apis/networking.istio.io/v1/namespaces/default/virtual-service/reviews"
	for _, tc := range []struct {
		proxy         string
		e             *Explanation
		path, skipped string
	}{
		{"APISIX", &a.APISIX, "route/reviews.default.svc.cluster.local-9080-exact-", "never"},
		{"Envoy", a.Envoy, "route_config/9080 virtual_host/reviews.default.svc.cluster.local:9080 route/2", `path is not prefix "/old/"`},
	} {
		if len(tc.e.Outcomes) != 1 {
			t.Fatalf("%s: got %d outcomes", tc.proxy, len(tc.e.Outcomes))
		}
		o := tc.e.Outcomes[0]
		if o.Kind != "routed" || o.Share != 100 || o.Path != "/replaced" || o.Host != "other.example.com" ||
			o.Upstream.Name != "outbound|9080|v1|reviews.default.svc.cluster.local" || len(o.Upstream.Nodes) != 2 || !o.Upstream.Known {
			t.Errorf("%s: got %+v, upstream %+v", tc.proxy, o, o.Upstream)
		}
		if !strings.HasPrefix(o.Route.Path, tc.path) || o.Route.Source != source {
			t.Errorf("%s: got route %+v", tc.proxy, o.Route)
		}
		found := slices.ContainsFunc(o.Steps, func(s Step) bool { return !s.Taken && s.Why == tc.skipped && s.Source == source })
		if tc.skipped != "never" && !found {
			t.Errorf("%s: no skipped route with %q among %+v", tc.proxy, tc.skipped, o.Steps)
		}
	}
	want := Plugin{"proxy-rewrite", `path \A(?s:.*)\z → /replaced; host other.example.com; sets X-Envoy-Original-Host; sets X-Envoy-Original-Path`}
	if !slices.Contains(a.APISIX.Outcomes[0].Plugins, want) {
		t.Errorf("got plugins %+v, want %+v", a.APISIX.Outcomes[0].Plugins, want)
	}
}

func TestDifferencesNameTheirFindings(t *testing.T) {
	for _, tc := range []struct{ mesh, url, aspect, finding string }{
		{"multi-port", "multi:7000/", "destination", "the destination of TCP connections"},
		{"multi-port", "http://example.com/", "nodes", "the address that the client dialled"},
		{"gateway-ingress", "https://shop.example.com/login", "destination", "TLS is not rendered"},
	} {
		a := explain(t, ofDump(dump(t, tc.mesh), render.Options{}), query(t, tc.url, nil))
		if len(a.Differences) != 1 || a.Differences[0].Aspect != tc.aspect || len(a.Differences[0].Findings) == 0 ||
			!strings.Contains(a.Differences[0].Findings[0].Message, tc.finding) {
			t.Errorf("%s: got %+v, want one in the %s, and %q", tc.url, a.Differences, tc.aspect, tc.finding)
		}
	}
}

// TestOddRequests: where the difference lies in how nginx reads a request, that is said, and no finding blamed.
func TestOddRequests(t *testing.T) {
	m := ofDump(dump(t, "header-routing"), render.Options{})
	for _, tc := range []struct{ method, url, note string }{
		{"GET", "reviews:9080//ns", "nginx reads the path as /ns, whatever the configuration is"},
		{"GET", "reviews:9080/%zz", "nginx does not take this request, whatever the configuration is: invalid path"},
		{"TRACE", "reviews:9080/", "nginx does not take this request, whatever the configuration is: method TRACE"},
	} {
		a := explain(t, m, query(t, tc.url, func(q *Query) { q.Method = tc.method }))
		if len(a.Differences) != 1 || a.Differences[0].Note != tc.note || len(a.Differences[0].Findings) > 0 {
			t.Errorf("%s %s: got %+v, want %q", tc.method, tc.url, a.Differences, tc.note)
		}
	}
}

// TestShares: without a random number all outcomes are shown with their shares, with one only that.
func TestShares(t *testing.T) {
	m := ofDump(dump(t, "traffic-shifting"), render.Options{})
	a := explain(t, m, query(t, "reviews:9080/", nil))
	for _, e := range []*Explanation{&a.APISIX, a.Envoy} {
		if len(e.Outcomes) != 2 || e.Outcomes[0].Share != 75 || e.Outcomes[1].Share != 25 || len(e.Draws) != 1 ||
			!strings.Contains(e.Draws[0], "by weight") {
			t.Errorf("got %+v, want 75 and 25", e)
		}
	}
	number := uint64(80)
	a = explain(t, m, query(t, "reviews:9080/", func(q *Query) { q.Random = &number }))
	for _, e := range []*Explanation{&a.APISIX, a.Envoy} {
		if len(e.Outcomes) != 1 || e.Outcomes[0].Upstream.Name != "outbound|9080|v2|reviews.default.svc.cluster.local" {
			t.Errorf("with a number: got %+v, want v2", e)
		}
	}
}

// TestManyTurns: every upstream gets its share, whatever the sum of the weights.
func TestManyTurns(t *testing.T) {
	for _, n := range []int{3, 7, 10, 20} {
		config := &apisix.Config{Routes: []*apisix.Route{{ID: "r", URI: "/*", UpstreamID: "u"}}}
		var rule apisix.SplitRule
		for i := range n {
			id := "u" + strconv.Itoa(i)
			config.Upstreams = append(config.Upstreams, &apisix.Upstream{ID: id})
			rule.WeightedUpstreams = append(rule.WeightedUpstreams, apisix.WeightedUpstream{UpstreamID: id, Weight: 1 + i%2*9})
		}
		config.Routes[0].Plugins = &apisix.Plugins{TrafficSplit: &apisix.TrafficSplit{Rules: []apisix.SplitRule{rule}}}
		got := explain(t, OfConfig(config, render.Options{}), query(t, "x/", nil)).APISIX.Outcomes
		sum := float64(n/2*10 + (n+1)/2)
		if len(got) != n {
			t.Fatalf("%d upstreams: got %d outcomes", n, len(got))
		}
		if most, least := got[0].Share, got[n-1].Share; math.Abs(most-1000/sum) > 0.01 || math.Abs(least-100/sum) > 0.01 {
			t.Errorf("%d upstreams: got shares from %v to %v, want 10 and 1 parts of %v", n, most, least, sum)
		}
	}
}

// TestTurnsByHost: upstreams of their own hosts keep their shares.
func TestTurnsByHost(t *testing.T) {
	node := func(host string) []apisix.Node { return []apisix.Node{{Host: host, Port: 80, Weight: 1}} }
	m := OfConfig(&apisix.Config{
		Routes: []*apisix.Route{{ID: "r", URI: "/*", UpstreamID: "a", Plugins: &apisix.Plugins{TrafficSplit: &apisix.TrafficSplit{
			Rules: []apisix.SplitRule{{WeightedUpstreams: []apisix.WeightedUpstream{{Weight: 2}, {UpstreamID: "b", Weight: 1}}}},
		}}}},
		Upstreams: []*apisix.Upstream{
			{ID: "a", Type: "roundrobin", PassHost: "node", Nodes: node("a.test")},
			{ID: "b", Type: "roundrobin", PassHost: "node", Nodes: node("b.test")},
		},
	}, render.Options{})
	got := explain(t, m, query(t, "x/", nil)).APISIX.Outcomes
	if len(got) != 2 || got[0].Share != 66.67 || got[0].Host != "a.test" || got[1].Share != 33.33 || got[1].Host != "b.test" {
		t.Errorf("got %+v, want a.test with 66.67 and b.test with 33.33", got)
	}
}

// TestRandomHeader: a number in a header does not make outcomes of their own.
func TestRandomHeader(t *testing.T) {
	m := OfConfig(&apisix.Config{
		Routes: []*apisix.Route{{ID: "r", URI: "/*", UpstreamID: "u", Plugins: &apisix.Plugins{ProxyRewrite: &apisix.ProxyRewrite{
			Headers: &apisix.RequestHeaders{Set: map[string]any{"x-id": "$request_id"}},
		}}}},
		Upstreams: []*apisix.Upstream{{ID: "u", Type: "roundrobin", Nodes: []apisix.Node{{Host: "10.0.0.1", Port: 80, Weight: 1}}}},
	}, render.Options{})
	got := explain(t, m, query(t, "x/", nil)).APISIX.Outcomes
	if len(got) != 1 || got[0].Share != 100 || len(got[0].RequestHeaders) != 1 {
		t.Errorf("got %d outcomes, of which the first is %+v", len(got), got[0])
	}
}

func TestWhatIsNotKnownIsUndecided(t *testing.T) {
	config := &apisix.Config{
		Routes: []*apisix.Route{
			{ID: "asked", URI: "/asked", UpstreamID: "u", Plugins: &apisix.Plugins{ForwardAuth: &apisix.ForwardAuth{URI: "http://a/"}}},
			{ID: "lua", URI: "/lua", UpstreamID: "u"},
			{ID: "own", URI: "/own", UpstreamID: "u", Plugins: &apisix.Plugins{Other: map[string]any{"key-auth": map[string]any{}}}},
		},
		Upstreams: []*apisix.Upstream{{ID: "u", Type: "roundrobin", Nodes: []apisix.Node{{Host: "10.0.0.1", Port: 80, Weight: 1}}}},
	}
	m := OfConfig(config, render.Options{})
	m.Doubt("route/lua", "its filter_func is Lua")
	for _, tc := range []struct{ url, kind, reason string }{
		{"x/asked", "undecided", "forward-auth asks http://a/"}, {"x/lua", "undecided", "its filter_func is Lua"},
		{"x/own", "routed", ""},
	} {
		a := explain(t, m, query(t, tc.url, nil))
		if o := a.APISIX.Outcomes[0]; o.Kind != tc.kind || o.Reason != tc.reason {
			t.Errorf("%s: got %+v, want %s (%s)", tc.url, o, tc.kind, tc.reason)
		}
		if _, decided := a.Routed(); decided != (tc.kind == "routed") {
			t.Errorf("%s: decided: got %t", tc.url, decided)
		}
	}
	if got := explain(t, m, query(t, "x/own", nil)).APISIX.Outcomes[0].Unmodelled; !slices.Equal(got, []string{"key-auth"}) {
		t.Errorf("unmodelled: got %q, want key-auth", got)
	}
}

// TestTLSNeedsACertificate: without one in the configuration APISIX takes no TLS connection.
func TestTLSNeedsACertificate(t *testing.T) {
	config := &apisix.Config{Routes: []*apisix.Route{{ID: "r", URI: "/*", UpstreamID: "u"}}, Upstreams: []*apisix.Upstream{{ID: "u"}}}
	if got := explain(t, OfConfig(config, render.Options{}), query(t, "https://x/", nil)).APISIX.Outcomes[0].Kind; got != "refused" {
		t.Errorf("got %s, want refused", got)
	}
	config.Others = map[string][]apisix.Object{"ssls": {{"id": "s"}}}
	o := explain(t, OfConfig(config, render.Options{}), query(t, "https://x/", nil)).APISIX.Outcomes[0]
	if o.Kind != "routed" || o.Status != http.StatusServiceUnavailable {
		t.Errorf("with a certificate: got %+v, want it routed, and 503 without nodes", o)
	}
}

func TestHeaderChanges(t *testing.T) {
	before := []model.Header{{Name: "same", Value: "1"}, {Name: "old", Value: "1"}, {Name: "gone", Value: "1"}, {Name: "x-forwarded-for", Value: "1"}}
	after := []model.Header{{Name: "new", Value: "2"}, {Name: "old", Value: "2"}, {Name: "same", Value: "1"}}
	want := []HeaderChange{{"added", "new", "2"}, {"changed", "old", "2"}, {"removed", "gone", ""}}
	if got := changes(before, after); !slices.Equal(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// FuzzExplain asks odd things: nothing panics, and every answer has a JSON form.
func FuzzExplain(f *testing.F) {
	meshes := []*Mesh{ofDump(dump(f, "header-routing"), render.Options{}), ofDump(dump(f, "rewrite-redirect"), render.Options{}),
		ofDump(dump(f, "gateway-ingress"), render.Options{}), rendered(f, "rewrite-redirect")}
	f.Add("reviews:9080/old/x?a=b", "end-user: jason", uint64(1), true)
	f.Add("https://[::1]/%zz", "host: ", uint64(1)<<63, false)
	f.Fuzz(func(t *testing.T, url, header string, random uint64, inbound bool) {
		u, err := ParseURL(url)
		if err != nil {
			return
		}
		q := Query{Method: "GET", URL: u, Random: &random}
		if h, err := ParseHeader(header); err == nil {
			q.Headers = append(q.Headers, h)
		}
		if inbound {
			q.Direction = Inbound
		}
		for _, m := range meshes {
			a, err := m.Explain(q)
			if err != nil {
				continue
			}
			if _, err := json.Marshal(a); err != nil {
				t.Errorf("%s: %v", url, err)
			}
			if a.Comparison == Same && len(a.Differences) > 0 {
				t.Errorf("%s: the same, and yet %+v", url, a.Differences)
			}
		}
	})
}
