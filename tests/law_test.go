package tests

import (
	"fmt"
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
	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// The law: no difference without a finding. For random meshes that use everything that HTTP routes can do, and random
// requests, odd ones among them, whatever the rendered configuration does otherwise than Envoy is announced by a finding
// about a place that the request comes by. And what Envoy's filters refuse is never let through, finding or not.

func TestNoDifferenceWithoutAFinding(t *testing.T) {
	var counts lawCounts
	for seed := *firstSeed; seed < *firstSeed+*lawMeshes; seed++ {
		checkLaw(t, seed, &counts)
		if t.Failed() {
			return // one example is enough to read
		}
	}
	t.Logf("%+v", counts)
	if n := int(*lawMeshes); counts.decided < 30*n || counts.refused < 3*n || counts.same < counts.decided/2 ||
		counts.drawn < n/20 {
		t.Errorf("%+v: the generator misses its mark", counts)
	}
}

// FuzzLaw is the same with seeds of the fuzzer's choosing.
func FuzzLaw(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) { checkLaw(t, seed, &lawCounts{}) })
}

// lawCounts keeps the test honest: how many requests Envoy's model decides, its filters refuse, both proxies treat
// alike, and had to be drawn many times to see that.
type lawCounts struct{ decided, refused, same, drawn int }

func checkLaw(t *testing.T, seed uint64, counts *lawCounts) {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 1))
	mesh := modeltest.NewWideMesh(rng)
	s := snapshotOf(t, mesh)
	result := render.Render(s, withLua(seed))
	l := &law{before: envoy.FromSnapshot(s), after: apisix.New(result.Config), findings: result.Findings(),
		guarded: guardedRoutes(mesh), compared: map[string]bool{}, counts: counts}
	if dropped := l.after.Dropped(); len(dropped) > 0 {
		t.Errorf("seed %d: APISIX would drop routes: %v", seed, dropped)
	}
	for range 60 {
		r := modeltest.WideRequest(rng, mesh)
		if err := l.check(r); err != nil {
			explainLaw(t, seed, s, result, r, err)
			return
		}
	}
}

// withLua are options by which every other mesh is rendered for an APISIX with our plugins in Lua.
func withLua(seed uint64) render.Options {
	return render.Options{Lua: []render.Lua{render.LuaOff, render.LuaOn}[seed%2]}
}

// law is what the law is about: the two proxies, and the findings.
type law struct {
	before   *envoy.Proxy
	after    *apisix.Router
	findings []render.Finding
	guarded  map[string]bool // route configurations, see guardedRoutes
	compared map[string]bool // the routes of which shares were compared
	counts   *lawCounts
}

// check compares what the two proxies do with a request; an error says how the law is broken.
func (l *law) check(r *model.Request) error {
	trace := &model.Trace{}
	want, got := l.before.Route(r, trace), l.after.Route(r, nil)
	if want.Kind == model.Undecided {
		return nil // nothing to hold the answer against
	}
	l.counts.decided++
	w := match.NewWay(trace, want, got)
	p := l.plainly(r, got, w)
	if refusedByFilter(want) {
		l.counts.refused++
		if !refuses(got) && !l.excuses(w, p, want, got) {
			return errRefusedByEnvoyOnly
		}
	}
	differences := want.Differences(got)
	switch {
	case refusedByFilter(want) && (p.odd || otherRoute(want, got) && l.announced(w, model.Status)):
		differences = nil // they are both refused, if not at the same route
	case want.Filter == "" && want.Body != got.Body && (got.Status == 401 || got.Status == 403):
		differences = []model.Aspect{model.Status} // APISIX refuses; that the route answers with the same status is by chance
	}
	var open []model.Aspect
	for _, aspect := range differences {
		kind := aspect
		if aspect == model.Destination && want.Kind == model.Routed && got.Kind == model.Routed &&
			(subset(got.Clusters, want.Clusters) || subset(want.Clusters, got.Clusters)) {
			kind = match.Share
		}
		if !p.same(got, aspect) && !l.announced(w, kind) {
			open = append(open, aspect)
		}
	}
	switch {
	case len(open) == 0:
		l.counts.same++
		return nil
	case l.drawn(r):
		if p.odd || l.compared[want.Route] { // of plain requests, once for each route is enough
			return nil
		}
		l.counts.drawn++
		l.compared[want.Route] = true
		return l.shares(r, w, want)
	}
	return fmt.Errorf("the %s differs, and no finding says so", open[0])
}

