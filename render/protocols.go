package render

import (
	"net/netip"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"

	"github.com/amesh-render/amesh-render/intercept"
	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// Protocols is what Envoy would take intercepted connections for, by their destination, as far as ports can tell. Where
// Envoy looks at the first bytes to tell HTTP from something else, the port is HTTP, as its service is. Destinations that
// no listener is for are TCP: Envoy passes their bytes on. A direction of which the snapshot has no intercepting listener
// has empty lists.
func Protocols(s *snapshot.Snapshot) intercept.Table {
	outbound, inbound := protocols{}, protocols{}
	for _, l := range s.Listeners().All() {
		direction := outbound
		if l.GetTrafficDirection() == corev3.TrafficDirection_INBOUND {
			direction = inbound
		}
		switch {
		case l.GetAddress().GetSocketAddress().GetProtocol() == corev3.SocketAddress_UDP:
		case hasOriginalDst(l):
			direction.addCatchAll(l)
		case intercepts(l):
			direction.addListener(l)
		}
	}
	return intercept.Table{Outbound: outbound.ports(), Inbound: inbound.ports()}
}

// protocols are the destinations of one direction.
type protocols map[intercept.Entry]intercept.Protocol

var everyPort = intercept.Entry{First: 1, Last: 65535}

func onePort(port uint32) intercept.Entry {
	return intercept.Entry{First: uint16(port), Last: uint16(port)}
}

// addListener adds a listener that is for the connections to its addresses.
func (p protocols) addListener(l *listenerv3.Listener) {
	p.addAddress(l.GetAddress(), l)
	for _, a := range l.GetAdditionalAddresses() {
		p.addAddress(a.GetAddress(), l)
	}
}

func (p protocols) addAddress(a *corev3.Address, l *listenerv3.Listener) {
	addr, port := socketAddress(a)
	if port == 0 || port > 65535 {
		return // a pipe, or what Envoy refuses
	}
	e := onePort(port)
	if addr.IsValid() {
		addr = addr.Unmap()
		e.Addresses = netip.PrefixFrom(addr, addr.BitLen()).Masked()
	}
	p[e] = protocolOf(chainsOf(l))
}

// addCatchAll adds a listener that gets connections to any destination: Istio's virtualOutbound and virtualInbound. Its
// chains name ports. Those that name none are for all others; HTTP there only if they serve nothing else.
func (p protocols) addCatchAll(l *listenerv3.Listener) {
	_, own := socketAddress(l.GetAddress())
	byPort := map[uint32][]*listenerv3.FilterChain{}
	for _, fc := range chainsOf(l) {
		port := fc.GetFilterChainMatch().GetDestinationPort().GetValue()
		byPort[port] = append(byPort[port], fc)
	}
	for port, chains := range byPort {
		switch {
		case port == own || port > 65535: // connections to the listener itself, which Envoy refuses
		case port != 0:
			p[onePort(port)] = protocolOf(chains)
		case anyChain(chains, servesTCP):
			p[everyPort] = intercept.TCP
		default:
			p[everyPort] = intercept.HTTP
		}
	}
}

// chainsOf is the filter chains of a listener and its default one.
func chainsOf(l *listenerv3.Listener) []*listenerv3.FilterChain {
	chains := append([]*listenerv3.FilterChain{}, l.GetFilterChains()...)
	if fc := l.GetDefaultFilterChain(); fc != nil {
		chains = append(chains, fc)
	}
	return chains
}

// protocolOf is HTTP if one of the chains serves HTTP in plain text; or in TLS, where none takes plain text: a client
// that speaks neither is then refused, not passed on.
func protocolOf(chains []*listenerv3.FilterChain) intercept.Protocol {
	var plain []*listenerv3.FilterChain
	for _, fc := range chains {
		if !speaksTLS(fc) {
			plain = append(plain, fc)
		}
	}
	if len(plain) > 0 {
		chains = plain
	}
	if anyChain(chains, servesHTTP) {
		return intercept.HTTP
	}
	return intercept.TCP
}

func anyChain(chains []*listenerv3.FilterChain, is func(*listenerv3.FilterChain) bool) bool {
	for _, fc := range chains {
		if is(fc) {
			return true
		}
	}
	return false
}

func servesHTTP(fc *listenerv3.FilterChain) bool {
	return hasFilter(fc, "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager")
}

func servesTCP(fc *listenerv3.FilterChain) bool {
	return hasFilter(fc, "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy")
}

func hasFilter(fc *listenerv3.FilterChain, name string) bool {
	for _, filter := range fc.GetFilters() {
		if typeName(filter.GetTypedConfig()) == name {
			return true
		}
	}
	return false
}

// ports is the lists, without entries that a wider one says already.
func (p protocols) ports() intercept.Ports {
	if _, ok := p[everyPort]; !ok && len(p) > 0 {
		p[everyPort] = intercept.TCP
	}
	var http, tcp intercept.List
	for e, protocol := range p {
		if wider, ok := p.wider(e); ok && p[wider] == protocol {
			continue
		}
		if protocol == intercept.HTTP {
			http = append(http, e)
		} else {
			tcp = append(tcp, e)
		}
	}
	return intercept.Ports{HTTP: http.Sorted(), TCP: tcp.Sorted()}
}

// wider is the narrowest other entry that contains all of e.
func (p protocols) wider(e intercept.Entry) (intercept.Entry, bool) {
	port := onePort(uint32(e.First))
	if _, ok := p[port]; ok && e.Addresses.IsValid() {
		return port, true
	}
	_, ok := p[everyPort]
	return everyPort, ok && e != everyPort
}
