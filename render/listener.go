package render

import (
	"net/netip"
	"slices"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"

	"github.com/amesh-render/amesh-render/xds/snapshot"
)

var listenerFields = tableOf(&listenerv3.Listener{}, fields{
	"name":                                 rendered,
	"address":                              partly("UDP is not rendered"),
	"additional_addresses":                 near("only the first address is told apart; further ones share its routes"),
	"filter_chains":                        composed,
	"default_filter_chain":                 composed,
	"filter_chain_matcher":                 lost("the listener's filter chains are chosen by a matcher, which is not rendered"),
	"use_original_dst":                     originalDestination,
	"traffic_direction":                    rendered,
	"bind_to_port":                         originalDestination,
	"listener_filters":                     partly("filters that look at the protocol and the original destination; others are not rendered"),
	"listener_filters_timeout":             harmless("APISIX does not wait to see which protocol a connection speaks"),
	"continue_on_listener_filters_timeout": harmless("APISIX does not wait to see which protocol a connection speaks"),
	"stat_prefix":                          harmless("names statistics"),
	"metadata":                             harmless("for people and tools"),
	"per_connection_buffer_limit_bytes":    harmless("APISIX buffers by its own settings"),
	"drain_type":                           harmless("APISIX drains by its own rules"),
	"reuse_port":                           harmless("how sockets are opened is set in APISIX's config.yaml"),
	"enable_reuse_port":                    harmless("how sockets are opened is set in APISIX's config.yaml"),
	"tcp_fast_open_queue_length":           harmless("how sockets are opened is set in APISIX's config.yaml"),
	"tcp_backlog_size":                     harmless("how sockets are opened is set in APISIX's config.yaml"),
	"transparent":                          lost("transparent proxying (TPROXY) is not rendered; use REDIRECT"),
	"freebind":                             harmless("how sockets are opened is set in APISIX's config.yaml"),
	"socket_options":                       harmless("how sockets are opened is set in APISIX's config.yaml"),
	"access_log":                           lost("connections are logged by APISIX's own access log"),
	"max_connections_to_accept_per_socket_event": harmless("tunes the accept loop"),
	"ignore_global_conn_limit":                   harmless("APISIX has no global connection limit of Envoy's kind"),
})

// listenerFilters that change nothing for plain HTTP, by name, and why.
var listenerFilters = map[string]fieldRule{
	"envoy.filters.listener.original_dst":   rendered,
	"envoy.filters.listener.tls_inspector":  harmless("APISIX's ports speak either TLS or plain text"),
	"envoy.filters.listener.http_inspector": harmless("APISIX's ports speak either HTTP or TCP"),
	"envoy.filters.listener.proxy_protocol": lost("the PROXY protocol is set in APISIX's config.yaml"),
}

// A listenerPart is what becomes of a listener: of its TCP by itself, and of its chains that serve HTTP.
type listenerPart struct {
	part
	resource  *snapshot.Resource[*listenerv3.Listener]
	listening *listening
	chains    []*chainPart
}

// touched reports whether anything that the part depends on has changed.
func (p *listenerPart) touched(c *changes) bool {
	if c.touch(&p.reads) {
		return true
	}
	for _, one := range p.chains {
		if c.touch(&one.reads) || slices.ContainsFunc(one.hosts, func(h *hostPart) bool { return c.touch(&h.reads) }) {
			return true
		}
	}
	return false
}

// listener renders one listener. Before is what it came to the last time; nil if nothing.
func (r *Renderer) listener(source *snapshot.Resource[*listenerv3.Listener], before *listenerPart) *listenerPart {
	if before == nil || before.resource != source {
		before = &listenerPart{}
	} else if before.listening == r.listening && !before.touched(r.changes) {
		return before
	}
	w, l, at := r.fork(), source.Message(), resource("listener", source.Name())
	out := &listenerPart{resource: source, listening: r.listening}
	listenerFields.check(l, at, "", &w.findings)
	w.listenerFilters(l, at)
	switch {
	case l.GetAddress().GetSocketAddress().GetProtocol() == corev3.SocketAddress_UDP:
		w.findings.dropped(at, "address.socket_address.protocol", "UDP is not rendered: the listener is left out")
	case l.GetFilterChainMatcher() == nil:
		w.streams(l, at)
		for i, c := range w.httpChains(l, at) {
			var was *chainPart
			if i < len(before.chains) {
				was = before.chains[i]
			}
			out.chains = append(out.chains, r.chain(&c, was))
		}
	}
	out.part = *w.validated()
	return out
}

func (r *renderer) listenerFilters(l *listenerv3.Listener, at *place) {
	for _, filter := range l.GetListenerFilters() {
		rule, ok := listenerFilters[filter.GetName()]
		switch {
		case !ok:
			r.findings.dropped(at, "listener_filters", "the listener filter %q is not rendered", filter.GetName())
		case rule.severity != "":
			r.findings.add(rule.severity, at, "listener_filters", "%s", rule.why)
		}
	}
}

// scopeOf says which connections a filter chain of the listener serves. A chain of an intercepting listener may name
// the destination port; ports are those that the chains beside it name.
func (r *renderer) scopeOf(l *listenerv3.Listener, port uint32, ports []uint32) scope {
	addr, own := socketAddress(l.GetAddress())
	inbound := isInbound(l)
	switch {
	case inbound && hasOriginalDst(l): // Istio's virtualInbound: one listener for all ports of the pod
		d := destination{port: port}
		if port == 0 {
			d.exceptPorts = ports
		}
		return r.intercepted("in", r.options.InboundPort, d)
	case intercepts(l):
		d := destination{addr: addr, port: own}
		if !addr.IsValid() {
			d.exceptAddrs = r.bound[own]
		}
		if inbound {
			return r.intercepted("in", r.options.InboundPort, d)
		}
		return r.intercepted("out", r.options.OutboundPort, d)
	}
	return ownPort(own)
}

// isInbound reports whether a listener is for connections that come to the pod.
func isInbound(l *listenerv3.Listener) bool {
	return l.GetTrafficDirection() == corev3.TrafficDirection_INBOUND
}

// intercepts reports whether a listener has no socket of its own, but gets connections that were redirected.
func intercepts(l *listenerv3.Listener) bool {
	return l.GetBindToPort() != nil && !l.GetBindToPort().GetValue()
}

// socketAddress is the IP address and port of an Envoy address. The address is not valid for a wildcard one, and for
// what is not IP.
func socketAddress(a *corev3.Address) (netip.Addr, uint32) {
	addr, err := netip.ParseAddr(a.GetSocketAddress().GetAddress())
	if err != nil || addr.IsUnspecified() {
		addr = netip.Addr{}
	}
	return addr, a.GetSocketAddress().GetPortValue()
}

func hasOriginalDst(l *listenerv3.Listener) bool {
	for _, filter := range l.GetListenerFilters() {
		if filter.GetName() == "envoy.filters.listener.original_dst" {
			return true
		}
	}
	return l.GetUseOriginalDst().GetValue()
}