// refusedByFilter says whether one of Envoy's filters that guard refuses the request for what it is.
func refusedByFilter(o model.Outcome) bool {
	return isGuard(o.Filter) && o.Kind == model.Answered
}

// refuses says whether an outcome keeps the request from where it would do something.
func refuses(o model.Outcome) bool {
	return (o.Kind == model.Answered || o.Kind == model.NoRoute) && o.Status >= 400 || o.Kind == model.Refused
}

// explainLaw reports a broken law with all that a person needs to find its cause.
func explainLaw(t *testing.T, seed uint64, s *snapshot.Snapshot, result render.Result, r *model.Request, err error) {
	t.Helper()
	var traceBefore, traceAfter model.Trace
	want, got := envoy.FromSnapshot(s).Route(r, &traceBefore), apisix.New(result.Config).Route(r, &traceAfter)
	t.Errorf("seed %d: %v\nrequest: %+v\nEnvoy:  %v\n%s\nAPISIX: %v\n%s\n\nEnvoy's way:\n%s\nAPISIX's way:\n%s",
		seed, err, *r, want, inFull(want), got, inFull(got), &traceBefore, &traceAfter)
	for _, step := range traceAfter.Steps {
		if id, isRoute := strings.CutPrefix(step.What, "route/"); isRoute && step.Taken {
			t.Logf("rendered: %s", routeJSON(result.Config, id))
		}
	}
	w := match.NewWay(&traceBefore, want, got)
	for _, f := range result.Findings() {
		if w.Passes(f.Resource) {
			t.Logf("finding: %s", f)
		}
	}
}

// inFull is what String leaves out of an outcome.
func inFull(o model.Outcome) string {
	return fmt.Sprintf("        path %q host %q headers %q response %q body %q delay %v",
		o.Path, o.Host, model.Combined(o.Headers), model.Combined(o.ResponseHeaders), o.Body, o.Delay)
}

// announced says whether a finding on the way says that something may differ in the aspect.
func (l *law) announced(w *match.Way, aspect model.Aspect) bool {
	return slices.ContainsFunc(l.findings, func(f render.Finding) bool { return w.Announces(f, aspect) })
}

// drawn says whether what becomes of the request depends on its random number, with either proxy.
func (l *law) drawn(r *model.Request) bool {
	again := *r
	var before, after model.Outcome
	for k := range uint64(32) {
		again.Random = envoyDraw(k)
		b := l.before.Route(&again, nil)
		again.Random = apisixDraw(k * (apisixDraws / 32))
		a := l.after.Route(&again, nil)
		if k > 0 && (!sameShown(b, before) || !sameShown(a, after)) {
			return true
		}
		before, after = b, a
		if len(b.Clusters) > 1 || len(a.Clusters) > 1 {
			return true
		}
	}
	return false
}

func sameShown(a, b model.Outcome) bool {
	return a.Cluster == b.Cluster && len(a.Differences(b)) == 0
}

// shares compares how often each outcome comes, in the destination and in each aspect that no finding is about.
func (l *law) shares(r *model.Request, w *match.Way, want model.Outcome) error {
	var aspects []model.Aspect
	for _, a := range aspectsBeside {
		if !l.announced(w, a) {
			aspects = append(aspects, a)
		}
	}
	before, after := l.distributions(r, want, aspects)
	for _, a := range append([]model.Aspect{model.Destination}, aspects...) {
		key, one, other := before[a].unlike(after[a])
		if a == model.Destination && key != "" && !(before[a].routes() && after[a].routes()) &&
			l.announced(w, model.Destination) {
			return nil // what goes elsewhere cannot be compared
		}
		if key != "" {
			return fmt.Errorf("the shares differ in the %s, and no finding says so: %s comes with %.4f of the requests, not %.4f",
				a, key, other, one)
		}
	}
	return nil
}
