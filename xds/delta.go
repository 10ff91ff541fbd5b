package xds

import (
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/grpc"
)

// delta is the incremental variant: requests say how the subscription changes, responses what has changed or gone.
type delta struct {
	stream grpc.BidiStreamingClient[discoveryv3.DeltaDiscoveryRequest, discoveryv3.DeltaDiscoveryResponse]
	conn   *grpc.ClientConn
}

// send sends a request with a nonce only if it answers a response: the server takes one for the other by it.
func (p *delta) send(r *request) error {
	m := &discoveryv3.DeltaDiscoveryRequest{
		Node:                     r.node,
		TypeUrl:                  r.kind.TypeURL(),
		ResourceNamesSubscribe:   r.add,
		ResourceNamesUnsubscribe: r.drop,
		InitialResourceVersions:  r.versions,
		ErrorDetail:              r.errorDetail(),
	}
	if r.answers {
		m.ResponseNonce = r.nonce
	}
	return p.stream.Send(m)
}

func (p *delta) receive() (*response, error) {
	m, err := p.stream.Recv()
	if err != nil {
		return nil, err
	}
	r := &response{
		typeURL:   m.GetTypeUrl(),
		nonce:     m.GetNonce(),
		resources: make([]resource, len(m.GetResources())),
		removed:   append(m.GetRemovedResources(), notFound(m.GetResourceErrors())...),
	}
	for i, w := range m.GetResources() {
		r.resources[i] = wrapped(w)
	}
	for _, n := range m.GetRemovedResourceNames() {
		r.removed = append(r.removed, n.GetName())
	}
	return r, nil
}

func (p *delta) end() error   { return p.stream.CloseSend() }
func (p *delta) close() error { return p.conn.Close() }
