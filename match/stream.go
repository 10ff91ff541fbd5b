package match

import (
	"github.com/amesh-render/amesh-render/intercept"
	"github.com/amesh-render/amesh-render/model"
)

// asTCP says whether the connection comes to a listener of APISIX's for TCP: where the rules of interception send it there,
// and on ports of a gateway that stream routes are for.
func (m *Mesh) asTCP(r *model.Request) bool {
	switch {
	case m.streams == nil:
		return false
	case m.gateway:
		return m.streams.Serves(r.LocalPort)
	case m.ports == nil || !r.Destination.IsValid():
		return false
	case r.LocalPort == m.envoyPorts[1]:
		return m.ports.Inbound.Protocol(r.Destination) == intercept.TCP
	}
	return m.ports.Outbound.Protocol(r.Destination) == intercept.TCP
}

// tunnel is where the connection of an outcome goes: the upstream for TCP of that cluster's name, or where the client dialled.
func (m *Mesh) tunnel(cluster string) *Upstream {
	out := &Upstream{Name: cluster, Nodes: []string{}, Known: true}
	for _, u := range m.config.Upstreams {
		if u.Cluster() != cluster || u.Scheme != "tcp" && u.Scheme != "tls" {
			continue
		}
		out.ID = u.ID
		for _, n := range u.Nodes {
			out.Nodes = append(out.Nodes, join(n.Host, n.Port))
		}
		return out
	}
	out.Dialled = true
	return out
}
