package render

import (
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
)

// A transport is what an endpoint is to be called with, beneath HTTP.
type transport int

const (
	plainText      transport = iota
	meshTLS                  // mTLS between the proxies of the mesh
	otherTransport           // TLS to a server outside, or something else
)

// transportOf is how Envoy would call an endpoint: by the first of transport_socket_matches that fits the endpoint's
// metadata, else by the cluster's transport_socket. Istio marks endpoints behind a proxy of the mesh with tlsMode.
func transportOf(c *clusterv3.Cluster, e *endpointv3.LbEndpoint) transport {
	marks := e.GetMetadata().GetFilterMetadata()["envoy.transport_socket_match"]
	for _, m := range c.GetTransportSocketMatches() {
		if !fits(m.GetMatch(), marks) {
			continue
		}
		switch {
		case isPlain(m.GetTransportSocket()):
			return plainText
		case m.GetMatch().GetFields()["tlsMode"].GetStringValue() == "istio":
			return meshTLS
		}
		return otherTransport
	}
	if isPlain(c.GetTransportSocket()) {
		return plainText
	}
	return otherTransport
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

func isPlain(s *corev3.TransportSocket) bool {
	return s == nil || s.GetName() == "envoy.transport_sockets.raw_buffer"
}
