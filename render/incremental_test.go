package render_test

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/amesh-render/amesh-render/internal/mutate"
	"github.com/amesh-render/amesh-render/model/modeltest"
	"github.com/amesh-render/amesh-render/plugins"
	"github.com/amesh-render/amesh-render/render"
	"github.com/amesh-render/amesh-render/xds/encoded"
	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// A history is a mesh that changes, as a control plane tells of it.
type history struct {
	rng     *rand.Rand
	pool    []proto.Message // what comes and goes
	sets    []*plugins.Set
	builder *snapshot.Builder
	options render.Options
	done    []string
}

// newHistory begins with what some of the golden cases hold, or with a random mesh.
func newHistory(t testing.TB, rng *rand.Rand) *history {
	h := &history{rng: rng, builder: snapshot.NewBuilder(), sets: []*plugins.Set{nil, nil, nil}}
	cases, _ := filepath.Glob("testdata/*/in.*")
	for range 1 + rng.IntN(2) {
		s, options := readCase(t, cases[rng.IntN(len(cases))])
		h.options = options
		h.sets = append(h.sets, options.Plugins)
		h.builder.SetNode(s.Node())
		h.pool = append(h.pool, mutate.Resources(s)...)
	}
	if rng.IntN(3) == 0 {
		h.pool = append(h.pool, modeltest.NewWideMesh(rng).Resources()...)
	}
	if rng.IntN(2) == 0 {
		h.options.Lua = render.LuaOn
	}
	for _, m := range h.pool {
		h.put(m)
	}
	return h
}

// put adds a resource as it comes over the wire, or as it stands in a dump.
func (h *history) put(m proto.Message) {
	m = proto.Clone(m)
	if a, err := anypb.New(m); err == nil && h.rng.IntN(3) > 0 {
		k, _ := snapshot.KindOf(m)
		h.builder.PutWire(k, snapshot.NameOf(m), encoded.Of(a.GetValue()))
		return
	}
	_ = h.builder.Put(m)
}

// any is any resource; each kind is as likely as the others.
func (h *history) any() proto.Message {
	byKind := map[snapshot.Kind][]proto.Message{}
	for _, m := range h.pool {
		k, _ := snapshot.KindOf(m)
		byKind[k] = append(byKind[k], m)
	}
	kinds := slices.Sorted(maps.Keys(byKind))
	some := byKind[kinds[h.rng.IntN(len(kinds))]]
	return some[h.rng.IntN(len(some))]
}

func (h *history) note(format string, args ...any) {
	h.done = append(h.done, fmt.Sprintf(format, args...))
}

// step changes the mesh once.
func (h *history) step() {
	m := h.any()
	kind, _ := snapshot.KindOf(m)
	switch h.rng.IntN(10) {
	case 0:
		h.note("remove %v %s", kind, snapshot.NameOf(m))
		h.builder.Remove(kind, snapshot.NameOf(m))
	case 1:
		h.note("put %v %s", kind, snapshot.NameOf(m))
		h.put(m)
	case 2, 3:
		h.note("edit %v %s", kind, snapshot.NameOf(m))
		m = proto.Clone(m)
		mutate.Field(h.rng, m.ProtoReflect(), hostile)
		h.put(m)
	case 4, 5:
		h.editHosts()
	case 6:
		h.editEndpoints()
	case 7:
		h.note("reconnect")
		node := h.builder.Snapshot().Node()
		present := mutate.Resources(h.builder.Snapshot())
		h.builder = snapshot.NewBuilder()
		h.builder.SetNode(node)
		h.rng.Shuffle(len(present), func(i, j int) { present[i], present[j] = present[j], present[i] })
		for _, m := range present {
			h.put(m)
		}
	case 8:
		h.options.Plugins = h.sets[h.rng.IntN(len(h.sets))]
		h.note("plugins %p", h.options.Plugins)
	case 9:
		h.note("nothing")
		h.put(m)
		h.put(m)
	}
}

// editHosts changes one virtual host of a route configuration, or their order, or which there are.
func (h *history) editHosts() {
	for range 20 {
		was, ok := h.any().(*routev3.RouteConfiguration)
		if !ok {
			continue
		}
		c := proto.Clone(was).(*routev3.RouteConfiguration)
		n := len(c.VirtualHosts)
		if n == 0 {
			return
		}
		i := h.rng.IntN(n)
		h.note("virtual host %d of %d of %s", i, n, c.Name)
		switch h.rng.IntN(4) {
		case 0:
			mutate.Field(h.rng, c.VirtualHosts[i].ProtoReflect(), hostile)
		case 1:
			h.rng.Shuffle(n, func(i, j int) { c.VirtualHosts[i], c.VirtualHosts[j] = c.VirtualHosts[j], c.VirtualHosts[i] })
		case 2:
			c.VirtualHosts = slices.Delete(c.VirtualHosts, i, i+1)
		case 3:
			extra := proto.Clone(c.VirtualHosts[i]).(*routev3.VirtualHost)
			extra.Name += " too"
			c.VirtualHosts = slices.Insert(c.VirtualHosts, h.rng.IntN(n), extra)
		}
		h.put(c)
		return
	}
}

