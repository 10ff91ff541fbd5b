package xds

import (
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	statuspb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
)

// someResponses are responses of both kinds, with all that a server may send.
func someResponses(t testing.TB) (sotw, delta []byte) {
	a, b := asAny(cluster("a")), asAny(cluster("b"))
	failure := []*discoveryv3.ResourceError{{ResourceName: &discoveryv3.ResourceName{Name: "c"}, ErrorDetail: &statuspb.Status{Code: 5}}}
	all := []proto.Message{
		&discoveryv3.DiscoveryResponse{VersionInfo: "v", Nonce: "n", TypeUrl: a.TypeUrl, Resources: []*anypb.Any{a, b, asAny(listener("l")), {}},
			ResourceErrors: failure, Canary: true},
		&discoveryv3.DeltaDiscoveryResponse{SystemVersionInfo: "v", Nonce: "n", TypeUrl: a.TypeUrl, RemovedResources: []string{"d"}, ResourceErrors: failure,
			Resources: []*discoveryv3.Resource{{Name: "a", Version: "1", Resource: a}, {Name: "b", Resource: b, Aliases: []string{"z"}}, {Name: "c", Ttl: &durationpb.Duration{Seconds: 1}}, {}}},
	}
	var wires [2][]byte
	for i, m := range all {
		wire, err := proto.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		wires[i] = wire
	}
	return wires[0], wires[1]
}

// checkCodec compares the codec with protobuf.
func checkCodec[T proto.Message](t *testing.T, wire []byte) {
	t.Helper()
	var zero T
	got, want := zero.ProtoReflect().New().Interface(), zero.ProtoReflect().New().Interface()
	err := newCodec().Unmarshal(mem.BufferSlice{mem.SliceBuffer(wire)}, got)
	if wrong := proto.Unmarshal(wire, want); (err == nil) != (wrong == nil) {
		t.Fatalf("the error is %v, protobuf's %v, of %x", err, wrong, wire)
	}
	if err == nil && !proto.Equal(got, want) {
		t.Errorf("got %v, want %v, from %x", got, want, wire)
	}
}

// TestCodec: what the codec decodes is what protobuf decodes, also from what is broken or comes twice.
func TestCodec(t *testing.T) {
	sotw, delta := someResponses(t)
	random := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		a, b := altered(random, sotw), altered(random, delta)
		checkCodec[*discoveryv3.DiscoveryResponse](t, a)
		checkCodec[*discoveryv3.DeltaDiscoveryResponse](t, b)
	}
	checkCodec[*discoveryv3.DiscoveryResponse](t, sotw)
	checkCodec[*discoveryv3.DeltaDiscoveryResponse](t, delta)
	checkCodec[*discoveryv3.DiscoveryRequest](t, sotw)
}

func altered(random *rand.Rand, wire []byte) []byte {
	i, j := random.IntN(len(wire)), random.IntN(len(wire))
	switch random.IntN(3) {
	case 0:
		wire = slices.Clone(wire)
		wire[i] = byte(random.Uint32())
		return wire
	case 1:
		return slices.Insert(slices.Clone(wire), i, wire[j:min(len(wire), j+random.IntN(40))]...)
	}
	return slices.Delete(slices.Clone(wire), min(i, j), min(max(i, j), min(i, j)+8))
}

func FuzzCodec(f *testing.F) {
	sotw, delta := someResponses(f)
	f.Add(sotw, delta)
	f.Fuzz(func(t *testing.T, a, b []byte) {
		checkCodec[*discoveryv3.DiscoveryResponse](t, a)
		checkCodec[*discoveryv3.DeltaDiscoveryResponse](t, b)
	})
}

// TestResponseIsNotKept: of a response's memory nothing is kept, or one new resource would keep all others.
func TestResponseIsNotKept(t *testing.T) {
	response, err := proto.Marshal(&discoveryv3.DiscoveryResponse{TypeUrl: asAny(cluster("a")).TypeUrl, Resources: []*anypb.Any{asAny(static("a"))}})
	if err != nil {
		t.Fatal(err)
	}
	m := new(discoveryv3.DiscoveryResponse)
	if err := UnmarshalResponse(response, m); err != nil {
		t.Fatal(err)
	}
	if value := m.Resources[0].Value; !within(value, response) {
		t.Error("the response is copied when it is decoded")
	}
	l := NewLocal(nil)
	if err := l.Apply(m); err != nil {
		t.Fatal(err)
	}
	want := l.Snapshot().Clusters().Resources()[0].Message()
	clear(response)
	if got := l.Snapshot().Clusters().Resources()[0].Message(); !proto.Equal(got, want) || got.GetName() != "a" {
		t.Errorf("what is held is a part of the response: %v", got)
	}
}

// within reports whether a is a part of b.
func within(a, b []byte) bool {
	start, end := uintptr(unsafe.Pointer(&b[0])), uintptr(unsafe.Pointer(&b[0]))+uintptr(len(b))
	at := uintptr(unsafe.Pointer(&a[0]))
	return start <= at && at < end
}
