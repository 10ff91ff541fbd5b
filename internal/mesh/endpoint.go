package mesh

import (
	"fmt"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// endpoints are the pods of a service, all in one locality, each with what Istio knows of it. All of them are in the subset.
func endpoints(s *service, subset string) *endpointv3.ClusterLoadAssignment {
	locality := &endpointv3.LocalityLbEndpoints{Locality: &corev3.Locality{}, LoadBalancingWeight: wrapperspb.UInt32(uint32(len(s.pods)))}
	for _, address := range s.pods {
		locality.LbEndpoints = append(locality.LbEndpoints, &endpointv3.LbEndpoint{
			HostIdentifier:      &endpointv3.LbEndpoint_Endpoint{Endpoint: &endpointv3.Endpoint{Address: socket(address, targetPort)}},
			HealthStatus:        corev3.HealthStatus_HEALTHY,
			LoadBalancingWeight: wrapperspb.UInt32(1),
			Metadata: &corev3.Metadata{FilterMetadata: map[string]*structpb.Struct{
				"envoy.transport_socket_match": tlsMode(),
				"istio":                        fields("workload", fmt.Sprintf("%s;%s;%[1]s;v1;Kubernetes", s.name, s.namespace)),
			}},
		})
	}
	return &endpointv3.ClusterLoadAssignment{ClusterName: s.cluster(subset), Endpoints: []*endpointv3.LocalityLbEndpoints{locality}}
}

// tlsMode marks endpoints with a sidecar, and the way to reach those.
func tlsMode() *structpb.Struct { return fields("tlsMode", "istio") }

// fields is an object of names and values in turn. A value is what structpb takes for one.
func fields(pairs ...any) *structpb.Struct {
	object := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		object[pairs[i].(string)] = pairs[i+1]
	}
	s, err := structpb.NewStruct(object)
	if err != nil {
		panic(err) // a value in this package that is none
	}
	return s
}

func socket(address string, port uint32) *corev3.Address {
	return &corev3.Address{Address: &corev3.Address_SocketAddress{SocketAddress: &corev3.SocketAddress{
		Address: address, PortSpecifier: &corev3.SocketAddress_PortValue{PortValue: port},
	}}}
}
