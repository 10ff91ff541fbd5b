package snapshot

import (
	"math/rand/v2"
	"slices"
	"testing"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/amesh-render/amesh-render/xds/encoded"
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

const oddCluster = `{"name":"a","alt_stat_name":"b","type":"EDS","lb_policy":"MAGLEV","connect_timeout":"1s","cleanup_interval":"2s",
 "eds_cluster_config":{"eds_config":{"ads":{},"resource_api_version":"V3"},"service_name":"s"},"dns_lookup_family":"V4_ONLY",
 "circuit_breakers":{"thresholds":[{"max_connections":3}]},"common_lb_config":{"healthy_panic_threshold":{"value":50}},
 "metadata":{"filter_metadata":{"istio":{"a":null,"b":1.5,"c":"x","d":true,"e":{"f":[1,"y",{},[]]}},"l":{}},
  "typed_filter_metadata":{"t":{"@type":"type.googleapis.com/google.protobuf.Duration","value":"1s"}}},
 "transport_socket":{"name":"envoy.transport_sockets.raw_buffer"},"upstream_bind_config":{"source_address":{"address":"::6","port_value":0}},
 "typed_extension_protocol_options":{"o":{"@type":"type.googleapis.com/google.protobuf.Duration","value":"1s"},"p":{}},
 "filters":[{"name":"f"},{"name":"f"}],"ring_hash_lb_config":{"minimum_ring_size":1},
 "transport_socket_matches":[{"name":"m","match":{"tlsMode":"istio"},"transport_socket":{"name":"s"}},{"match":{}},{}]}`

const oddHost = `{"name":"h","domains":["a","*"],"include_request_attempt_count":true,"require_tls":"ALL","retry_policy":{"retry_on":"5xx"},
 "metadata":{"filter_metadata":{"l":{"m":[]}}},"routes":[
 {"name":"r","match":{"prefix":"/"},"route":{"cluster":"c","timeout":"1s","max_grpc_timeout":"0s","retry_policy":{"retry_on":"reset"},
  "prefix_rewrite":"/x","host_rewrite_literal":"y","cluster_not_found_response_code":"NOT_FOUND"},"decorator":{"operation":"o"},
  "metadata":{"filter_metadata":{"istio":{"config":"/apis/x"}}},"typed_per_filter_config":{"f":{}},"request_headers_to_remove":["z"]},
 {"match":{"path":"/w"},"route":{"weighted_clusters":{"clusters":[{"name":"v","weight":1}]}}},
 {"match":{"safe_regex":{"regex":"."}},"route":{"cluster_header":"x-c"}}, {"match":{"prefix":"/r"},"redirect":{"host_redirect":"e"}},
 {"direct_response":{"status":404}}, {"filter_action":{}}, {"non_forwarding_action":{}}, {}]}`

// sameAsProtobuf checks what a reader makes of a resource against what protobuf makes of it, by a reader that has decoded
// others before.
func sameAsProtobuf[T proto.Message](t *testing.T, d *Reader, wire []byte) {
	t.Helper()
	r := encodedResource[T]("", encoded.Of(wire))
	want := r.Message()
	if err := proto.Unmarshal(wire, want); err != nil { // such a resource is never put
		Read(d, r)
		return
	}
	got := Read(d, r)
	if !proto.Equal(got, want) {
		t.Errorf("got %v, want %v, from %x", got, want, wire)
	} else if !slices.Equal(encode(t, got), encode(t, want)) {
		t.Errorf("encoded again, %v is not %v", got, want)
	}
}

// odd are resources that have what most have, and at least one of everything else that a Reader treats in a way of its own.
func odd(t testing.TB) (assignment, cluster, host []byte) {
	encoded := func(m proto.Message, text string) []byte {
		must(t, protojson.Unmarshal([]byte(text), m))
		return encode(t, m)
	}
	return encoded(new(endpointv3.ClusterLoadAssignment), oddAssignment), encoded(new(clusterv3.Cluster), oddCluster),
		encoded(new(routev3.VirtualHost), oddHost)
}

// TestReader compares with protobuf what a Reader makes of resources, of twice the same fields in one, and of broken ones.
func TestReader(t *testing.T) {
	var d Reader
	for _, c := range captures(t) {
		s := decode(t, readFile(t, c.dump))
		for _, m := range s.Endpoints().All() {
			sameAsProtobuf[*endpointv3.ClusterLoadAssignment](t, &d, encode(t, m))
		}
		for _, m := range s.Clusters().All() {
			sameAsProtobuf[*clusterv3.Cluster](t, &d, encode(t, m))
		}
		for _, m := range s.RouteConfigurations().All() {
			for _, h := range m.GetVirtualHosts() {
				sameAsProtobuf[*routev3.VirtualHost](t, &d, encode(t, h))
			}
		}
	}
	assignment, cluster, host := odd(t)
	broken(assignment, func(b []byte) { sameAsProtobuf[*endpointv3.ClusterLoadAssignment](t, &d, b) })
	broken(cluster, func(b []byte) { sameAsProtobuf[*clusterv3.Cluster](t, &d, b) })
	broken(host, func(b []byte) { sameAsProtobuf[*routev3.VirtualHost](t, &d, b) })
}

// broken yields an encoded message, the message twice over, and many variants with an error or something twice.
func broken(wire []byte, yield func([]byte)) {
	yield(wire)
	yield(slices.Concat(wire, wire))
	random := rand.New(rand.NewPCG(1, 2))
	for range 700 {
		b := slices.Clone(wire)
		i, j := random.IntN(len(b)), random.IntN(len(b))
		switch random.IntN(3) {
		case 0:
			b[i] = byte(random.Uint32())
		case 1:
			b = slices.Insert(b, i, wire[j:min(len(wire), j+random.IntN(20))]...)
		default:
			b = slices.Delete(b, min(i, j), min(max(i, j), min(i, j)+8))
		}
		yield(b)
		yield(wire) // what is broken has left no trace
	}
}

// TestReaderShares: what resources repeat is the same message.
func TestReaderShares(t *testing.T) {
	_, wire, _ := odd(t)
	var d Reader
	first, second := Read(&d, encodedResource[*clusterv3.Cluster]("", encoded.Of(wire))), Read(&d, encodedResource[*clusterv3.Cluster]("", encoded.Of(wire)))
	if first == second || first.GetCircuitBreakers() != second.GetCircuitBreakers() || first.GetMetadata() != second.GetMetadata() {
		t.Error("two clusters share nothing, or are the same message")
	}
}

// FuzzReader: what is decoded by hand is what protobuf decodes.
func FuzzReader(f *testing.F) {
	assignment, cluster, host := odd(f)
	f.Add(assignment, cluster, host)
	f.Add(encode(f, &endpointv3.ClusterLoadAssignment{ClusterName: "a", Endpoints: []*endpointv3.LocalityLbEndpoints{{
		LbEndpoints: []*endpointv3.LbEndpoint{{HealthStatus: 1}, {HealthStatus: 1}},
	}}}), encode(f, &clusterv3.Cluster{Name: "a"}), encode(f, &routev3.VirtualHost{Name: "a"}))
	f.Fuzz(func(t *testing.T, a, b, c []byte) {
		var d Reader
		for range 2 { // the second time with what the first has left
			sameAsProtobuf[*endpointv3.ClusterLoadAssignment](t, &d, a)
			sameAsProtobuf[*clusterv3.Cluster](t, &d, b)
			sameAsProtobuf[*routev3.VirtualHost](t, &d, c)
		}
	})
}

func BenchmarkReader(b *testing.B) {
	s := largeSnapshot(b)
	b.Run("endpoints", func(b *testing.B) { benchmarkReader(b, Endpoints, s.Endpoints(), (*Snapshot).Endpoints) })
	b.Run("clusters", func(b *testing.B) { benchmarkReader(b, Cluster, s.Clusters(), (*Snapshot).Clusters) })
}

func benchmarkReader[T proto.Message](b *testing.B, k Kind, from Set[T], of func(*Snapshot) Set[T]) {
	var builder Builder
	size := int64(0)
	for name, m := range from.All() {
		wire := encode(b, m)
		size += int64(len(wire))
		putWire(b, &builder, k, name, wire)
	}
	set := of(builder.Snapshot())
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		for range set.All() {
		}
	}
}

