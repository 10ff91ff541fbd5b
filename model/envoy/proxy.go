// Package envoy is a model of how Envoy routes a request: from listeners and route configurations, as a control plane
// sent them, and a model.Request to the cluster that it goes to, or the answer that Envoy gives.
//
// It covers listener selection (also for intercepted connections), filter chain matching, path and host normalisation
// of the HTTP connection manager, the choice of virtual host, route and weighted cluster, the HTTP filters RBAC, fault,
// CORS and jwt_authn with their configurations for routes, redirects, direct responses, rewrites of path and host, and
// operations on headers. A request is undecided where an HTTP filter that may change what becomes of it is not one of
// these, where a service or a token decides (ext_authz; jwt_authn, but for requests without a token), and where an
// operation uses a command operator that is not modelled.
//
// It does not cover runtime overrides, network filters beside the one that ends a chain, endpoints (but for their host
// names, with auto_host_rewrite), retries, nor the headers of model.OwnHeader; answers with a body have no Content-Type
// unless the configuration gives one. The rules are those of Envoy's API documentation and source.
package envoy

import (
	"fmt"
	"net/netip"

	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"

	"github.com/amesh-render/amesh-render/model"
	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// Proxy is an Envoy with its configuration. It is immutable and safe for concurrent use.
type Proxy struct {
	listeners []*listener
}

// New is an Envoy that holds these listeners and, as if by RDS, these route configurations. It reads the messages and
// keeps no reference that it would modify. Configuration that Envoy would refuse is found when a request meets it: the
// outcome is then model.Undecided.
func New(listeners []*listenerv3.Listener, routes []*routev3.RouteConfiguration) *Proxy {
	return newProxy(listeners, routes, nil)
}

func newProxy(
	listeners []*listenerv3.Listener, routes []*routev3.RouteConfiguration, hostnames map[string]string,
) *Proxy {
	known := &tables{byName: map[string]*Table{}, hostnames: hostnames}
	for _, rc := range routes {
		known.byName[rc.GetName()] = known.table(rc)
	}
	p := &Proxy{}
	for _, l := range listeners {
		p.listeners = append(p.listeners, newListener(l, known))
	}
	return p
}

// tables are what connection managers need to know beside their own configuration.
type tables struct {
	byName    map[string]*Table
	hostnames map[string]string // of the endpoints of clusters, see hostnamesOf
}

func (t *tables) table(rc *routev3.RouteConfiguration) *Table {
	table := NewTable(rc)
	table.hostnames = t.hostnames
	return table
}

// FromSnapshot is an Envoy that holds what s does.
func FromSnapshot(s *snapshot.Snapshot) *Proxy {
	var listeners []*listenerv3.Listener
	for _, l := range s.Listeners().All() {
		listeners = append(listeners, l)
	}
	var routes []*routev3.RouteConfiguration
	for _, rc := range s.RouteConfigurations().All() {
		routes = append(routes, rc)
	}
	return newProxy(listeners, routes, hostnamesOf(s))
}

// Route says what becomes of r. If t is not nil, the listener, filter chain, virtual host and routes that were
// considered are recorded in it.
func (p *Proxy) Route(r *model.Request, t *model.Trace) model.Outcome {
	l, why := p.listener(r)
	if l == nil {
		return model.Outcome{Kind: model.Refused, Reason: why}
	}
	t.Take(l.label, why)
	chain, err := l.chain(r)
	if err != nil {
		return undecided(l.label, err.Error())
	}
	if chain == nil {
		return model.Outcome{Kind: model.Refused, Reason: l.label + ": no filter chain matches the connection"}
	}
	t.Take(chain.label, "")
	return chain.handle(r, l.local(r), t)
}

// listener finds the listener that handles the connection, and says how. The one that accepts it hands it on to the
// listener of its original destination if it has use_original_dst: the one of exactly that address, else the one of the
// wildcard address of its port, else it keeps it.
func (p *Proxy) listener(r *model.Request) (*listener, string) {
	accepting := p.accepting(r)
	if accepting == nil {
		return nil, fmt.Sprintf("no listener accepts connections on port %d", r.LocalPort)
	}
	if !accepting.msg.GetUseOriginalDst().GetValue() || !r.Destination.IsValid() {
		return accepting, fmt.Sprintf("accepts connections on port %d", r.LocalPort)
	}
	for _, addr := range []netip.AddrPort{r.Destination, wildcard(r.Destination)} {
		for _, l := range p.listeners {
			if l.serves(addr) {
				return l, fmt.Sprintf("serves %s, for the original destination %s", addr, r.Destination)
			}
		}
	}
	return accepting, fmt.Sprintf("no listener serves the original destination %s", r.Destination)
}

// accepting is the listener whose socket the connection arrived at: of those that bind the port, one of the very address
// if there is such, else a wildcard one, else the first.
func (p *Proxy) accepting(r *model.Request) *listener {
	at := netip.AddrPortFrom(r.Destination.Addr(), r.LocalPort)
	var best *listener
	for _, l := range p.listeners {
		if !l.binds(r.LocalPort) {
			continue
		}
		if at.IsValid() && l.serves(at) {
			return l
		}
		if best == nil || at.IsValid() && l.serves(wildcard(at)) && !best.serves(wildcard(at)) {
			best = l
		}
	}
	return best
}

// wildcard is the unspecified address of a's family, with a's port.
func wildcard(a netip.AddrPort) netip.AddrPort {
	if a.Addr().Unmap().Is4() {
		return netip.AddrPortFrom(netip.IPv4Unspecified(), a.Port())
	}
	return netip.AddrPortFrom(netip.IPv6Unspecified(), a.Port())
}

func undecided(where, why string) model.Outcome {
	return model.Outcome{Kind: model.Undecided, Reason: where + ": " + why}
}
