package tests

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/amesh-render/amesh-render/model"
	"github.com/amesh-render/amesh-render/model/apisix"
	"github.com/amesh-render/amesh-render/model/envoy"
	"github.com/amesh-render/amesh-render/model/modeltest"
	"github.com/amesh-render/amesh-render/render"
	config "github.com/amesh-render/amesh-render/render/apisix"
	"github.com/amesh-render/amesh-render/xds/snapshot"
)

var (
	firstSeed = flag.Uint64("seed", 1, "the seed of the first random mesh")
	meshes    = flag.Uint64("meshes", 300, "how many random meshes to try")
	lawMeshes = flag.Uint64("law-meshes", 150, "how many random meshes to hold against the law")
	requests  = flag.Int("requests", 100, "how many random requests to try on each")
)

// TestRenderedConfigurationRoutesAsEnvoyDoes is the proof of the rendering rules on the order of routes, hosts and ports:
// for random meshes and requests, the model of APISIX with what was rendered does what the model of Envoy does. What is
// known to differ is not generated; TestKnownDifferences has it.
func TestRenderedConfigurationRoutesAsEnvoyDoes(t *testing.T) {
	routed := 0
	for seed := *firstSeed; seed < *firstSeed+*meshes; seed++ {
		routed += compare(t, seed)
		if t.Failed() {
			return // one example is enough to read
		}
	}
	if least := int(*meshes) * *requests / 4; routed < least {
		t.Errorf("only %d requests were routed, want at least %d: the generator misses its mark", routed, least)
	}
}

// FuzzDifferential is the same with seeds of the fuzzer's choosing.
func FuzzDifferential(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) { compare(t, seed) })
}

// compare tries one mesh and returns how many requests went to a cluster.
func compare(t *testing.T, seed uint64) (routed int) {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 0))
	mesh := modeltest.NewMesh(rng)
	s := snapshotOf(t, mesh)
	result := render.Render(s, withLua(seed))
	before, after := envoy.FromSnapshot(s), apisix.New(result.Config)
	if dropped := after.Dropped(); len(dropped) > 0 {
		t.Errorf("seed %d: APISIX would drop routes: %v", seed, dropped)
	}
	for range *requests {
		r := modeltest.Request(rng, mesh)
		want, got := before.Route(r, nil), after.Route(r, nil)
		if want.Kind == model.Undecided || !want.Agrees(got) {
			explain(t, seed, mesh, result, r)
			return routed
		}
		if want.Kind == model.Routed {
			routed++
		}
		if want.Kind == model.Answered && want.Body != got.Body {
			t.Errorf("seed %d: body of %v: got %q, want %q", seed, got, got.Body, want.Body)
		}
	}
	return routed
}

func snapshotOf(t *testing.T, mesh *modeltest.Mesh) *snapshot.Snapshot {
	t.Helper()
	var b snapshot.Builder
	for _, m := range mesh.Resources() {
		if err := b.Put(m); err != nil {
			t.Fatalf("put %v: %v", m, err)
		}
	}
	return b.Snapshot()
}

// explain reports a disagreement with all that a person needs to find its cause.
func explain(t *testing.T, seed uint64, mesh *modeltest.Mesh, result render.Result, r *model.Request) {
	t.Helper()
	var traceBefore, traceAfter model.Trace
	want := envoy.FromSnapshot(snapshotOf(t, mesh)).Route(r, &traceBefore)
	got := apisix.New(result.Config).Route(r, &traceAfter)
	t.Errorf("seed %d: %+v\nEnvoy:  %v\nAPISIX: %v\n\nEnvoy's way:\n%s\nAPISIX's way:\n%s", seed, *r, want, got,
		&traceBefore, &traceAfter)
	rc := mesh.Outbound[r.Destination.Port()]
	if r.LocalPort == model.InboundPort {
		rc = mesh.Inbound[r.Destination.Port()]
	}
	for _, vh := range rc.GetVirtualHosts() {
		if vh.GetName() == want.VirtualHost {
			t.Logf("virtual host: %s", protojson.Format(vh))
		}
	}
	for _, step := range traceAfter.Steps {
		if id, isRoute := strings.CutPrefix(step.What, "route/"); isRoute {
			t.Logf("rendered: %s", routeJSON(result.Config, id))
		}
	}
	for _, f := range result.Findings() {
		t.Logf("finding: %s", f)
	}
}

