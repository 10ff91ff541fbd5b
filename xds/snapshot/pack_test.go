package snapshot

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/proto"
)

// alike are resources that differ in their names, as those of a mesh do, and some that are like no other.
func alike(version int) (ms []proto.Message) {
	routes := &routev3.RouteConfiguration{Name: "r"}
	for n := range 1000 {
		name := fmt.Sprintf("outbound|80||service-%d.v%d.svc.cluster.local", n, version)
		ms = append(ms, &clusterv3.Cluster{Name: fmt.Sprint("c", n), AltStatName: name + ";" + name, LbPolicy: clusterv3.Cluster_RANDOM},
			&endpointv3.ClusterLoadAssignment{ClusterName: fmt.Sprint("e", n), NamedEndpoints: map[string]*endpointv3.Endpoint{"x": {Hostname: name}}})
		routes.VirtualHosts = append(routes.VirtualHosts, host(fmt.Sprint("h", n), name, name+":80", "*."+name))
	}
	long := strings.Repeat("x", 100_000)
	ms = append(ms, &clusterv3.Cluster{Name: "long", AltStatName: long}, &clusterv3.Cluster{Name: "longer", AltStatName: long + "y"}, routes)
	return ms
}

// held is how many bytes a snapshot holds encoded.
func held(s *Snapshot) (n int) {
	for _, r := range s.clusters.resources {
		n += len(r.wire.Load().Bytes)
	}
	for _, r := range s.endpoints.resources {
		n += len(r.wire.Load().Bytes)
	}
	for _, r := range s.routes.resources {
		for _, h := range r.parts.hosts {
			n += len(h.wire.Load().Bytes)
		}
	}
	return n
}

// TestPack: what is packed takes a fraction of the bytes, says the same, and is known when it comes again, in any form.
func TestPack(t *testing.T) {
	var b Builder
	var p Packer
	for version := range 3 { // of several dictionaries
		want := alike(version)
		for _, m := range want {
			ways["wire"](t, &b, m)
		}
		s := b.Snapshot()
		before, text := held(s), dump(t, s)
		p.Pack(s)
		if after := held(s); after > before/2 {
			t.Errorf("version %d: %d bytes of %d are left, want less than a half", version, after, before)
		}
		if dump(t, s) != text {
			t.Errorf("version %d: the packed resources say something else", version)
		}
		for range 2 {
			for _, m := range want {
				for _, put := range ways {
					put(t, &b, m)
				}
			}
			if b.Snapshot() != s {
				t.Fatalf("version %d: what comes again is taken for new", version)
			}
			p.Pack(s)
		}
		var other Builder
		other.Load(s)
		if again := other.Snapshot(); dump(t, again) != text {
			t.Errorf("version %d: another builder that loads the snapshot has another", version)
		}
	}
}

// TestPackWhileRead: others read what is being packed.
func TestPackWhileRead(t *testing.T) {
	var b Builder
	for _, m := range alike(0) {
		ways["wire"](t, &b, m)
	}
	s := b.Snapshot()
	var group sync.WaitGroup
	for range 2 {
		group.Go(func() {
			for name, c := range s.Clusters().All() {
				if c.GetName() != name {
					t.Errorf("%s is read as %v", name, c)
				}
			}
		})
	}
	new(Packer).Pack(s)
	group.Wait()
}

func BenchmarkPack(b *testing.B) {
	messages := alike(0)
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		var builder Builder
		for _, m := range messages {
			ways["wire"](b, &builder, m)
		}
		s := builder.Snapshot()
		b.SetBytes(int64(held(s)))
		b.StartTimer()
		new(Packer).Pack(s)
	}
}
