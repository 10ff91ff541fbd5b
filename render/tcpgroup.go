package render

import (
	"net/netip"
	"slices"

	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
)

// A tcpGroup is the chains of a listener that are for the same destinations.
type tcpGroup struct {
	port      uint32       // 0: any
	addresses netip.Prefix // not valid: any
	chains    []*tcpChain
	fallback  *tcpChain // the listener's default chain; nil for none
}

// tcpGroups are the chains of a listener by their destinations, if any of them proxies TCP, or speaks HTTP on connections that
// are intercepted and may come as TCP. It reports what is lost of those that proxy TCP.
func (r *renderer) tcpGroups(l *listenerv3.Listener, d direction, at *place) (groups []*tcpGroup) {
	if chains := chainsOf(l); !anyChain(chains, servesTCP) && !(d.intercepted && anyChain(chains, servesHTTP)) {
		return nil
	}
	var fallback *tcpChain
	if fc := l.GetDefaultFilterChain(); fc != nil {
		fallback = r.tcpChain(l, fc, at.item("default_filter_chain", -1))
	}
	add := func(port uint32, addresses netip.Prefix, c *tcpChain) {
		for _, g := range groups {
			if g.port == port && g.addresses == addresses {
				g.chains = append(g.chains, c)
				return
			}
		}
		groups = append(groups, &tcpGroup{port: port, addresses: addresses, chains: []*tcpChain{c}, fallback: fallback})
	}
	for i, fc := range l.GetFilterChains() {
		c := r.tcpChain(l, fc, at.item("filter_chain", i))
		port := fc.GetFilterChainMatch().GetDestinationPort().GetValue()
		for _, cidr := range fc.GetFilterChainMatch().GetPrefixRanges() {
			if p, ok := prefixOf(cidr); ok {
				add(port, p, c)
			}
		}
		if len(fc.GetFilterChainMatch().GetPrefixRanges()) == 0 {
			add(port, netip.Prefix{}, c)
		}
	}
	any := func(g *tcpGroup) bool { return g.port == 0 && !g.addresses.IsValid() }
	if !slices.ContainsFunc(groups, any) { // what no chain takes must not fall to another listener's
		groups = append(groups, &tcpGroup{fallback: fallback})
	}
	return groups
}

// reached are those of a listener's groups that connections come to whose destination is its own address, not valid for a
// wildcard, and port. Envoy looks at the port first, then for the longest range of addresses, and does not go back.
func reached(groups []*tcpGroup, addr netip.Addr, port uint32) []*tcpGroup {
	if len(groups) == 0 {
		return nil
	}
	forPort := func(port uint32) (list []*tcpGroup) {
		for _, g := range groups {
			if g.port == port {
				list = append(list, g)
			}
		}
		return list
	}
	found := forPort(port)
	if len(found) == 0 {
		found = forPort(0)
	}
	if !addr.IsValid() {
		return found
	}
	var longest *tcpGroup
	for _, g := range found {
		if g.addresses.IsValid() && !g.addresses.Contains(addr.Unmap()) {
			continue
		}
		if longest == nil || g.addresses.Bits() > longest.addresses.Bits() { // -1 for no range
			longest = g
		}
	}
	if longest == nil {
		longest = &tcpGroup{fallback: groups[0].fallback}
	}
	return []*tcpGroup{longest}
}

// names are the server names that chains ask for, sorted.
func (g *tcpGroup) names() (names []string) {
	for _, c := range g.chains {
		names = append(names, c.names...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// pick is the chain of a connection with a server name, "" for none, over a transport; nil if none takes it. Envoy looks at
// the name first and does not go back to chains without one.
func (g *tcpGroup) pick(name, transport string) *tcpChain {
	for _, t := range []string{transport, ""} {
		chosen, other := (*tcpChain)(nil), false
		for _, c := range g.chains {
			if c.transport != t || !(len(c.names) == 0 && name == "" || slices.Contains(c.names, name)) {
				continue
			}
			if c.protocols {
				other = true
			} else if chosen == nil {
				chosen = c
			}
		}
		if chosen != nil {
			return chosen
		}
		if other {
			break
		}
	}
	return g.fallback
}

// onlyHTTP reports whether chains of the group speak HTTP in plain text and none passes bytes on.
func (g *tcpGroup) onlyHTTP() bool {
	return slices.ContainsFunc(g.chains, func(c *tcpChain) bool { return c.http }) &&
		!slices.ContainsFunc(g.chains, func(c *tcpChain) bool { return c.proxy != nil })
}

// guarded reports whether connections of the group must not be passed on as bytes: filters look at what they carry, or they
// must be TLS.
func (g *tcpGroup) guarded() bool {
	plain := g.pick("", "raw_buffer")
	return plain == nil || plain.proxy == nil && !plain.http || g.guardedHTTP() != nil
}

// guardedHTTP is a chain that takes HTTP in plain text and has filters that guard it; nil for none.
func (g *tcpGroup) guardedHTTP() *tcpChain {
	for _, c := range g.chains {
		if c.http && c.guarded {
			return c
		}
	}
	return nil
}

// report calls f for the chains that proxy TCP, and not just to close the connection.
func (g *tcpGroup) report(r *renderer, f func(*tcpChain)) {
	for _, c := range append(slices.Clone(g.chains), g.fallback) {
		if c != nil && c.proxy != nil && c.proxy.GetCluster() != blackHole {
			f(c)
		}
	}
}

// labels point to the Istio resource behind the chains.
func (g *tcpGroup) labels(r *renderer) map[string]string {
	for _, c := range append(slices.Clone(g.chains), g.fallback) {
		if c != nil && c.proxy != nil {
			if l := r.istioLabels(c.metadata); l != nil {
				return l
			}
		}
	}
	return nil
}
