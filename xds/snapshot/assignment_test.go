package snapshot

import (
	"math/rand/v2"
	"slices"
	"testing"

	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// oddAssignment has what endpoints of meshes have, and at least one of everything else.
const oddAssignment = `{"cluster_name":"a","policy":{"overprovisioning_factor":1},"named_endpoints":{"x":{"hostname":"h"}},"endpoints":[
 {"locality":{"region":"r"},"priority":1,"load_balancing_weight":3,"metadata":{"filter_metadata":{"l":{}}},"lb_endpoints":[
  {"endpoint":{"address":{"socket_address":{"address":"10.0.0.1","port_value":1}}},"health_status":"HEALTHY","load_balancing_weight":1,
   "metadata":{"filter_metadata":{"istio":{"workload":"w"}}}},
  {"endpoint":{"address":{"socket_address":{"address":"10.0.0.2","port_value":2,"protocol":"UDP"}},"hostname":"h"},"load_balancing_weight":1,
   "metadata":{"filter_metadata":{"istio":{"workload":"w"}}}},
  {"endpoint":{"address":{"socket_address":{"address":"10.0.0.2","named_port":"x","ipv4_compat":true}},"health_check_config":{"port_value":3}},
   "metadata":{"filter_metadata":{"istio":{"workload":"v"}}}},
  {"endpoint":{"address":{"pipe":{"path":"/p"}},"additional_addresses":[{}]}},
  {"endpoint":{"address":{"socket_address":{}}}}, {"endpoint":{"address":{}}}, {"endpoint":{}}, {"endpoint_name":"x"}, {}]},
 {"lb_endpoints":[{"endpoint":{"hostname":"a"}},{"metadata":{}}],"leds_cluster_locality_config":{"leds_collection_name":"c"}}, {}]}`

func oddWire(t testing.TB) []byte {
	m := new(endpointv3.ClusterLoadAssignment)
	must(t, protojson.Unmarshal([]byte(oddAssignment), m))
	return encode(t, m)
}

// sameAsProtobuf checks what is decoded against what protobuf decodes.
func sameAsProtobuf(t *testing.T, wire []byte) {
	t.Helper()
	want, got := new(endpointv3.ClusterLoadAssignment), new(endpointv3.ClusterLoadAssignment)
	err := proto.Unmarshal(wire, want)
	ok := decodeAssignment(wire, got)
	switch {
	case ok && err != nil:
		t.Errorf("what protobuf refuses (%v) is decoded: %x", err, wire)
	case !ok && err == nil:
		t.Errorf("what protobuf decodes is refused: %x", wire)
	case ok && !proto.Equal(got, want):
		t.Errorf("got %v, want %v, from %x", got, want, wire)
	case ok && !slices.Equal(encode(t, got), encode(t, want)):
		t.Errorf("encoded again, %v is not %v", got, want)
	}
}

func TestDecodeAssignment(t *testing.T) {
	odd := oddWire(t)
	sameAsProtobuf(t, odd)
	sameAsProtobuf(t, slices.Concat(odd, odd))
	for _, c := range captures(t) {
		for _, m := range decode(t, readFile(t, c.dump)).Endpoints().All() {
			sameAsProtobuf(t, encode(t, m))
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		b := slices.Clone(odd)
		i, j := random.IntN(len(b)), random.IntN(len(b))
		switch random.IntN(3) {
		case 0:
			b[i] = byte(random.Uint32())
		case 1:
			b = slices.Insert(b, i, odd[j:min(len(odd), j+random.IntN(20))]...)
		default:
			b = slices.Delete(b, min(i, j), min(max(i, j), min(i, j)+8))
		}
		sameAsProtobuf(t, b)
	}
}

// FuzzDecodeAssignment: what is decoded by hand is what protobuf decodes.
func FuzzDecodeAssignment(f *testing.F) {
	f.Add(oddWire(f))
	f.Add(encode(f, &endpointv3.ClusterLoadAssignment{ClusterName: "a", Endpoints: []*endpointv3.LocalityLbEndpoints{{
		LbEndpoints: []*endpointv3.LbEndpoint{{HealthStatus: 1}, {HealthStatus: 1}},
	}}}))
	f.Fuzz(sameAsProtobuf)
}

func BenchmarkDecodeAssignments(b *testing.B) {
	var builder Builder
	s := largeSnapshot(b)
	size := int64(0)
	for name, m := range s.Endpoints().All() {
		wire := encode(b, m)
		size += int64(len(wire))
		putWire(b, &builder, Endpoints, name, wire)
	}
	set := builder.Snapshot().Endpoints()
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		for range set.All() {
		}
	}
}
