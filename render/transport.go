package render

import (
	"strconv"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
)

// A transportKind is what an endpoint is to be called with, beneath HTTP.
type transportKind int

const (
	plainText      transportKind = iota
	meshTLS                      // mTLS between the proxies of the mesh
	serverTLS                    // TLS to a server outside of the mesh
	otherTransport               // something else
)

// A transport is one of a cluster's transport sockets. It is comparable: endpoints of equal transports are called alike.
type transport struct {
	kind   transportKind
	socket *corev3.TransportSocket
	match  int // in transport_socket_matches; -1 for transport_socket
}

// field is where the transport stands in its cluster.
func (t transport) field() string {
	if t.match < 0 {
		return "transport_socket"
	}
	return "transport_socket_matches[" + strconv.Itoa(t.match) + "].transport_socket"
}

// transportOf is how Envoy would call an endpoint: by the first of transport_socket_matches that fits the endpoint's
// metadata, else by the cluster's transport_socket. Istio marks endpoints behind a proxy of the mesh with tlsMode.
func transportOf(c *clusterv3.Cluster, e *endpointv3.LbEndpoint) transport {
	marks := e.GetMetadata().GetFilterMetadata()["envoy.transport_socket_match"]
	for i, m := range c.GetTransportSocketMatches() {
		if !fits(m.GetMatch(), marks) {
			continue
		}
		t := transport{kind: kindOf(m.GetTransportSocket()), socket: m.GetTransportSocket(), match: i}
		if t.kind == serverTLS && m.GetMatch().GetFields()["tlsMode"].GetStringValue() == "istio" {
			t.kind = meshTLS
		}
		return t
	}
	return transport{kind: kindOf(c.GetTransportSocket()), socket: c.GetTransportSocket(), match: -1}
}

// fits reports whether an endpoint has all the marks that a match asks for.
func fits(match, marks *structpb.Struct) bool {
	for key, want := range match.GetFields() {
		if !proto.Equal(want, marks.GetFields()[key]) {
			return false
		}
	}
	return true
}

// kindOf is what a transport socket does. Envoy goes by the type of its configuration, and by its name where it has none.
func kindOf(s *corev3.TransportSocket) transportKind {
	if s == nil {
		return plainText
	}
	if s.GetTypedConfig() == nil {
		switch s.GetName() {
		case "envoy.transport_sockets.raw_buffer":
			return plainText
		case "envoy.transport_sockets.tls":
			return serverTLS
		}
		return otherTransport
	}
	switch s.GetTypedConfig().MessageName() {
	case "envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer":
		return plainText
	case "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext":
		return serverTLS
	}
	return otherTransport
}
