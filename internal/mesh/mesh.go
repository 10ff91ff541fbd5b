// Package mesh makes what istiod tells the sidecar of one pod in a mesh of any size, for benchmarks and tests at scale: as
// discovery responses of the state of the world, with the changes that happen every day.
//
// It is a copy in code of what istiod 1.31 sends in a mesh of HTTP services with ten endpoints each, of which every fifth
// has a VirtualService and a DestinationRule; for 1,000 services it makes the captured messages to the last byte, which a
// test sees to. Nothing in it is random.
package mesh

import (
	"fmt"
	"slices"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// Mesh is the present state of a mesh. It holds little but encoded resources, so that it costs a measured process no
// collection of garbage to speak of. A Mesh is for one goroutine at a time; the responses are nobody's afterwards, but share
// bytes that must not be modified.
type Mesh struct {
	addresses addresses
	services  []*service
	fixed     []*anypb.Any // the clusters that are in every mesh
	listeners []*anypb.Any
	version   int
}

// New returns a mesh of so many services, at least one: the first is that of the sidecar's own pod.
func New(services int) *Mesh {
	m := &Mesh{addresses: addresses{}, version: 1}
	for i := range services {
		s := newService(i)
		s.findPods(m.addresses)
		m.services = append(m.services, s)
	}
	for _, s := range m.services {
		s.findAddress(m.addresses)
		s.encode()
	}
	own := m.services[0]
	for _, c := range fixedClusters(own) {
		m.fixed = append(m.fixed, pack(c))
	}
	for _, l := range listeners(own) {
		m.listeners = append(m.listeners, pack(l))
	}
	return m
}

// Len is the number of services.
func (m *Mesh) Len() int { return len(m.services) }

// Node is the sidecar that asks.
func (m *Mesh) Node() *corev3.Node { return node(m.services[0]) }

// All is everything, as a client gets it that connects: clusters, endpoints, listeners, the route configuration.
func (m *Mesh) All() []*discoveryv3.DiscoveryResponse {
	var endpoints []*anypb.Any
	for _, s := range m.services {
		endpoints = append(endpoints, s.endpoints...)
	}
	return m.push(m.clusters(), m.response(snapshot.Endpoints, endpoints), m.response(snapshot.Listener, m.listeners), m.routes())
}

// ChangeEndpoint gives the first pod of a service another address, as when it was started anew. istiod sends the endpoints
// of all clusters of that service, and nothing else.
func (m *Mesh) ChangeEndpoint(service int) []*discoveryv3.DiscoveryResponse {
	s := m.services[service]
	s.restarts++
	s.pods[0] = m.addresses.pick(podAddresses, fmt.Sprintf("%s/%s-0/%d", s.namespace, s.name, s.restarts))
	s.encodeEndpoints()
	return m.push(m.response(snapshot.Endpoints, s.endpoints))
}

// ChangeVirtualService gives the VirtualService of a service, which must have one, another timeout. istiod sends the whole
// route configuration of the port again, and all clusters.
func (m *Mesh) ChangeVirtualService(service int) []*discoveryv3.DiscoveryResponse {
	s := m.services[service]
	if !s.routed {
		panic(fmt.Sprintf("mesh: service %d has no VirtualService", service))
	}
	s.timeout++
	s.encodeHost()
	return m.push(m.clusters(), m.routes())
}

// AddService adds a service that has neither VirtualService nor DestinationRule. istiod sends all clusters, the endpoints
// that the client then asks for, and the whole route configuration.
func (m *Mesh) AddService() []*discoveryv3.DiscoveryResponse {
	s := newService(len(m.services))
	s.routed = false
	s.findPods(m.addresses)
	s.findAddress(m.addresses)
	s.encode()
	m.services = append(m.services, s)
	return m.push(m.clusters(), m.response(snapshot.Endpoints, s.endpoints), m.routes())
}

// HasVirtualService reports whether a service has a VirtualService.
func (m *Mesh) HasVirtualService(service int) bool { return m.services[service].routed }

func (m *Mesh) clusters() *discoveryv3.DiscoveryResponse {
	var all []*anypb.Any
	for _, s := range m.services {
		all = append(all, s.clusters...)
	}
	return m.response(snapshot.Cluster, append(all, m.fixed...))
}

func (m *Mesh) routes() *discoveryv3.DiscoveryResponse {
	return m.response(snapshot.RouteConfiguration, []*anypb.Any{routeConfiguration(m.services)})
}

func (m *Mesh) response(k snapshot.Kind, resources []*anypb.Any) *discoveryv3.DiscoveryResponse {
	return &discoveryv3.DiscoveryResponse{TypeUrl: k.TypeURL(), Resources: slices.Clone(resources)}
}

// push gives the responses of one push their version and nonces.
func (m *Mesh) push(responses ...*discoveryv3.DiscoveryResponse) []*discoveryv3.DiscoveryResponse {
	version := fmt.Sprintf("2026-11-23T02:29:09Z/%d", m.version)
	m.version++
	for i, r := range responses {
		r.VersionInfo, r.Nonce = version, fmt.Sprintf("%s/%036d", version, i)
	}
	return responses
}

// pack is a message in an Any. What a map holds stands in the order of its keys.
func pack(m proto.Message) *anypb.Any {
	a := new(anypb.Any)
	if err := anypb.MarshalFrom(a, m, proto.MarshalOptions{Deterministic: true}); err != nil {
		panic(err) // only text that is not UTF-8 cannot be encoded
	}
	return a
}