// TestReaderChoices: of two members of a oneof the last one holds, whichever of them is decoded by hand.
func TestReaderChoices(t *testing.T) {
	var d Reader
	type pair struct{ byHand, other []byte }
	inHost := func(route []byte) []byte {
		return protowire.AppendBytes(protowire.AppendTag(nil, 3, protowire.BytesType), route)
	}
	inRoute := func(action []byte) []byte {
		return protowire.AppendBytes(protowire.AppendTag(nil, 2, protowire.BytesType), action)
	}
	route := pair{encode(t, &routev3.Route{Action: &routev3.Route_Route{Route: &routev3.RouteAction{}}}),
		encode(t, &routev3.Route{Action: &routev3.Route_Redirect{Redirect: &routev3.RedirectAction{}}})}
	action := pair{encode(t, &routev3.RouteAction{ClusterSpecifier: &routev3.RouteAction_Cluster{Cluster: "c"}}),
		encode(t, &routev3.RouteAction{ClusterSpecifier: &routev3.RouteAction_ClusterHeader{ClusterHeader: "h"}})}
	cluster := pair{encode(t, &clusterv3.Cluster{ClusterDiscoveryType: &clusterv3.Cluster_Type{}}),
		encode(t, &clusterv3.Cluster{ClusterDiscoveryType: &clusterv3.Cluster_ClusterType{ClusterType: &clusterv3.Cluster_CustomClusterType{Name: "x"}}})}
	for _, order := range [][2]func(pair) []byte{
		{func(p pair) []byte { return p.byHand }, func(p pair) []byte { return p.other }},
		{func(p pair) []byte { return p.other }, func(p pair) []byte { return p.byHand }},
	} {
		both := func(p pair) []byte { return slices.Concat(order[0](p), order[1](p)) }
		sameAsProtobuf[*routev3.VirtualHost](t, &d, inHost(both(route)))
		sameAsProtobuf[*routev3.VirtualHost](t, &d, inHost(inRoute(both(action))))
		sameAsProtobuf[*clusterv3.Cluster](t, &d, both(cluster))
	}
}
