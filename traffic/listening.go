package traffic

import (
	"net/netip"
	"slices"
	"strconv"

	"github.com/amesh-render/amesh-render/model"
	"github.com/amesh-render/amesh-render/render/apisix"
)

// httpPort is where requests go that name no port.
const httpPort = 80

// listening is where a proxy gets requests, as far as its routes name ports: a sidecar those that are intercepted, a
// gateway those on ports of its own.
type listening struct {
	sidecar bool
	ports   []uint16
}

func listeningOf(sides ...*side) listening {
	var l listening
	for _, s := range sides {
		for _, r := range s.config.Routes {
			for i := range r.Vars {
				l.ports = append(l.ports, portsOf(&r.Vars[i])...)
			}
		}
	}
	slices.Sort(l.ports)
	l.ports = slices.Compact(l.ports)
	l.sidecar = slices.ContainsFunc(l.ports, intercepted)
	return l
}

// portsOf are the ports on which requests must arrive for a condition of a route.
func portsOf(x *apisix.Expr) []uint16 {
	text, _ := x.Value.(string)
	port, err := strconv.ParseUint(text, 10, 16)
	if x.Logic != "" || x.Negated || x.Var != "server_port" || x.Op != apisix.OpEqual || err != nil || port == 0 {
		return nil
	}
	return []uint16{uint16(port)}
}

func intercepted(port uint16) bool { return port == model.OutboundPort || port == model.InboundPort }

// place lets a draft arrive where the proxy gets requests: at an intercepted one's destination, or at a port of a gateway,
// where nobody knows another destination.
func (l listening) place(d *draft) {
	switch {
	case l.sidecar && !intercepted(d.local):
		d.local = model.OutboundPort
	case !l.sidecar && len(l.ports) > 0 && !slices.Contains(l.ports, d.local):
		d.local = l.ports[0]
	case !l.sidecar && d.local == 0:
		d.local = httpPort
	}
	switch {
	case !l.sidecar:
		d.destination = netip.AddrPort{}
	case !d.destination.Addr().IsValid() || d.destination.Port() == 0:
		d.destination = netip.AddrPortFrom(Destination, httpPort)
	}
}
