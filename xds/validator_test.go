package xds

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/amesh-render/amesh-render/internal/mutate"
	"github.com/amesh-render/amesh-render/xds/encoded"
	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// resourcesOf are the resources of all recorded proxies but the large one.
func resourcesOf(tb testing.TB) (all []*anypb.Any) {
	tb.Helper()
	for _, pattern := range []string{"snapshot/testdata/*/config_dump.json", capturesDir + "/*/*/config_dump.json"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			tb.Fatal(err)
		}
		for _, name := range files {
			f, err := os.Open(name)
			if err != nil {
				tb.Fatal(err)
			}
			s, err := snapshot.Decode(snapshot.Source{Name: name, Reader: f})
			if f.Close(); err != nil {
				tb.Fatal(err)
			}
			for _, m := range mutate.Resources(s) {
				if k, _ := snapshot.KindOf(m); k <= rds {
					all = append(all, packed(m))
				}
			}
		}
	}
	return all
}

// judge checks what the validator says of a resource against what decoding it says.
func judge(t *testing.T, v *validator, k snapshot.Kind, wire []byte) (sound bool) {
	t.Helper()
	name := nameIn(wire)
	refers, sound := v.sound(k, name, wire)
	if !sound {
		return false
	}
	m, err := decode(&anypb.Any{TypeUrl: k.TypeURL(), Value: wire})
	if err != nil {
		t.Fatalf("a sound %s is refused: %v\n%x", k, err, wire)
	}
	want := referredBy(m)
	slices.Sort(want)
	slices.Sort(refers)
	if !slices.Equal(refers, want) {
		t.Fatalf("%s refers to %q, want %q\n%x", k, refers, want, wire)
	}
	var b snapshot.Builder
	if err := b.PutWire(k, name, encoded.Of(wire)); err != nil {
		t.Fatal(err)
	}
	if got := mutate.Resources(b.Snapshot()); len(got) != 1 || !proto.Equal(got[0], m) {
		t.Fatalf("decoded later: %v, want %v\n%x", got, m, wire)
	}
	s := b.Snapshot()
	if err := b.Put(m); err != nil || b.Snapshot() != s {
		t.Fatalf("the same as a message is news (%v)\n%x", err, wire)
	}
	return true
}

// What real control planes send needs no decoding; and of what is like it, nothing is accepted that would not decode.
func TestValidator(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var v validator
	sound := 0
	for _, a := range resourcesOf(t) {
		k, _ := snapshot.KindOfTypeURL(a.GetTypeUrl())
		if !judge(t, &v, k, a.GetValue()) {
			t.Errorf("%s %q is not found sound", k, nameIn(a.GetValue()))
		}
		for range 20 {
			if judge(t, &v, k, mutated(random, a.GetValue())) {
				sound++
			}
		}
	}
	if sound == 0 {
		t.Error("no mutation is sound: the test tests nothing")
	}
}

// mutated is b with a few changes.
func mutated(r *rand.Rand, b []byte) []byte {
	b = slices.Clone(b)
	for range 1 + r.IntN(3) {
		i := r.IntN(len(b))
		switch r.IntN(5) {
		case 0:
			b[i] = byte(r.Uint32())
		case 1:
			b[i] ^= 1 << r.IntN(8)
		case 2:
			b = slices.Insert(b, i, byte(r.Uint32()))
		case 3:
			b = append(b, b[i:]...)
		default:
			b = append(b[:i:i], b[min(len(b)-1, i+1+r.IntN(8)):]...)
		}
	}
	return b
}

// Where parts of a resource come twice, what is in each says nothing of what they are together.
func TestValidatorLeavesWhatMergesToDecoding(t *testing.T) {
	marshal := func(ms ...proto.Message) (wire []byte) {
		for _, m := range ms {
			wire, _ = proto.MarshalOptions{}.MarshalAppend(wire, m)
		}
		return wire
	}
	bad := []byte{0xff}
	known := packed(route("r")).GetTypeUrl()
	filter := func(a *anypb.Any) *listenerv3.Filter {
		return &listenerv3.Filter{ConfigType: &listenerv3.Filter_TypedConfig{TypedConfig: a}}
	}
	twice := marshal(filter(&anypb.Any{TypeUrl: known}), filter(&anypb.Any{Value: bad}))
	chain := append([]byte{3<<3 | 2, byte(len(twice))}, twice...)
	l := append(marshal(&listenerv3.Listener{Name: "l"}), append([]byte{3<<3 | 2, byte(len(chain))}, chain...)...)
	var v validator
	if _, err := decode(&anypb.Any{TypeUrl: lds.TypeURL(), Value: l}); err == nil {
		t.Error("the type of one Any and the content of another decode together: the test tests nothing")
	}
	if _, ok := v.sound(lds, "l", l); ok {
		t.Error("an Any whose type and content come apart is found sound")
	}
	static := &clusterv3.Cluster{ClusterDiscoveryType: &clusterv3.Cluster_ClusterType{ClusterType: &clusterv3.Cluster_CustomClusterType{}}}
	if refers, ok := v.sound(cds, "a", marshal(cluster("a"), static)); ok {
		t.Errorf("a cluster of two types is found sound, and refers to %v", refers)
	}
}

// FuzzValidator: what the validator finds sound is decoded, refers to what the validator says, and is the same as a message.
func FuzzValidator(f *testing.F) {
	for _, m := range []proto.Message{cluster("a"), static("b"), endpoints("a", 80), listener("l", "80", "90"), route("80"),
		&routev3.RouteConfiguration{Name: "r", VirtualHosts: []*routev3.VirtualHost{
			{Name: "a", Domains: []string{"a"}, Routes: []*routev3.Route{{Name: "x"}}}, {Name: "a"}, {},
		}},
		&routev3.RouteConfiguration{Name: "r", TypedPerFilterConfig: map[string]*anypb.Any{"a": packed(listener("l", "80"))}},
	} {
		k, _ := snapshot.KindOf(m)
		f.Add(uint8(k-cds), packed(m).GetValue())
	}
	f.Fuzz(func(t *testing.T, kind uint8, wire []byte) {
		judge(t, new(validator), kinds[int(kind)%len(kinds)], wire)
	})
}