func routeJSON(c *config.Config, id string) string {
	for _, route := range c.Routes {
		if route.ID == id {
			text, err := json.Marshal(route)
			if err != nil {
				return err.Error()
			}
			return string(text)
		}
	}
	return id
}

// TestKnownDifferences pins what a request can do that the rendered configuration does not route as Envoy would. Each is
// announced by a finding, or lies in how nginx reads requests. When one of these fails, a difference is gone: let
// modeltest generate it.
func TestKnownDifferences(t *testing.T) {
	header := func(name, value string) model.Header { return model.Header{Name: name, Value: value} }
	for _, tc := range []struct {
		name, match, host, target string
		headers                   []model.Header
		envoy, apisix             any
	}{
		{"trailing dot of the host", `"prefix":"/"`, "a.test.", "/", nil, 404, "c"},
		{"two dots in the host", `"prefix":"/"`, "a..test", "/", nil, 404, 400},
		{"encoded slash", `"path":"/a/b"`, "a.test", "/a%2Fb", nil, 404, "c"},
		{"encoded reserved character", `"path":"/a+b"`, "a.test", "/a%2Bb", nil, 404, "c"},
		{"double slash", `"path":"/a"`, "a.test", "//a", nil, 404, "c"},
		{"backslash", `"path":"/a/b"`, "a.test", `/a\b`, nil, "c", 404},
		{"above the root", `"path":"/a"`, "a.test", "/../a", nil, "c", 400},
		{"broken escape", `"prefix":"/"`, "a.test", "/%zz", nil, "c", 400},
		{"fragment", `"path":"/a"`, "a.test", "/a#b", nil, 400, "c"},
		{"underscore in a header's name", `"prefix":"/","headers":[{"name":"x-a","string_match":{"exact":"1"}}]`,
			"a.test", "/", []model.Header{header("x_a", "1")}, 404, "c"},
		{"repeated header", `"prefix":"/","headers":[{"name":"x-a","string_match":{"exact":"1,2"}}]`,
			"a.test", "/", []model.Header{header("x-a", "1"), header("x-a", "2")}, "c", 404},
		{"encoded query value", `"prefix":"/","query_parameters":[{"name":"q","string_match":{"exact":"a b"}}]`,
			"a.test", "/?q=a%20b", nil, 404, "c"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			mesh := oneRoute(t, tc.match)
			r := &model.Request{
				Authority: tc.host, Target: tc.target, Headers: tc.headers, LocalPort: model.OutboundPort,
				Destination: netip.AddrPortFrom(netip.MustParseAddr(modeltest.ServiceIP), modeltest.Ports[0]),
			}
			s := snapshotOf(t, mesh)
			if got := envoy.FromSnapshot(s).Route(r, nil); clusterOrStatus(got) != tc.envoy {
				t.Errorf("Envoy: got %v, want %v", got, tc.envoy)
			}
			rendered := render.Render(s, render.Options{}).Config
			if got := apisix.New(rendered).Route(r, nil); clusterOrStatus(got) != tc.apisix {
				t.Errorf("APISIX: got %v, want %v", got, tc.apisix)
			}
		})
	}
}

// oneRoute is a mesh with one route, on a.test and the first port, to cluster c; match is JSON.
func oneRoute(t *testing.T, match string) *modeltest.Mesh {
	t.Helper()
	mesh := &modeltest.Mesh{
		Outbound: map[uint16]*routev3.RouteConfiguration{}, Inbound: map[uint16]*routev3.RouteConfiguration{},
	}
	for _, port := range modeltest.Ports {
		mesh.Outbound[port] = &routev3.RouteConfiguration{Name: fmt.Sprint(port)}
		mesh.Inbound[port] = &routev3.RouteConfiguration{Name: fmt.Sprint("inbound", port)}
	}
	text := `{"name":"v","domains":["a.test"],"routes":[{"match":{` + match + `},"route":{"cluster":"c"}}]}`
	vh := &routev3.VirtualHost{}
	if err := protojson.Unmarshal([]byte(text), vh); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	mesh.Outbound[modeltest.Ports[0]].VirtualHosts = []*routev3.VirtualHost{vh}
	mesh.Listeners = modeltest.Listeners(mesh.Outbound, mesh.Inbound)
	return mesh
}

func clusterOrStatus(o model.Outcome) any {
	if o.Kind == model.Routed {
		return o.Cluster
	}
	return o.Status
}
