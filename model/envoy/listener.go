package envoy

import (
	"errors"
	"net/netip"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"

	"github.com/amesh-render/amesh-render/model"
)

type listener struct {
	msg       *listenerv3.Listener
	label     string
	addresses []netip.AddrPort
	chains    []*chain
	fallback  *chain // default_filter_chain, or nil
}

func newListener(msg *listenerv3.Listener, known *tables) *listener {
	l := &listener{msg: msg, label: "listener/" + msg.GetName()}
	l.addAddress(msg.GetAddress())
	for _, a := range msg.GetAdditionalAddresses() {
		l.addAddress(a.GetAddress())
	}
	for i, fc := range msg.GetFilterChains() {
		l.chains = append(l.chains, newChain(l.label, i, fc, known))
	}
	if fc := msg.GetDefaultFilterChain(); fc != nil {
		l.fallback = newChain(l.label, -1, fc, known)
	}
	return l
}

// addAddress adds an IP address and port, and for "::" with ipv4_compat also the IPv4 wildcard. Other addresses (pipes,
// internal listeners, UDP) receive no HTTP over TCP and are left out.
func (l *listener) addAddress(a *corev3.Address) {
	sa := a.GetSocketAddress()
	addr, err := netip.ParseAddr(sa.GetAddress())
	if err != nil || sa.GetProtocol() != corev3.SocketAddress_TCP || sa.GetPortValue() > 65535 {
		return
	}
	port := uint16(sa.GetPortValue())
	l.addresses = append(l.addresses, netip.AddrPortFrom(addr.Unmap(), port))
	if addr == netip.IPv6Unspecified() && sa.GetIpv4Compat() {
		l.addresses = append(l.addresses, netip.AddrPortFrom(netip.IPv4Unspecified(), port))
	}
}

// serves says whether a is one of the listener's own addresses.
func (l *listener) serves(a netip.AddrPort) bool {
	a = netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
	for _, own := range l.addresses {
		if own == a {
			return true
		}
	}
	return false
}

// binds says whether the listener has a socket on that port; Istio's outbound listeners, bind_to_port false, have none.
func (l *listener) binds(port uint16) bool {
	if b := l.msg.GetBindToPort(); b != nil && !b.GetValue() {
		return false
	}
	for _, own := range l.addresses {
		if own.Port() == port {
			return true
		}
	}
	return false
}

// local is the connection's local address as filter chains see it: the original destination where it is restored, which
// use_original_dst (on the listener that accepted it) and the listener filter original_dst do.
func (l *listener) local(r *model.Request) netip.AddrPort {
	restored := !l.binds(r.LocalPort) || l.msg.GetUseOriginalDst().GetValue() || l.has("original_dst")
	if restored && r.Destination.IsValid() {
		return r.Destination
	}
	return netip.AddrPortFrom(r.Destination.Addr(), r.LocalPort)
}

// has says whether a listener filter envoy.filters.listener.<name> is configured.
func (l *listener) has(name string) bool { return l.filter(name) != nil }

func (l *listener) filter(name string) *listenerv3.ListenerFilter {
	for _, f := range l.msg.GetListenerFilters() {
		if strings.HasSuffix(f.GetName(), "."+name) {
			return f
		}
	}
	return nil
}

// inspects says whether the listener filter runs for a connection to local.
func (l *listener) inspects(name string, local netip.AddrPort) bool {
	f := l.filter(name)
	return f != nil && !disabled(f.GetFilterDisabled(), local)
}

// disabled evaluates a listener filter's filter_disabled; without a predicate the filter is enabled.
func disabled(p *listenerv3.ListenerFilterChainMatchPredicate, local netip.AddrPort) bool {
	switch rule := p.GetRule().(type) {
	case *listenerv3.ListenerFilterChainMatchPredicate_OrMatch:
		for _, r := range rule.OrMatch.GetRules() {
			if disabled(r, local) {
				return true
			}
		}
	case *listenerv3.ListenerFilterChainMatchPredicate_AndMatch:
		for _, r := range rule.AndMatch.GetRules() {
			if !disabled(r, local) {
				return false
			}
		}
		return true
	case *listenerv3.ListenerFilterChainMatchPredicate_NotMatch:
		return !disabled(rule.NotMatch, local)
	case *listenerv3.ListenerFilterChainMatchPredicate_AnyMatch:
		return rule.AnyMatch
	case *listenerv3.ListenerFilterChainMatchPredicate_DestinationPortRange:
		port := int32(local.Port())
		return rule.DestinationPortRange.GetStart() <= port && port < rule.DestinationPortRange.GetEnd()
	}
	return false
}

// connection is what filter chains match on.
type connection struct {
	local, remote netip.AddrPort
	serverName    string
	transport     string
	applications  []string
}

// connection describes r's connection as the listener filters find it. Without a tls_inspector TLS is not noticed;
// without an http_inspector plaintext has no application protocol.
func (l *listener) connection(r *model.Request) connection {
	c := connection{local: l.local(r), remote: r.Remote, transport: "raw_buffer"}
	switch {
	case r.TLS != nil && l.inspects("tls_inspector", c.local):
		c.transport, c.serverName, c.applications = "tls", r.TLS.ServerName, r.TLS.ALPN
	case r.TLS == nil && l.inspects("http_inspector", c.local):
		c.applications = []string{r.ProtocolOrDefault()}
	}
	return c
}

// chain is the filter chain for r, or nil if none matches. It is an error if the listener chooses in a way that the
// model does not know.
func (l *listener) chain(r *model.Request) (*chain, error) {
	if l.msg.GetFilterChainMatcher() != nil {
		return nil, errors.New("filter_chain_matcher is not modelled")
	}
	if c := mostSpecific(l.chains, l.connection(r)); c != nil {
		return c, nil
	}
	return l.fallback, nil
}
