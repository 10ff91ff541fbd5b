package xds

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// tell applies a state-of-the-world response and follows what it refers to.
func (s *state) tell(k snapshot.Kind, resources ...proto.Message) (refusal string) {
	r := &response{version: "v", full: true}
	for _, m := range resources {
		r.resources = append(r.resources, unwrapped(asAny(m)))
	}
	refusal = s.apply(k, r, time.Now())
	for _, k := range kinds {
		s.follow(k, time.Now())
	}
	return refusal
}

func TestStateFollowsReferences(t *testing.T) {
	s := newState(nil)
	s.tell(lds, listener("l", "80", "90", "80"), listener("m", "90"))
	named := cluster("a")
	named.EdsClusterConfig = &clusterv3.Cluster_EdsClusterConfig{ServiceName: "service"}
	s.tell(cds, named, cluster("b"), static("c"))
	if got := fmt.Sprint(s.subscriptions[rds].names, s.subscriptions[eds].names); got != "[80 90] [b service]" {
		t.Errorf("asked for %s", got)
	}
	if s.complete() {
		t.Error("complete without endpoints and routes")
	}
	s.tell(rds, route("80"), route("90"), route("91"))
	s.tell(eds, endpoints("service", 1), endpoints("b", 1), endpoints("c", 1))
	if got := contents(s.builder.Snapshot()); !s.complete() || len(got) != 9 {
		t.Errorf("complete: %v, with %v", s.complete(), got)
	}
	s.tell(lds, listener("m", "90"))
	if got := fmt.Sprint(s.builder.Snapshot().RouteConfigurations().Names()); got != "[90]" {
		t.Errorf("routes %s are left", got)
	}
}

// What a response lacks goes, unless it may be what cannot be read.
func TestStateOfWhatCannotBeRead(t *testing.T) {
	s := newState(nil)
	steps := []struct {
		name      string
		resources []proto.Message
		want      string
		notes     int
	}{
		{"good", []proto.Message{static("a"), static("b")}, "[cluster/a cluster/b]", 0},
		{"one is broken", []proto.Message{broken(cds, "a")}, "[cluster/a]", 1},
		{"as before", []proto.Message{static("a")}, "[cluster/a]", 0},
		{"never seen whole", []proto.Message{static("a"), broken(cds, "c")}, "[cluster/a]", 1},
		{"nobody knows which", []proto.Message{broken(cds, "")}, "[cluster/a]", 1},
		{"gone", []proto.Message{static("a")}, "[cluster/a]", 0},
	}
	for _, step := range steps {
		s.tell(cds, step.resources...)
		got := s.builder.Snapshot()
		if fmt.Sprint(contents(got)) != step.want || len(got.Notes()) != step.notes {
			t.Errorf("%s: %v with notes %v, expected %s with %d", step.name, contents(got), got.Notes(), step.want, step.notes)
		}
	}
}

// A name and its alias are one resource.
func TestAlias(t *testing.T) {
	s := newState(nil)
	s.tell(lds)
	s.tell(cds, cluster("a"), cluster("b"))
	s.tell(eds, &discoveryv3.Resource{Name: "canonical", Aliases: []string{"a", "b"}, Resource: packed(endpoints("a", 1))})
	if got := fmt.Sprint(contents(s.builder.Snapshot())); !s.complete() || got != "[cluster/a cluster/b endpoints/a]" {
		t.Errorf("complete: %v, with %s", s.complete(), got)
	}
}

// However much comes and goes, no more is kept than there is.
func TestMemoryDoesNotGrow(t *testing.T) {
	s := newState(nil)
	s.tell(lds, listener("l", "80"))
	push := func(n int) {
		name := fmt.Sprint("cluster-", n)
		s.tell(cds, cluster(name), broken(cds, fmt.Sprint("broken-", n)))
		s.tell(cds, cluster(name), cluster("fixed"))
		s.tell(eds, endpoints(name, 1), endpoints("fixed", uint32(n)), endpoints(fmt.Sprint("unasked-", n), 1))
		bad := route("80")
		bad.TypedPerFilterConfig = map[string]*anypb.Any{fmt.Sprint(n): broken(rds, "")} // refused for ever new reasons
		s.tell(rds, bad)
		bad.InternalOnlyHeaders = []string{"x"}
		bad.TypedPerFilterConfig = map[string]*anypb.Any{fmt.Sprint(n, "b"): broken(rds, "")}
		s.tell(rds, bad)
		if notes := s.builder.Snapshot().Notes(); len(notes) != 1 {
			t.Fatalf("%d notes: %v", len(notes), notes)
		}
		r := route("80")
		r.InternalOnlyHeaders = []string{strings.Repeat(fmt.Sprint(n%10), 100_000)}
		s.tell(rds, r)
		s.complete()
		s.builder.Snapshot()
	}
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	for n := range 100 {
		push(n)
	}
	before := heap()
	for n := range 1_000 {
		push(n)
	}
	if after := heap(); after > before+1<<20 {
		t.Errorf("the heap has grown from %d to %d", before, after)
	}
	for _, k := range kinds {
		sub := s.subscriptions[k]
		if n := len(sub.entries) + len(sub.wanted) + len(sub.pending); n > 5 {
			t.Errorf("%s: %d things are remembered", k, n)
		}
	}
	runtime.KeepAlive(s)
}

// FuzzApply: whatever a server sends, nothing breaks, and to be told the same twice is to be told once.
func FuzzApply(f *testing.F) {
	seed := func(k snapshot.Kind, r proto.Message) {
		b, err := proto.Marshal(r)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(k), b)
	}
	seed(cds, changed(cds, "1", cluster("a"), broken(cds, "b"), route("c")))
	seed(lds, changed(lds, "1", listener("l", "80")))
	seed(eds, changed(eds, "1", endpoints("a", 1), &discoveryv3.Resource{Name: "b"}))
	seed(rds, removed(rds, "1", "80", "", "80"))
	f.Fuzz(func(t *testing.T, kind uint8, b []byte) {
		k := kinds[int(kind)%len(kinds)]
		m := new(discoveryv3.DeltaDiscoveryResponse)
		if proto.Unmarshal(b, m) != nil {
			return
		}
		s := newState(nil)
		s.tell(cds, cluster("a"), cluster("b"))
		s.tell(lds, listener("l", "80"))
		for _, full := range []bool{false, true} {
			r := &response{removed: m.GetRemovedResources(), full: full}
			for _, w := range m.GetResources() {
				r.resources = append(r.resources, wrapped(w))
			}
			tell := func() (string, *snapshot.Snapshot) {
				refusal := s.apply(k, r, time.Now())
				for _, k := range kinds {
					s.follow(k, time.Now())
				}
				return refusal, s.builder.Snapshot()
			}
			tell()
			first, one := tell()
			if second, two := tell(); first != second || one != two && len(r.removed) == 0 && !duplicates(r) {
				t.Errorf("refusal %q and then %q; snapshots with %v and then %v", first, second, contents(one), contents(two))
			}
			for _, ref := range s.builder.Snapshot().Missing() {
				if sub := s.subscriptions[min(ref.Kind, rds)]; ref.Kind <= rds && !sub.wildcard && !sub.wants(ref.Name) {
					t.Errorf("%s %q is referred to and not asked for", ref.Kind, ref.Name)
				}
			}
		}
	})
}

func duplicates(r *response) bool {
	seen := map[string]bool{}
	for _, res := range r.resources {
		name, _ := res.identify(cds)
		if inside := nameIn(res.body.GetValue()); seen[name] || seen[inside] {
			return true
		}
		seen[name] = true
	}
	return false
}
