package tests

import (
	"math/rand/v2"
	"testing"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/proto"

	"github.com/amesh-render/amesh-render/model"
	"github.com/amesh-render/amesh-render/model/apisix"
	"github.com/amesh-render/amesh-render/model/modeltest"
	"github.com/amesh-render/amesh-render/render"
	config "github.com/amesh-render/amesh-render/render/apisix"
	"github.com/amesh-render/amesh-render/traffic"
)

// TestTrafficChangesAreFound edits one route of random meshes, and asks which requests fare differently. What is listed
// must be so; and where random requests fare differently, requests must be listed, but for few edits: the search tries what
// routes ask for, not everything.
func TestTrafficChangesAreFound(t *testing.T) {
	const tries = 40
	noticed, missed := 0, 0
	for seed := range uint64(tries) {
		rng := rand.New(rand.NewPCG(seed, 5))
		mesh := modeltest.NewWideMesh(rng)
		if seed%2 == 0 {
			mesh = modeltest.NewMesh(rng)
		}
		old := rendered(t, mesh)
		edit := editRoute(rng, mesh)
		new := rendered(t, mesh)
		found := traffic.Compare(old, new)
		before, after := apisix.New(old), apisix.New(new)
		for _, c := range found.Changes {
			a, b := before.Route(c.Request, nil), after.Route(c.Request, nil)
			if len(a.Differences(b)) == 0 && a.Status == b.Status {
				t.Fatalf("seed %d: %+v is listed, and fares alike: %v", seed, c.Request, a)
			}
		}
		if r := differing(rng, mesh, before, after); r != nil {
			noticed++
			if len(found.Changes) == 0 {
				missed++
				t.Logf("seed %d: missed after %s: %+v\n%v\n%v", seed, edit, r, before.Route(r, nil), after.Route(r, nil))
			}
		}
	}
	t.Logf("random requests notice %d of %d edits; %d of those are missed", noticed, tries, missed)
	if noticed < tries/4 || missed*20 > noticed {
		t.Errorf("random requests notice %d of %d edits; the search misses %d of those", noticed, tries, missed)
	}
}

func rendered(t *testing.T, mesh *modeltest.Mesh) *config.Config {
	t.Helper()
	return render.Render(snapshotOf(t, mesh), render.Options{}).Config
}

// editRoute changes one route of a mesh, and says how.
func editRoute(rng *rand.Rand, mesh *modeltest.Mesh) string {
	port := modeltest.Ports[rng.IntN(len(modeltest.Ports))]
	rc := proto.Clone(mesh.Outbound[port]).(*routev3.RouteConfiguration)
	mesh.Outbound[port] = rc
	vh := rc.GetVirtualHosts()[rng.IntN(len(rc.GetVirtualHosts()))]
	if len(vh.Routes) == 0 {
		return "nothing"
	}
	at := rng.IntN(len(vh.Routes))
	switch route := vh.Routes[at]; rng.IntN(4) {
	case 0:
		vh.Routes = append(vh.Routes[:at:at], vh.Routes[at+1:]...)
		return "removal"
	case 1:
		other := rng.IntN(len(vh.Routes))
		vh.Routes[at], vh.Routes[other] = vh.Routes[other], vh.Routes[at]
		return "exchange"
	case 2:
		route.Match = &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Prefix{Prefix: "/"}, Headers: route.Match.GetHeaders()}
		return "wider path"
	default:
		route.Action = &routev3.Route_DirectResponse{DirectResponse: &routev3.DirectResponseAction{Status: 418}}
		return "other action"
	}
}

// differing is a random request that fares differently, if one is found.
func differing(rng *rand.Rand, mesh *modeltest.Mesh, before, after *apisix.Router) *model.Request {
	for range 400 {
		r := modeltest.Request(rng, mesh)
		if a, b := before.Route(r, nil), after.Route(r, nil); a.Kind != model.Undecided && len(a.Differences(b)) > 0 {
			return r
		}
	}
	return nil
}
