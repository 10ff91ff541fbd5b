package tests

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/amesh-render/amesh-render/match"
	"github.com/amesh-render/amesh-render/model"
	"github.com/amesh-render/amesh-render/model/apisix"
	"github.com/amesh-render/amesh-render/model/envoy"
	"github.com/amesh-render/amesh-render/model/modeltest"
	"github.com/amesh-render/amesh-render/render"
)

var errUnannouncedPath = errors.New("the path for gRPC differs, and no finding says so")

// What gRPC services are called with is what Envoy calls them with, or what another service would be called with, or a
// finding on the way says what becomes of the paths of gRPC requests.
func TestPathsOfGRPC(t *testing.T) {
	same, announced := 0, 0
	for seed := *firstSeed; seed < *firstSeed+*lawMeshes && !t.Failed(); seed++ {
		rng := rand.New(rand.NewPCG(seed, 2))
		mesh := modeltest.NewWideMesh(rng)
		mesh.HTTP2 = true
		s := snapshotOf(t, mesh)
		result := render.Render(s, render.Options{})
		before, after := envoy.FromSnapshot(s), apisix.New(result.Config)
		for range 60 {
			r := modeltest.WideRequest(rng, mesh)
			ordinary := after.Route(r, nil)
			r.Headers = append(slices.Clone(r.Headers), model.Header{Name: "content-type", Value: "application/grpc"})
			trace := &model.Trace{}
			want, got := before.Route(r, trace), after.Route(r, nil)
			if want.Kind != model.Routed || got.Kind != model.Routed || want.Route == "" || !subset(got.Clusters, want.Clusters) {
				continue
			}
			w := match.NewWay(trace, want, got)
			switch aboutGRPC := func(f render.Finding) bool {
				return w.Announces(f, model.Path) && strings.Contains(f.Message, "of gRPC requests")
			}; {
			case got.Path == want.Path || ordinary.Kind == model.Routed && got.Path == ordinary.Path:
				same++
			case slices.ContainsFunc(result.Findings(), aboutGRPC):
				announced++
			default:
				explainLaw(t, seed, s, result, r, errUnannouncedPath)
				return
			}
		}
	}
	t.Logf("%d same, %d announced", same, announced)
	if same < int(*lawMeshes) || announced < int(*lawMeshes)/20 {
		t.Errorf("%d same and %d announced: the generator misses its mark", same, announced)
	}
}
