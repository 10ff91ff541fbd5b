package match

import (
	"net/netip"
	"strings"

	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"

	"github.com/amesh-render/amesh-render/intercept"
	"github.com/amesh-render/amesh-render/model"
	modelapisix "github.com/amesh-render/amesh-render/model/apisix"
	modelenvoy "github.com/amesh-render/amesh-render/model/envoy"
	"github.com/amesh-render/amesh-render/render"
	"github.com/amesh-render/amesh-render/render/apisix"
	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// A Mesh is what is known of the configuration by which requests are routed: prepared once, for any number of queries. It
// is immutable and safe for concurrent use.
type Mesh struct {
	config   *apisix.Config
	snapshot *snapshot.Snapshot // empty for a rendered file
	findings []render.Finding
	router   *modelapisix.Router
	proxy    *modelenvoy.Proxy    // nil for a rendered file
	streams  *modelapisix.Streams // nil where they are not of the form that APISIX takes
	// ports say which intercepted connections are TCP for APISIX; nil where that is not known, as of a file.
	ports *intercept.Table

	// remarks are about routes, by their paths; doubts are why what a route does is not known.
	remarks, doubts map[string][]string
	discovered      map[string]bool // upstreams, see Discovered

	gateway bool       // whose requests have no direction
	pod     netip.Addr // not valid if it is not known
	// The ports on which a sidecar gets intercepted connections: by proxy, outbound and inbound.
	apisixPorts, envoyPorts [2]uint16
}

// OfRendered is the mesh as a dump tells of it that has been rendered with these options: Envoy's model answers by the dump,
// APISIX's by c, which is what came of it, with all that routes take from other objects.
func OfRendered(s *snapshot.Snapshot, c *apisix.Config, findings []render.Finding, o render.Options) *Mesh {
	m := newMesh(c, o)
	m.snapshot, m.findings, m.proxy = s, findings, modelenvoy.FromSnapshot(s)
	kind, rest, _ := strings.Cut(s.Node().GetId(), "~")
	m.gateway = o.Role == render.Gateway || o.Role == "" && kind == "router"
	address, _, _ := strings.Cut(rest, "~")
	m.pod, _ = netip.ParseAddr(address) // not valid where it is not one
	m.envoyPorts = interceptionPorts(s)
	if m.ports = o.Ports; m.ports == nil {
		table := render.Protocols(s)
		m.ports = &table
	}
	return m
}

// OfConfig is the mesh as a file for APISIX tells of it. It is that of a sidecar if a route is for one of the ports to
// which connections of sidecars are redirected, and otherwise that of a gateway.
func OfConfig(c *apisix.Config, o render.Options) *Mesh {
	m := newMesh(c, o)
	m.gateway = o.Role == render.Gateway || o.Role == "" && !m.servesSidecar()
	return m
}

func newMesh(c *apisix.Config, o render.Options) *Mesh {
	m := &Mesh{config: c, snapshot: &snapshot.Snapshot{}, router: modelapisix.New(c),
		remarks: map[string][]string{}, doubts: map[string][]string{}, discovered: map[string]bool{}}
	if streams, err := modelapisix.NewStreams(c); err == nil {
		m.streams = streams
	}
	m.apisixPorts = [2]uint16{model.OutboundPort, model.InboundPort}
	for i, port := range []int{o.OutboundPort, o.InboundPort} {
		if port > 0 && port <= 65535 {
			m.apisixPorts[i] = uint16(port)
		}
	}
	m.envoyPorts = [2]uint16{model.OutboundPort, model.InboundPort}
	return m
}

// Remark adds what a person who asks about a route should know of it: "route/ID" is its path. A mesh must not be asked
// before all remarks are made.
func (m *Mesh) Remark(path, text string) { m.remarks[path] = append(m.remarks[path], text) }

// Doubt adds why nobody knows whether the route takes requests, or what it does with them: those that come to it are
// undecided.
func (m *Mesh) Doubt(path, text string) { m.doubts[path] = append(m.doubts[path], text) }

// Discovered says that the nodes of the upstreams of an object come from somewhere else at run time: of the upstream of that
// id, or of those within "route/ID" or "service/ID".
func (m *Mesh) Discovered(object string) { m.discovered[object] = true }

func (m *Mesh) servesSidecar() bool {
	for _, port := range m.serverPorts() {
		if port == m.apisixPorts[0] || port == m.apisixPorts[1] {
			return true
		}
	}
	return false
}

// interceptionPorts are the ports on which the dump's sidecar gets outbound and inbound connections: those of the listeners
// with a socket that hand connections on, or that know where connections were meant to go.
func interceptionPorts(s *snapshot.Snapshot) [2]uint16 {
	ports := [2]uint16{model.OutboundPort, model.InboundPort}
	for _, l := range s.Listeners().All() {
		port := boundPort(l)
		switch {
		case port == 0:
		case l.GetUseOriginalDst().GetValue():
			ports[0] = port
		case l.GetName() == "virtualInbound":
			ports[1] = port
		}
	}
	return ports
}

// boundPort is the port on which a listener has a socket, 0 if it has none.
func boundPort(l *listenerv3.Listener) uint16 {
	if b := l.GetBindToPort(); b != nil && !b.GetValue() {
		return 0
	}
	return uint16(l.GetAddress().GetSocketAddress().GetPortValue() & 0xffff)
}
