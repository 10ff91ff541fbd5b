//go:build linux

package scale

import (
	"fmt"
	"net"
	"sync"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"

	"github.com/amesh-render/amesh-render/internal/mesh"
	"github.com/amesh-render/amesh-render/xds/replay"
	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// controlPlane serves a generated mesh on a Unix socket.
type controlPlane struct {
	mesh    *mesh.Mesh
	builder *snapshot.Builder
	server  *replay.Server
	address string

	mu       sync.Mutex
	rejected []replay.Rejection
}

func startControlPlane(services int, path string) (*controlPlane, error) {
	p := &controlPlane{mesh: mesh.New(services), builder: snapshot.NewBuilder(), address: "unix://" + path}
	p.server = replay.New(func(r replay.Rejection) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.rejected = append(p.rejected, r)
	})
	p.builder.SetNode(p.mesh.Node())
	if err := p.tell(p.mesh.All()); err != nil {
		return nil, err
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	go p.server.Serve(listener)
	return p, nil
}

func (p *controlPlane) stop() { p.server.Stop() }

func (p *controlPlane) snapshot() *snapshot.Snapshot { return p.builder.Snapshot() }

func (p *controlPlane) changeEndpoint(service int) error {
	return p.tell(p.mesh.ChangeEndpoint(service))
}

// tell serves the resources of responses beside, or in place of, those that are served.
func (p *controlPlane) tell(responses []*discoveryv3.DiscoveryResponse) error {
	for _, r := range responses {
		for _, a := range r.GetResources() {
			m, err := a.UnmarshalNew()
			if err != nil {
				return err
			}
			if err := p.builder.Put(m); err != nil {
				return err
			}
		}
	}
	_, err := p.server.Set(p.builder.Snapshot())
	return err
}

// trouble is an error if the agent has rejected something.
func (p *controlPlane) trouble() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.rejected) == 0 {
		return nil
	}
	return fmt.Errorf("the agent has rejected a response: %v", p.rejected[0])
}
