package render

import (
	"cmp"
	"slices"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"

	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// served are the connections that a filter chain serves, and by which routes.
type served struct {
	at      *place
	scope   scope
	inbound bool   // the listener is for connections that come to the pod
	name    string // of the route configuration
}

// An httpChain is a filter chain that serves plain HTTP, joined with its route configuration.
type httpChain struct {
	served
	named    int // 1 when the chain names the protocols that it serves
	manager  *hcmv3.HttpConnectionManager
	config   *snapshot.Resource[*routev3.RouteConfiguration] // the route configuration that came by RDS; nil for another
	routes   *routev3.RouteConfiguration                     // the same without its virtual hosts
	hosts    []hostSource
	routesAt *place
	// filters are those that do something to requests, in Envoy's order: the network filters that guard the
	// connection first, then those of the connection manager.
	filters []filterUse
}

var filterChainFields = tableOf(&listenerv3.FilterChain{}, fields{
	"filter_chain_match":               composed,
	"filters":                          composedOf("as HttpConnectionManager; connections that do not speak HTTP are not served"),
	"transport_socket":                 noTLS,
	"name":                             harmless("for people and tools"),
	"metadata":                         harmless("for people and tools"),
	"transport_socket_connect_timeout": harmless("concerns the TLS handshake"),
})

// The conditions of a filter chain that can be expressed for plain HTTP.
var filterChainMatchFields = tableOf(&listenerv3.FilterChainMatch{}, fields{
	"destination_port":      originalDestination,
	"transport_protocol":    noTLS,
	"application_protocols": reported(Dropped, "connections that are told apart by another protocol than HTTP are not served"),
	"server_names":          noTLS,

	"prefix_ranges":               lost("APISIX does not choose by the address that a connection was meant for: the chain is not served"),
	"address_suffix":              lost("APISIX does not choose by the address that a connection was meant for: the chain is not served"),
	"suffix_len":                  lost("APISIX does not choose by the address that a connection was meant for: the chain is not served"),
	"direct_source_prefix_ranges": lost(ofSomeClients),
	"source_type":                 lost(ofSomeClients),
	"source_prefix_ranges":        lost(ofSomeClients),
	"source_ports":                lost(ofSomeClients),
})

const ofSomeClients = "APISIX does not choose by the client's address: the chain is not served"

// Network filters beside the HTTP connection manager and the TCP proxy, by type.
var networkFilters = map[string]fieldRule{
	"envoy.tcp.metadataexchange.config.MetadataExchange": harmless("exchanges names of workloads, for telemetry"),
}

// Network filters that decide on connections.
var networkGuards = map[string]*httpFilter{
	"envoy.extensions.filters.network.rbac.v3.RBAC": {
		rule: partly("requests are refused, where Envoy closes the connection"), apply: (*renderer).networkRBAC},
	"envoy.extensions.filters.network.ext_authz.v3.ExtAuthz": {rule: unknownGuardRule, apply: (*renderer).unknownGuard},
}

// httpChains are the filter chains of the listener that serve plain HTTP, those that ask for it by name first: Envoy
// prefers them. Of the others, it reports what is lost.
func (r *renderer) httpChains(l *listenerv3.Listener, at *place) []httpChain {
	ports := destinationPorts(l)
	var chains []httpChain
	add := func(fc *listenerv3.FilterChain, at *place) {
		if servesTCP(fc) && !servesHTTP(fc) {
			return // see streams
		}
		if c, ok := r.plainHTTP(fc, at); ok {
			c.named = min(1, len(fc.GetFilterChainMatch().GetApplicationProtocols()))
			c.inbound = l.GetTrafficDirection() == corev3.TrafficDirection_INBOUND
			c.scope = r.scopeOf(l, fc.GetFilterChainMatch().GetDestinationPort().GetValue(), ports)
			chains = append(chains, c)
		}
	}
	for i, fc := range l.GetFilterChains() {
		add(fc, at.item("filter_chain", i))
	}
	if fc := l.GetDefaultFilterChain(); fc != nil {
		add(fc, at.item("default_filter_chain", -1))
	}
	slices.SortStableFunc(chains, func(a, b httpChain) int { return cmp.Compare(b.named, a.named) })
	return chains
}

// destinationPorts are the ports that filter chains of the listener name.
func destinationPorts(l *listenerv3.Listener) []uint32 {
	var ports []uint32
	for _, fc := range l.GetFilterChains() {
		if p := fc.GetFilterChainMatch().GetDestinationPort(); p != nil {
			ports = append(ports, p.GetValue())
		}
	}
	slices.Sort(ports)
	return slices.Compact(ports)
}

// plainHTTP reads a filter chain. It is not ok when the chain does not serve plain HTTP; findings then say what is lost.
func (r *renderer) plainHTTP(fc *listenerv3.FilterChain, at *place) (httpChain, bool) {
	filterChainFields.check(fc, at, "", &r.findings)
	match := fc.GetFilterChainMatch()
	switch {
	case speaksTLS(fc):
		r.findings.dropped(at, "transport_socket", "TLS is not rendered yet: TLS connections are not served")
		return httpChain{}, false
	case !speaksHTTP(match.GetApplicationProtocols()):
		r.findings.dropped(at, "filter_chain_match.application_protocols",
			"connections are told apart by a protocol that APISIX does not negotiate; they are not served")
		return httpChain{}, false
	case filterChainMatchFields.lost(match, at, "filter_chain_match.", &r.findings):
		return httpChain{}, false
	}
	return r.networkFilters(fc, at)
}

func speaksTLS(fc *listenerv3.FilterChain) bool {
	const plainText = "envoy.transport_sockets.raw_buffer"
	match := fc.GetFilterChainMatch()
	return match.GetTransportProtocol() == "tls" || len(match.GetServerNames()) > 0 ||
		fc.GetTransportSocket() != nil && fc.GetTransportSocket().GetName() != plainText
}

// speaksHTTP reports whether a chain with these application protocols gets connections that turn out to be plain HTTP.
func speaksHTTP(protocols []string) bool {
	return len(protocols) == 0 || slices.Contains(protocols, "http/1.1") || slices.Contains(protocols, "h2c") ||
		slices.Contains(protocols, "http/1.0")
}

// networkFilters reads the chain's filters up to the one that ends it.
func (r *renderer) networkFilters(fc *listenerv3.FilterChain, at *place) (c httpChain, ok bool) {
	c.at = at
	for _, filter := range fc.GetFilters() {
		config := filter.GetTypedConfig()
		switch typeName(config) {
		case "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager":
			c.manager = &hcmv3.HttpConnectionManager{}
			if err := config.UnmarshalTo(c.manager); err != nil {
				r.findings.dropped(at, "filters.typed_config", "the HTTP connection manager cannot be decoded: %v", err)
				return c, false
			}
			return c, r.joinRoutes(&c)
		default:
			if guard, ok := networkGuards[typeName(config)]; ok {
				c.filters = append(c.filters, filterUse{kind: guard, config: config, at: at, field: "filters " + filter.GetName()})
				continue
			}
			if _, known := networkFilters[typeName(config)]; !known {
				r.findings.dropped(at, "filters", "the network filter %q is not rendered", filter.GetName())
			}
		}
	}
	return c, false
}

// joinRoutes finds the chain's route configuration.
func (r *renderer) joinRoutes(c *httpChain) bool {
	if inline := c.manager.GetRouteConfig(); inline != nil {
		c.routes, c.name, c.routesAt = inline, inline.GetName(), c.at.child("route_config", inline.GetName())
		for _, vh := range inline.GetVirtualHosts() {
			c.hosts = append(c.hosts, hostSource{message: vh})
		}
		return true
	}
	rds := c.manager.GetRds()
	if rds == nil {
		r.findings.dropped(c.at, "filters.route_specifier", "scoped routes are not rendered: requests are answered 404")
		return false
	}
	name := rds.GetRouteConfigName()
	routes := r.routeConfiguration(name)
	if routes == nil {
		r.findings.dropped(c.at, "filters.rds.route_config_name",
			"the route configuration %q is missing: requests are answered 404, as Envoy does", name)
		return false
	}
	var hosts []*snapshot.Resource[*routev3.VirtualHost]
	c.config, hosts = snapshot.Split(routes)
	c.routes, c.name, c.routesAt = c.config.Message(), name, resource("route_config", name)
	for _, vh := range hosts {
		c.hosts = append(c.hosts, hostSource{resource: vh})
	}
	return true
}
