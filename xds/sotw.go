package xds

import (
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/grpc"
)

// sotw is the state-of-the-world variant: each request says all that is subscribed to, and each response of CDS and LDS
// all there is. Responses of EDS and RDS say what there is to say: istiod answers for the names that are new, and sends
// only the endpoints that have changed.
type sotw struct {
	stream grpc.BidiStreamingClient[discoveryv3.DiscoveryRequest, discoveryv3.DiscoveryResponse]
	conn   *grpc.ClientConn
}

// send sends a request with the latest nonce whether or not it answers something: the server ignores any other.
func (p *sotw) send(r *request) error {
	return p.stream.Send(&discoveryv3.DiscoveryRequest{
		Node:          r.node,
		TypeUrl:       r.kind.TypeURL(),
		VersionInfo:   r.version,
		ResourceNames: r.names,
		ResponseNonce: r.nonce,
		ErrorDetail:   r.errorDetail(),
	})
}

func (p *sotw) receive() (*response, error) {
	m, err := p.stream.Recv()
	if err != nil {
		return nil, err
	}
	r := &response{
		typeURL:   m.GetTypeUrl(),
		version:   m.GetVersionInfo(),
		nonce:     m.GetNonce(),
		resources: make([]resource, len(m.GetResources())),
		removed:   notFound(m.GetResourceErrors()),
		full:      true,
	}
	for i, a := range m.GetResources() {
		r.resources[i] = unwrapped(a)
	}
	return r, nil
}

func (p *sotw) end() error   { return p.stream.CloseSend() }
func (p *sotw) close() error { return p.conn.Close() }
