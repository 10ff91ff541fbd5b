package modeltest

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/amesh-render/amesh-render/model"
	"github.com/amesh-render/amesh-render/model/envoy"
)

// validated are messages that know Envoy's own constraints.
type validated interface{ ValidateAll() error }

func TestEnvoyWouldAcceptTheMeshes(t *testing.T) {
	for seed := range uint64(100) {
		mesh := NewMesh(rand.New(rand.NewPCG(seed, 0)))
		for _, m := range mesh.Resources() {
			if err := m.(validated).ValidateAll(); err != nil {
				t.Errorf("seed %d: %v", seed, err)
			}
		}
	}
}

func TestASeedRepeatsItself(t *testing.T) {
	a, b := rand.New(rand.NewPCG(7, 0)), rand.New(rand.NewPCG(7, 0))
	meshA, meshB := NewMesh(a), NewMesh(b)
	for i, m := range meshA.Resources() {
		if !proto.Equal(m, meshB.Resources()[i]) {
			t.Fatalf("resource %d: got %v, want %v", i, meshB.Resources()[i], m)
		}
	}
	for range 100 {
		if x, y := Request(a, meshA), Request(b, meshB); x.Target != y.Target || x.Authority != y.Authority {
			t.Fatalf("got %+v, want %+v", y, x)
		}
	}
}

// TestRequestsNearlyMatch keeps the generator honest: of 10,000 requests, each kind of outcome has its share, and many
// are only decided after a route that nearly matched.
func TestRequestsNearlyMatch(t *testing.T) {
	kinds, afterAnother := map[model.Kind]int{}, 0
	for seed := range uint64(100) {
		rng := rand.New(rand.NewPCG(seed, 0))
		mesh := NewMesh(rng)
		proxy := envoy.New(mesh.Listeners, slices.Collect(maps.Values(mesh.Outbound)))
		for range 100 {
			trace := &model.Trace{}
			o := proxy.Route(Request(rng, mesh), trace)
			kinds[o.Kind]++
			if last := len(trace.Steps) - 1; o.Kind == model.Routed && !trace.Steps[last-1].Taken {
				afterAnother++
			}
		}
	}
	if kinds[model.Routed] < 3000 || kinds[model.Answered] < 500 || kinds[model.NoRoute] < 500 || afterAnother < 1000 {
		t.Errorf("got %v, %d of them routed after another route was skipped", kinds, afterAnother)
	}
	if kinds[model.Undecided] > 0 {
		t.Errorf("%d requests are undecided", kinds[model.Undecided])
	}
}

func TestEnvoyWouldAcceptTheWideMeshes(t *testing.T) {
	for seed := range uint64(100) {
		mesh := NewWideMesh(rand.New(rand.NewPCG(seed, 0)))
		for _, m := range mesh.Resources() {
			if err := m.(validated).ValidateAll(); err != nil {
				t.Errorf("seed %d: %v", seed, err)
			}
		}
	}
}

// TestWideRequestsMeetEverything keeps the wide generator honest: each thing that a mesh can do happens often enough.
func TestWideRequestsMeetEverything(t *testing.T) {
	counts := map[string]int{}
	for seed := range uint64(100) {
		rng := rand.New(rand.NewPCG(seed, 0))
		mesh := NewWideMesh(rng)
		proxy := envoy.New(mesh.Listeners, slices.Collect(maps.Values(mesh.Outbound)))
		for range 100 {
			r := WideRequest(rng, mesh)
			o := proxy.Route(r, nil)
			counts[o.Kind.String()]++
			counts[o.Filter]++
			for what, happened := range map[string]bool{
				"path rewritten":    o.Kind == model.Routed && o.Path != r.Target,
				"host rewritten":    o.Kind == model.Routed && o.Host != r.Authority,
				"redirect":          o.Reason == "redirect",
				"several clusters":  len(o.Clusters) > 1,
				"many clusters":     len(o.Clusters) > 20,
				"delay":             o.Delay > 0,
				"response headers":  o.Kind == model.Routed && !slices.Equal(o.ResponseHeaders, r.Response),
				"CORS":              slices.ContainsFunc(o.ResponseHeaders, func(h model.Header) bool { return h.Name == "access-control-allow-origin" }),
				"header operations": o.Kind == model.Routed && slices.ContainsFunc(o.Headers, func(h model.Header) bool { return h.Name == "x-new" }),
			} {
				if happened {
					counts[what]++
				}
			}
		}
	}
	for what, least := range map[string]int{
		"routed": 1000, "answered": 1000, "no route": 500, rbacName: 500, jwtName: 100, faultName: 50, corsName: 5,
		"path rewritten": 100, "host rewritten": 50, "redirect": 100, "several clusters": 100, "many clusters": 20, "delay": 20,
		"response headers": 100, "CORS": 20, "header operations": 30,
	} {
		if counts[what] < least {
			t.Errorf("%s: %d times, want at least %d", what, counts[what], least)
		}
	}
	if counts["undecided"] > 2000 {
		t.Errorf("%d of 10,000 requests are undecided", counts["undecided"])
	}
}