// editEndpoints takes endpoints from a service, or gives it some.
func (h *history) editEndpoints() {
	for range 20 {
		was, ok := h.any().(*endpointv3.ClusterLoadAssignment)
		if !ok {
			continue
		}
		c := proto.Clone(was).(*endpointv3.ClusterLoadAssignment)
		h.note("endpoints of %s", c.ClusterName)
		if len(c.Endpoints) > 0 && h.rng.IntN(2) == 0 {
			c.Endpoints = append(c.Endpoints, proto.Clone(c.Endpoints[0]).(*endpointv3.LocalityLbEndpoints))
			for _, e := range c.Endpoints[0].GetLbEndpoints() {
				if a := e.GetEndpoint().GetAddress().GetSocketAddress(); a != nil {
					a.Address = fmt.Sprintf("10.9.%d.%d", h.rng.IntN(250), h.rng.IntN(250))
				}
			}
		} else {
			c.Endpoints = nil
		}
		h.put(c)
		return
	}
}

// check renders the mesh as it is now, by a renderer that has rendered what was before, and by a fresh one.
func (h *history) check(t testing.TB, r *render.Renderer) {
	s := h.builder.Snapshot()
	got, want := r.Render(s, h.options), render.Render(s, h.options)
	if !bytes.Equal(encode(got), encode(want)) {
		t.Fatalf("after %q the file is another than a fresh renderer's:\n%s", h.done, firstDifference(encode(got), encode(want)))
	}
	if !slices.Equal(got.Findings(), want.Findings()) {
		t.Fatalf("after %q the findings are others than a fresh renderer's:\n%+v\n%+v", h.done, got.Findings(), want.Findings())
	}
	if again := r.Render(s, h.options); again.Config != got.Config {
		t.Fatalf("after %q the same snapshot is rendered to another configuration", h.done)
	}
}

func firstDifference(got, want []byte) string {
	a, b := bytes.Split(got, []byte("\n")), bytes.Split(want, []byte("\n"))
	for i := range min(len(a), len(b)) {
		if !bytes.Equal(a[i], b[i]) {
			return fmt.Sprintf("got  %s\nwant %s", a[i], b[i])
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(a), len(b))
}

// A renderer that has seen other snapshots renders the next one as a fresh renderer does, to the byte.
func TestIncremental(t *testing.T) {
	for seed := range uint64(60) {
		checkHistory(t, seed, 8)
	}
}

func FuzzIncremental(f *testing.F) {
	for seed := range uint64(4) {
		f.Add(seed, uint8(5))
	}
	f.Fuzz(func(t *testing.T, seed uint64, steps uint8) { checkHistory(t, seed, int(steps%32)) })
}

func checkHistory(t testing.TB, seed uint64, steps int) {
	t.Helper()
	h, r := newHistory(t, rand.New(rand.NewPCG(seed, 3))), new(render.Renderer)
	h.note("seed %d", seed)
	h.check(t, r)
	for range steps {
		for range 1 + h.rng.IntN(2) {
			h.step()
		}
		h.check(t, r)
	}
}

// What has not changed keeps its pointers.
func TestUnchangedObjectsStay(t *testing.T) {
	s, options := readCase(t, "testdata/bookinfo/in.json")
	b := snapshot.NewBuilder()
	b.SetNode(s.Node())
	for _, m := range mutate.Resources(s) {
		_ = b.Put(m)
	}
	r := new(render.Renderer)
	before := r.Render(b.Snapshot(), options).Config
	const name = "outbound|9080||ratings.default.svc.cluster.local"
	a, ok := b.Snapshot().Endpoints().Get(name)
	if !ok {
		t.Fatal("the case has no ratings")
	}
	a = proto.Clone(a).(*endpointv3.ClusterLoadAssignment)
	a.Endpoints = nil
	_ = b.Put(a)
	after := r.Render(b.Snapshot(), options).Config
	if &before.Routes[0] != &after.Routes[0] {
		t.Error("endpoints have changed, and the list of routes is another")
	}
	changed := 0
	for i, u := range after.Upstreams {
		if u != before.Upstreams[i] {
			changed++
		}
	}
	if changed != 1 {
		t.Errorf("the endpoints of one cluster have changed, and so have %d upstreams", changed)
	}
}

// A route whose cluster a header names may name a cluster that has just come.
func TestNewClusterForAHeader(t *testing.T) {
	s, options := readCase(t, "testdata/actions-lua/in.yaml")
	all := mutate.Resources(s)
	for _, m := range all {
		late, ok := m.(*clusterv3.Cluster)
		if !ok {
			continue
		}
		b, r := snapshot.NewBuilder(), new(render.Renderer)
		b.SetNode(s.Node())
		for _, m := range all {
			if m != late {
				_ = b.Put(m)
			}
		}
		r.Render(b.Snapshot(), options)
		_ = b.Put(late)
		if got, want := encode(r.Render(b.Snapshot(), options)), encode(render.Render(s, options)); !bytes.Equal(got, want) {
			t.Errorf("the cluster %q comes late:\n%s", late.GetName(), firstDifference(got, want))
		}
	}
}
