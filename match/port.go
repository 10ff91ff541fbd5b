package match

import (
	"fmt"
	"slices"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// gatewayPort is the port on which a gateway receives a request to that port of its service, and what was assumed for it.
// A gateway's container does not listen on the ports of its service where those need privileges: Istio's has 8080 for 80
// and 8443 for 443.
func (m *Mesh) gatewayPort(port uint16) (uint16, string) {
	ports := m.serverPorts()
	if len(ports) == 0 || slices.Contains(ports, port) {
		return port, ""
	}
	if usual := map[uint16]uint16{80: 8080, 443: 8443}[port]; slices.Contains(ports, usual) {
		return usual, fmt.Sprintf("the gateway listens on %d for port %d of its service, as Istio's do", usual, port)
	}
	if len(ports) == 1 {
		return ports[0], fmt.Sprintf("the gateway listens on %d only, and so for port %d of its service", ports[0], port)
	}
	return port, ""
}

// serverPorts are the ports that the proxy is known to listen on, sorted: those of the sockets of a dump, or those that the
// routes of a file ask for.
func (m *Mesh) serverPorts() (ports []uint16) {
	for _, l := range m.snapshot.Listeners().All() {
		if port := boundPort(l); port != 0 {
			ports = append(ports, port)
		}
	}
	if m.snapshot.Listeners().Len() == 0 {
		for _, r := range m.config.Routes {
			ports = append(ports, portsOf(r)...)
		}
	}
	slices.Sort(ports)
	return slices.Compact(ports)
}

// portsOf are the ports that a route is for, as far as its conditions name them.
func portsOf(r *apisix.Route) (ports []uint16) {
	for _, x := range r.Vars {
		if port, err := ParsePort(textOf(x, "server_port")); err == nil {
			ports = append(ports, port)
		}
	}
	return ports
}
