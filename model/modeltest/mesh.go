//lint:file-ignore SA1019 Control planes still send the deprecated fields of clusters.

// Package modeltest makes random Envoy configurations, and random requests that nearly match them, for differential
// tests: what Envoy does with a request (model/envoy) must be what APISIX does with what was rendered (model/apisix).
//
// The alphabets are small on purpose, so that routes overlap and near misses are common. NewMesh and Request make what
// both proxies must treat alike. What is known and announced to differ is not among it: hosts with a trailing dot, encoded
// paths, double slashes and dot segments above the root, backslashes, header names with underscores, repeated headers,
// query values that decode to something else. NewWideMesh and WideRequest make all of that too, and everything that routes
// and HTTP filters can do on connections in plain text but gRPC.
//
// Everything is drawn from one *rand.Rand: a seed repeats a failure.
package modeltest

import (
	"fmt"
	"math/rand/v2"
	"strconv"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/proto"
)

// The addresses and ports of generated meshes: services are at ServiceIP, the proxy's own pod at PodIP, both on Ports.
const (
	ServiceIP = "10.0.0.1"
	PodIP     = "10.1.0.1"
)

// Ports are those that a generated mesh listens on, outbound and inbound.
var Ports = []uint16{8001, 8002}

// Mesh is what a control plane might have sent to one sidecar.
type Mesh struct {
	Listeners []*listenerv3.Listener
	// Outbound and Inbound are the route configurations by the port that they serve. Listeners refer to the former by
	// RDS and hold the latter inline.
	Outbound, Inbound map[uint16]*routev3.RouteConfiguration
	// HTTP2 says that all endpoints are called with HTTP/2, as those of gRPC services are.
	HTTP2 bool
}

// NewMesh draws route configurations for all Ports, which share host names, and the listeners for them.
func NewMesh(rng *rand.Rand) *Mesh {
	m := &Mesh{Outbound: map[uint16]*routev3.RouteConfiguration{}, Inbound: map[uint16]*routev3.RouteConfiguration{}}
	for _, port := range Ports {
		m.Outbound[port] = RouteConfiguration(rng, strconv.Itoa(int(port)))
		m.Inbound[port] = RouteConfiguration(rng, fmt.Sprintf("inbound|%d||", port))
	}
	m.Listeners = Listeners(m.Outbound, m.Inbound)
	return m
}

// Resources are all messages of the mesh, including a cluster with one endpoint for each that a route names.
func (m *Mesh) Resources() []proto.Message {
	var out []proto.Message
	for _, l := range m.Listeners {
		out = append(out, l)
	}
	for _, port := range Ports {
		out = append(out, m.Outbound[port])
		for _, rc := range []*routev3.RouteConfiguration{m.Outbound[port], m.Inbound[port]} {
			for _, name := range clusters(rc) {
				out = append(out, m.cluster(name), endpoints(name))
			}
		}
	}
	return out
}

func clusters(rc *routev3.RouteConfiguration) []string {
	var out []string
	for _, vh := range rc.GetVirtualHosts() {
		for _, r := range vh.GetRoutes() {
			if name := r.GetRoute().GetCluster(); name != "" {
				out = append(out, name)
			}
			for _, c := range r.GetRoute().GetWeightedClusters().GetClusters() {
				out = append(out, c.GetName())
			}
		}
	}
	return out
}

func (m *Mesh) cluster(name string) *clusterv3.Cluster {
	c := &clusterv3.Cluster{
		Name:                 name,
		ClusterDiscoveryType: &clusterv3.Cluster_Type{Type: clusterv3.Cluster_EDS},
		EdsClusterConfig: &clusterv3.Cluster_EdsClusterConfig{EdsConfig: &corev3.ConfigSource{
			ConfigSourceSpecifier: &corev3.ConfigSource_Ads{Ads: &corev3.AggregatedConfigSource{}},
		}},
	}
	if m.HTTP2 {
		c.Http2ProtocolOptions = &corev3.Http2ProtocolOptions{}
	}
	return c
}

func endpoints(name string) *endpointv3.ClusterLoadAssignment {
	return &endpointv3.ClusterLoadAssignment{
		ClusterName: name,
		Endpoints: []*endpointv3.LocalityLbEndpoints{{LbEndpoints: []*endpointv3.LbEndpoint{{
			HostIdentifier: &endpointv3.LbEndpoint_Endpoint{Endpoint: &endpointv3.Endpoint{Address: address("10.2.0.1", 80)}},
		}}}},
	}
}

func address(ip string, port uint16) *corev3.Address {
	return &corev3.Address{Address: &corev3.Address_SocketAddress{SocketAddress: &corev3.SocketAddress{
		Address: ip, PortSpecifier: &corev3.SocketAddress_PortValue{PortValue: uint32(port)},
	}}}
}

// pick is one of choices.
func pick[T any](rng *rand.Rand, choices ...T) T { return choices[rng.IntN(len(choices))] }

// oneIn is true once in n times.
func oneIn(rng *rand.Rand, n int) bool { return rng.IntN(n) == 0 }
