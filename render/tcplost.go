package render

import (
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"

	"github.com/amesh-render/amesh-render/intercept"
)

// withoutDestination reports the chains of intercepted connections that are closed, as no stream route can tell them apart:
// those that proxy TCP, and those that speak HTTP on a port that is TCP for APISIX.
func (r *renderer) withoutDestination(l *listenerv3.Listener, d direction, g *tcpGroup) {
	g.report(r, func(c *tcpChain) {
		r.needsLua(c.at, "filters", "APISIX does not know the destination of TCP connections that were redirected: "+
			"connections that do not speak HTTP are not served")
	})
	for _, s := range r.slots(l, d, g.port, g.addresses) {
		if s.port == 0 || d.ports.Protocol(s.destination()) == intercept.HTTP {
			continue
		}
		for _, c := range g.chains {
			if c.http {
				r.needsLua(c.at, "filters", "connections to this port go to APISIX's TCP listener, which does not know their destination: they are closed")
			}
		}
	}
}

// mayBeThePod reports whether TCP connections to any destination may be such that come to the pod: APISIX sees only the
// destination, and the pod's addresses are not known.
func (r *renderer) mayBeThePod() bool {
	return len(r.podAddresses) == 0 && r.inbound
}

// asBytes reports that the port of chains that speak HTTP is TCP for APISIX, and whether its connections must be closed: those
// to the pod, which the chain's filters would have guarded.
func (r *renderer) asBytes(d direction, g *tcpGroup) (closes bool) {
	for _, c := range g.chains {
		switch {
		case !c.http:
		case d.inbound && c.guarded:
			r.findings.denied(c.at, "filters", "connections to this port go to APISIX's TCP listener, where the filters that guard it cannot: they are closed")
			closes = true
		default:
			r.findings.dropped(c.at, "filters", "connections to this port go to APISIX's TCP listener: their bytes are passed on, whatever the routes say")
		}
	}
	return closes
}
