package match

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	tcpv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/tcp_proxy/v3"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// standIn stands for an address that is not known, and standInClient for one of a client: they are reserved for
// documentation, so that no configuration speaks of them.
var (
	standIn       = netip.AddrFrom4([4]byte{192, 0, 2, 1})
	standInClient = netip.AddrFrom4([4]byte{192, 0, 2, 2})
)

// address is the address that a client dials for a host, and whether the mesh knows it. Clusters of names in a mesh have a
// virtual address, which istiod lists among the domains of the virtual host; so it stands among the hosts of a route too.
func (m *Mesh) address(host string, port uint16) (netip.Addr, bool) {
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr, true
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	var found []candidate
	found = append(found, m.addressesInDump(host)...)
	found = append(found, m.addressesInRoutes(host)...)
	if len(found) == 0 {
		found = m.addressesOfListeners(host)
	}
	if len(found) == 0 {
		return standIn, false
	}
	// One for the very port is best, then an IPv4 address, then what comes first.
	slices.SortStableFunc(found, func(a, b candidate) int { return b.rank(port) - a.rank(port) })
	return found[0].addr, true
}

// candidate is an address that a host may have, and the port for which it was found; 0 is any.
type candidate struct {
	addr netip.Addr
	port uint16
}

func (c candidate) rank(port uint16) (rank int) {
	if c.port == port {
		rank += 2
	}
	if c.addr.Is4() {
		rank++
	}
	return rank
}

func (m *Mesh) addressesInDump(host string) (found []candidate) {
	for _, rc := range m.snapshot.RouteConfigurations().All() {
		port := portAtEnd(rc.GetName())
		for _, vh := range rc.GetVirtualHosts() {
			found = append(found, addressesBeside(host, vh.GetDomains(), port)...)
		}
	}
	return found
}

func (m *Mesh) addressesInRoutes(host string) (found []candidate) {
	for _, r := range m.config.Routes {
		if !slices.ContainsFunc(r.Hosts, func(h string) bool { return strings.EqualFold(h, host) }) {
			continue
		}
		for _, x := range r.Vars {
			if dialled, err := netip.ParseAddrPort(textOf(x, "connection_original_dst")); err == nil {
				found = append(found, candidate{dialled.Addr(), dialled.Port()})
			}
		}
		found = append(found, addressesBeside(host, r.Hosts, 0)...)
	}
	return found
}

// addressesOfListeners are those of listeners that pass connections on to the host as they are: nothing else names them.
func (m *Mesh) addressesOfListeners(host string) (found []candidate) {
	for _, l := range m.snapshot.Listeners().All() {
		address := l.GetAddress().GetSocketAddress()
		addr, err := netip.ParseAddr(address.GetAddress())
		if err == nil && !addr.IsUnspecified() && slices.ContainsFunc(tunnels(l), func(cluster string) bool {
			name := cluster[strings.LastIndexByte(cluster, '|')+1:]
			return name == host || strings.HasPrefix(name, host+".")
		}) {
			found = append(found, candidate{addr, uint16(address.GetPortValue() & 0xffff)})
		}
	}
	return found
}

// tunnels are the clusters to which a listener passes connections on.
func tunnels(l *listenerv3.Listener) (clusters []string) {
	for _, chain := range l.GetFilterChains() {
		for _, f := range chain.GetFilters() {
			proxy := &tcpv3.TcpProxy{}
			if f.GetTypedConfig().MessageIs(proxy) && f.GetTypedConfig().UnmarshalTo(proxy) == nil {
				clusters = append(clusters, proxy.GetCluster())
			}
		}
	}
	return clusters
}

// addressesBeside are the addresses among names, if the host is among them too.
func addressesBeside(host string, names []string, port uint16) (found []candidate) {
	here := false
	for _, name := range names {
		bare, _, err := parseAuthority(name)
		if err != nil {
			continue // a wildcard
		}
		here = here || strings.EqualFold(bare, host)
		if addr, err := netip.ParseAddr(bare); err == nil {
			found = append(found, candidate{addr, port})
		}
	}
	if !here {
		return nil
	}
	return found
}

// portAtEnd is the port in the name of a route configuration, "9080" or "host:9080"; 0 if there is none.
func portAtEnd(name string) uint16 {
	n, err := strconv.ParseUint(name[strings.LastIndexByte(name, ':')+1:], 10, 16)
	if err != nil {
		return 0
	}
	return uint16(n)
}

// textOf is what the variable must be equal to; "" where the condition is another.
func textOf(x apisix.Expr, variable string) string {
	text, _ := x.Value.(string)
	if x.Logic != "" || x.Negated || x.Var != variable || x.Op != apisix.OpEqual {
		return ""
	}
	return text
}
