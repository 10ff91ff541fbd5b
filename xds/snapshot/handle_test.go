package snapshot

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/amesh-render/amesh-render/xds/encoded"
)

func encode(t testing.TB, m proto.Message) []byte {
	t.Helper()
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func putWire(t testing.TB, b *Builder, k Kind, name string, wire []byte) {
	t.Helper()
	if err := b.PutWire(k, name, encoded.Of(wire)); err != nil {
		t.Fatal(err)
	}
}

// ways are the ways in which a resource gets into a builder.
var ways = map[string]func(t testing.TB, b *Builder, m proto.Message){
	"message": func(t testing.TB, b *Builder, m proto.Message) { must(t, b.Put(proto.Clone(m))) },
	"wire": func(t testing.TB, b *Builder, m proto.Message) {
		k, _ := KindOf(m)
		putWire(t, b, k, NameOf(m), encode(t, m))
	},
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func host(name string, domains ...string) *routev3.VirtualHost {
	return &routev3.VirtualHost{Name: name, Domains: domains}
}

func hosts(r *Resource[*routev3.RouteConfiguration]) []*Resource[*routev3.VirtualHost] {
	_, hosts := Split(r)
	return hosts
}

// A virtual host keeps its handle while the others change, come, go or move.
func TestVirtualHostsKeepTheirHandles(t *testing.T) {
	before := []*routev3.VirtualHost{host("a", "1"), host("b", "1"), host("c", "1"), host("twin", "1"), host("twin", "2"), host("d", "1")}
	for _, test := range []struct {
		name  string
		after []*routev3.VirtualHost
		from  []int // where each was before; -1 for what is new
	}{
		{"same", before, []int{0, 1, 2, 3, 4, 5}},
		{"one changed", []*routev3.VirtualHost{before[0], host("b", "2"), before[2], before[3], before[4], before[5]}, []int{0, -1, 2, 3, 4, 5}},
		{"one new", []*routev3.VirtualHost{host("0"), before[0], before[1], host("x"), before[2]}, []int{-1, 0, 1, -1, 2}},
		{"one gone", []*routev3.VirtualHost{before[0], before[2], before[5]}, []int{0, 2, 5}},
		{"reversed", []*routev3.VirtualHost{before[5], before[2], before[1], before[0]}, []int{5, 2, 1, 0}},
		{"twice", []*routev3.VirtualHost{before[0], before[0]}, []int{0, -1}},
		{"twins swapped", []*routev3.VirtualHost{before[4], before[3]}, []int{4, 3}},
		{"none", nil, nil},
	} {
		for first, put := range ways {
			for second, putAgain := range ways {
				var b Builder
				put(t, &b, &routev3.RouteConfiguration{Name: "r", VirtualHosts: before, InternalOnlyHeaders: []string{"x"}})
				old := b.Snapshot().RouteConfigurations().Resource("r")
				want := &routev3.RouteConfiguration{Name: "r", VirtualHosts: test.after, InternalOnlyHeaders: []string{"x"}}
				putAgain(t, &b, want)
				now := b.Snapshot().RouteConfigurations().Resource("r")
				var from []int
				for _, h := range hosts(now) {
					from = append(from, slices.Index(hosts(old), h))
				}
				what := fmt.Sprintf("%s, %s and then %s", test.name, first, second)
				if !slices.Equal(from, test.from) {
					t.Errorf("%s: handles of %v, want %v", what, from, test.from)
				}
				oldBare, _ := Split(old)
				bare, _ := Split(now)
				if bare != oldBare || len(bare.Message().GetVirtualHosts()) != 0 || bare.Message().GetInternalOnlyHeaders()[0] != "x" {
					t.Errorf("%s: the configuration without virtual hosts is %v", what, bare.Message())
				}
				if !proto.Equal(now.Message(), want) {
					t.Errorf("%s: got %v, want %v", what, now.Message(), want)
				}
				if (now == old) != (test.name == "same") {
					t.Errorf("%s: the handle of the whole is the same: %v", what, now == old)
				}
			}
		}
	}
}

func TestConfigurationChangesWithoutItsVirtualHosts(t *testing.T) {
	for name, put := range ways {
		var b Builder
		put(t, &b, &routev3.RouteConfiguration{Name: "r", VirtualHosts: []*routev3.VirtualHost{host("a")}})
		old := b.Snapshot().RouteConfigurations().Resource("r")
		put(t, &b, &routev3.RouteConfiguration{Name: "r", VirtualHosts: []*routev3.VirtualHost{host("a")}, MostSpecificHeaderMutationsWins: true})
		now := b.Snapshot().RouteConfigurations().Resource("r")
		oldBare, _ := Split(old)
		if bare, _ := Split(now); bare == oldBare || now == old || hosts(now)[0] != hosts(old)[0] {
			t.Errorf("%s: got handles %p, %p and %p after %p, %p and %p", name, now, bare, hosts(now)[0], old, oldBare, hosts(old)[0])
		}
	}
}

// The order of a map, of fields and unknown fields make other bytes, not another resource.
func TestOtherBytesAreTheSameResource(t *testing.T) {
	field := func(n protowire.Number, m proto.Message) []byte {
		return protowire.AppendBytes(protowire.AppendTag(nil, n, protowire.BytesType), encode(t, m))
	}
	strange := protowire.AppendVarint(protowire.AppendTag(nil, 9000, protowire.VarintType), 1)
	name := encode(t, &clusterv3.Cluster{Name: "a"}) // field 1 in all of them
	one, two := field(1, mapEntry("x")), field(1, mapEntry("y"))
	metadata := func(entries ...[]byte) []byte {
		return protowire.AppendBytes(protowire.AppendTag(nil, 25, protowire.BytesType), slices.Concat(entries...))
	}
	hostA, hostB := field(2, host("a", "1")), field(2, host("b", "1"))
	swapped := protowire.AppendBytes(protowire.AppendTag(nil, 2, protowire.BytesType),
		append(protowire.AppendString(protowire.AppendTag(nil, 2, protowire.BytesType), "1"), encode(t, host("b"))...))
	for _, test := range []struct {
		name   string
		kind   Kind
		of, to []byte
	}{
		{"map", Cluster, slices.Concat(name, metadata(one, two)), slices.Concat(name, metadata(two, one))},
		{"unknown field", Cluster, slices.Concat(name, strange), slices.Concat(strange, name)},
		{"field order of a configuration", RouteConfiguration, slices.Concat(name, strange, hostA, hostB), slices.Concat(hostA, strange, hostB, name)},
		{"field order of a virtual host", RouteConfiguration, slices.Concat(name, hostA, hostB), slices.Concat(name, hostA, swapped)},
	} {
		var b Builder
		putWire(t, &b, test.kind, "a", test.of)
		s := b.Snapshot()
		for range 2 { // the second time by the bytes alone
			putWire(t, &b, test.kind, "a", test.to)
			putWire(t, &b, test.kind, "a", test.of)
		}
		if b.Snapshot() != s {
			t.Errorf("%s: other bytes that say the same make another snapshot", test.name)
		}
		putWire(t, &b, test.kind, "a", slices.Concat(test.to, strange, strange))
		if b.Snapshot() == s {
			t.Errorf("%s: more unknown fields are no news", test.name)
		}
	}
}

// mapEntry is an entry of Metadata.filter_metadata, in the place of the message that protobuf has for it.
func mapEntry(key string) proto.Message {
	return &corev3.TypedExtensionConfig{Name: key}
}

func TestChanged(t *testing.T) {
	var b Builder
	none := b.Snapshot().Clusters()
	put(t, &b, &clusterv3.Cluster{Name: "b"}, &clusterv3.Cluster{Name: "d"}, &clusterv3.Cluster{Name: "f"})
	before := b.Snapshot().Clusters()
	put(t, &b, &clusterv3.Cluster{Name: "a"}, &clusterv3.Cluster{Name: "d", AltStatName: "x"}, &clusterv3.Cluster{Name: "f"}, &clusterv3.Cluster{Name: "g"})
	b.Remove(Cluster, "b")
	after := b.Snapshot().Clusters()
	for _, test := range []struct {
		name   string
		of, to Set[*clusterv3.Cluster]
		want   []string
	}{
		{"on", before, after, []string{"a", "b", "d", "g"}},
		{"back", after, before, []string{"a", "b", "d", "g"}},
		{"same", after, after, nil},
		{"all new", none, before, []string{"b", "d", "f"}},
		{"all gone", before, none, []string{"b", "d", "f"}},
		{"none", none, none, nil},
	} {
		equalStrings(t, test.name, Changed(test.of, test.to), test.want)
	}
	equalStrings(t, "names", after.Names(), []string{"a", "d", "f", "g"})
	if after.Resource("b") != nil || after.Resource("d").Name() != "d" || after.Resource("b").Message() != nil {
		t.Error("resources are not found by name")
	}
}

// What is loaded again is news only where it has changed.
func TestLoad(t *testing.T) {
	text := `{"resources":[` + bare(clusterB) + `,` + routesR + `]}`
	var b Builder
	b.Load(decode(t, text))
	s := b.Snapshot()
	equal(t, s, decode(t, text))
	b.Load(decode(t, text))
	if b.Snapshot() != s {
		t.Error("the same content makes another snapshot")
	}
	b.Load(decode(t, `{"resources":[`+routesR+`,`+listenerL+`]}`))
	now := b.Snapshot()
	equal(t, now, decode(t, `{"resources":[`+routesR+`,`+listenerL+`]}`))
	if got := Changed(s.RouteConfigurations(), now.RouteConfigurations()); got != nil {
		t.Errorf("%q are said to have changed", got)
	}
}

func TestPutWireRefuses(t *testing.T) {
	var b Builder
	for _, test := range []struct {
		err  error
		want string
	}{
		{b.PutWire(0, "a", encoded.Message{}), "put: Kind(0) is not a kind of resource"},
		{b.PutWire(Cluster, "", encoded.Message{}), "cluster without a name"},
	} {
		if test.err == nil || test.err.Error() != test.want {
			t.Errorf("got %v, want %q", test.err, test.want)
		}
	}
	putWire(t, &b, Cluster, "a", encode(t, &clusterv3.Cluster{Name: "a"}))
	b.Note(Note{Resource: "cluster/a", Message: "odd"})
	putWire(t, &b, Cluster, "a", encode(t, &clusterv3.Cluster{Name: "a"}))
	equalStrings(t, "notes after it was put anew", notes(b.Snapshot()), nil)
}

// A dump of what came over the wire is that of the messages.
func TestDumpOfWire(t *testing.T) {
	for _, c := range captures(t) {
		want := decode(t, readFile(t, c.dump))
		var b Builder
		b.SetNode(want.Node())
		for _, m := range contents(want) {
			ways["wire"](t, &b, m)
		}
		if got := dump(t, b.Snapshot()); got != dump(t, want) {
			t.Errorf("%s: the dump of what came over the wire differs", c.name)
		}
	}
}

// Snapshots are read while the builder goes on.
func TestHandlesAreReadConcurrently(t *testing.T) {
	var b Builder
	version := func(n int) *routev3.RouteConfiguration {
		return &routev3.RouteConfiguration{Name: "r", VirtualHosts: []*routev3.VirtualHost{host("a"), host("b", fmt.Sprint(n))}}
	}
	var group sync.WaitGroup
	for n := range 100 {
		ways["wire"](t, &b, version(n))
		metadata := &structpb.Struct{Fields: map[string]*structpb.Value{"x": structpb.NewNumberValue(1), "y": structpb.NewNumberValue(2)}}
		wire, _ := proto.Marshal(&endpointv3.ClusterLoadAssignment{ClusterName: "e", Endpoints: []*endpointv3.LocalityLbEndpoints{{
			Metadata: &corev3.Metadata{FilterMetadata: map[string]*structpb.Struct{"istio": metadata}},
		}}})
		putWire(t, &b, Endpoints, "e", wire) // maps come in any order
		s := b.Snapshot()
		group.Go(func() {
			r := s.RouteConfigurations().Resource("r")
			if _, hosts := Split(r); len(hosts) != 2 || !proto.Equal(r.Message(), version(n)) {
				t.Errorf("version %d: got %v", n, r.Message())
			}
			if e, ok := s.Endpoints().Get("e"); !ok || len(e.GetEndpoints()) != 1 {
				t.Errorf("version %d: got %v", n, e)
			}
		})
	}
	group.Wait()
}
