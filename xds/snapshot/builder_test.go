package snapshot

import (
	"maps"
	"slices"
	"testing"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"google.golang.org/protobuf/proto"
)

func put(t *testing.T, b *Builder, ms ...proto.Message) {
	t.Helper()
	for _, m := range ms {
		if err := b.Put(m); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSnapshotsDoNotSeeLaterChanges(t *testing.T) {
	b := NewBuilder()
	a, other := &clusterv3.Cluster{Name: "a"}, &clusterv3.Cluster{Name: "b"}
	put(t, b, other, a, &listenerv3.Listener{Name: "l"}, &routev3.RouteConfiguration{Name: "r"},
		&endpointv3.ClusterLoadAssignment{ClusterName: "e"}, &tlsv3.Secret{Name: "s"})
	b.SetNode(&corev3.Node{Id: "one"})
	b.Note(Note{Resource: "cluster/a", Message: "odd"})
	before := b.Snapshot()
	want := []string{"cluster/a", "cluster/b", "endpoints/e", "listener/l", "route_config/r", "secret/s"}

	put(t, b, &clusterv3.Cluster{Name: "a", AltStatName: "new"}, &clusterv3.Cluster{Name: "c"})
	b.Remove(Cluster, "b")
	b.Remove(Listener, "l")
	if err := b.Replace(Secret, nil); err != nil {
		t.Fatal(err)
	}
	b.SetNode(&corev3.Node{Id: "two"})
	b.Note(Note{Resource: "dump", Message: "new"})
	after := b.Snapshot()

	equalStrings(t, "before", paths(before), want)
	if got, _ := before.Clusters().Get("a"); got != a {
		t.Errorf("cluster/a in the earlier snapshot is %p, want the pointer that was put, %p", got, a)
	}
	if before.Node().GetId() != "one" || len(before.Notes()) != 1 {
		t.Errorf("earlier snapshot: got node %v and notes %v", before.Node(), before.Notes())
	}
	equalStrings(t, "after", paths(after), []string{"cluster/a", "cluster/c", "endpoints/e", "route_config/r"})
	if after.Node().GetId() != "two" {
		t.Errorf("node: got %v, want two", after.Node())
	}
	equalStrings(t, "notes after cluster/a was put anew", notes(after), []string{"dump: new"})
}

func TestNothingChangedIsTheSameSnapshot(t *testing.T) {
	b := NewBuilder()
	a := &clusterv3.Cluster{Name: "a"}
	put(t, b, a)
	b.SetNode(&corev3.Node{Id: "n"})
	b.Note(Note{Resource: "dump", Message: "m"})
	s := b.Snapshot()
	put(t, b, &clusterv3.Cluster{Name: "a"})
	if err := b.Replace(Cluster, []proto.Message{&clusterv3.Cluster{Name: "a"}}); err != nil {
		t.Fatal(err)
	}
	b.Remove(Cluster, "none")
	b.Remove(Kind(99), "a")
	b.SetNode(&corev3.Node{Id: "n"})
	b.Note(Note{Resource: "dump", Message: "m"})
	if b.Snapshot() != s {
		t.Error("got another snapshot, want the same pointer")
	}
	put(t, b, &clusterv3.Cluster{Name: "b"})
	if got, _ := b.Snapshot().Clusters().Get("a"); got != a {
		t.Error("an equal resource has lost its pointer")
	}
}

func TestReplace(t *testing.T) {
	b := NewBuilder()
	a := &clusterv3.Cluster{Name: "a"}
	put(t, b, a, &clusterv3.Cluster{Name: "b"}, &listenerv3.Listener{Name: "l"})
	b.Note(Note{Resource: "cluster/b", Message: "odd"})
	if err := b.Replace(Cluster, []proto.Message{&clusterv3.Cluster{Name: "a"}, &clusterv3.Cluster{Name: "c"}}); err != nil {
		t.Fatal(err)
	}
	s := b.Snapshot()
	equalStrings(t, "resources", paths(s), []string{"cluster/a", "cluster/c", "listener/l"})
	equalStrings(t, "notes", notes(s), nil)
	if got, _ := s.Clusters().Get("a"); got != a {
		t.Error("an equal resource has lost its pointer")
	}
}

func TestBuilderRefuses(t *testing.T) {
	b := NewBuilder()
	put(t, b, &clusterv3.Cluster{Name: "a"})
	s := b.Snapshot()
	for _, test := range []struct {
		name string
		err  error
		want string
	}{
		{"a node", b.Put(&corev3.Node{Id: "x"}), "*corev3.Node is not a resource that a snapshot holds"},
		{"nothing", b.Put(nil), "<nil> is not a resource that a snapshot holds"},
		{"a nil cluster", b.Put((*clusterv3.Cluster)(nil)), "cluster without a name"},
		{"no name", b.Put(&endpointv3.ClusterLoadAssignment{}), "endpoints without a name"},
		{"another kind", b.Replace(Cluster, []proto.Message{&clusterv3.Cluster{Name: "b"}, &listenerv3.Listener{Name: "l"}}),
			"resource 1: listener/l among resources of kind cluster"},
		{"no kind", b.Replace(0, nil), "replace: Kind(0) is not a kind of resource"},
	} {
		if test.err == nil || test.err.Error() != test.want {
			t.Errorf("%s: got %v, want %q", test.name, test.err, test.want)
		}
	}
	if b.Snapshot() != s {
		t.Error("a refused message has changed the builder")
	}
}

func TestZeroValues(t *testing.T) {
	var s Snapshot
	if s.Clusters().Len() != 0 || s.Node().GetId() != "" || len(s.References()) != 0 || len(s.Missing()) != 0 {
		t.Error("the zero snapshot is not empty")
	}
	equal(t, decode(t, dump(t, &s)), &s)
	var b Builder
	b.Remove(Cluster, "x")
	put(t, &b, &clusterv3.Cluster{Name: "a"})
	equalStrings(t, "the zero builder", paths(b.Snapshot()), []string{"cluster/a"})
}

func TestKinds(t *testing.T) {
	want := map[Kind]string{Cluster: "cluster", Endpoints: "endpoints", Listener: "listener",
		RouteConfiguration: "route_config", Secret: "secret"}
	urls := map[string]bool{}
	for k, name := range want {
		if k.String() != name {
			t.Errorf("got %q, want %q", k, name)
		}
		if got, ok := KindOfTypeURL(k.TypeURL()); !ok || got != k {
			t.Errorf("%s: its type URL %q is of kind %v", k, k.TypeURL(), got)
		}
		urls[k.TypeURL()] = true
	}
	equalStrings(t, "type URLs", slices.Sorted(maps.Keys(urls)), []string{
		"type.googleapis.com/envoy.config.cluster.v3.Cluster",
		"type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment",
		"type.googleapis.com/envoy.config.listener.v3.Listener",
		"type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
		"type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret",
	})
	for _, url := range []string{"", "type.googleapis.com/", "type.googleapis.com/envoy.api.v2.Cluster", "cluster"} {
		if k, ok := KindOfTypeURL(url); ok {
			t.Errorf("%q is of kind %s, want none", url, k)
		}
	}
	if Kind(0).TypeURL() != "" || Kind(-1).String() != "Kind(-1)" {
		t.Error("an invalid kind has a type URL or no readable form")
	}
}

func TestEndpointsName(t *testing.T) {
	eds := &clusterv3.Cluster_Type{Type: clusterv3.Cluster_EDS}
	service := &clusterv3.Cluster_EdsClusterConfig{ServiceName: "s"}
	for _, test := range []struct {
		c    *clusterv3.Cluster
		want string
	}{
		{&clusterv3.Cluster{Name: "a", ClusterDiscoveryType: eds}, "a"},
		{&clusterv3.Cluster{Name: "a", ClusterDiscoveryType: eds, EdsClusterConfig: service}, "s"},
		{&clusterv3.Cluster{Name: "a", EdsClusterConfig: service}, ""},
		{&clusterv3.Cluster{Name: "a", ClusterDiscoveryType: &clusterv3.Cluster_ClusterType{}}, ""},
		{nil, ""},
	} {
		if got := EndpointsName(test.c); got != test.want {
			t.Errorf("%v: got %q, want %q", test.c, got, test.want)
		}
	}
}
