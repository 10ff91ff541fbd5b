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
