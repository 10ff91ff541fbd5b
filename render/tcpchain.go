package render

import (
	"slices"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	tcpv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/tcp_proxy/v3"
)

// The conditions of a filter chain that can be expressed for TCP.
var tcpChainMatchFields = tableOf(&listenerv3.FilterChainMatch{}, fields{
	"destination_port":      rendered,
	"prefix_ranges":         rendered,
	"transport_protocol":    rendered,
	"server_names":          onlyLua("APISIX cannot choose by the server name (SNI) of TLS that it does not terminate: the connections are closed"),
	"application_protocols": harmless("a chain for some protocols gets no connections of others"),

	"address_suffix":              lost("APISIX does not choose by the end of an address: the chain is not served"),
	"suffix_len":                  lost("APISIX does not choose by the end of an address: the chain is not served"),
	"direct_source_prefix_ranges": lost(ofSomeClients),
	"source_type":                 lost(ofSomeClients),
	"source_prefix_ranges":        lost(ofSomeClients),
	"source_ports":                lost(ofSomeClients),
})

// Network filters that do nothing to the bytes of a connection, by type.
var tcpFilters = map[string]fieldRule{
	"envoy.tcp.metadataexchange.config.MetadataExchange":                    harmless("exchanges names of workloads, for telemetry"),
	"envoy.extensions.filters.network.mongo_proxy.v3.MongoProxy":            harmless("counts operations; bytes pass as they are"),
	"envoy.extensions.filters.network.mysql_proxy.v3.MySQLProxy":            harmless("counts operations; bytes pass as they are"),
	"envoy.extensions.filters.network.postgres_proxy.v3alpha.PostgresProxy": harmless("counts operations; bytes pass as they are"),
	"envoy.extensions.filters.network.zookeeper_proxy.v3.ZooKeeperProxy":    harmless("counts operations; bytes pass as they are"),
	"stats.PluginConfig": harmless("Istio's metrics of connections"),
}

// A tcpChain is a filter chain as a connection sees it that is chosen by addresses, and by SNI.
type tcpChain struct {
	at        *place
	names     []string
	transport string // "", raw_buffer or tls
	protocols bool   // it is for some application protocols only, which bytes that are passed on do not show
	metadata  *corev3.Metadata
	// proxy is where its connections go; nil where they are closed, or speak HTTP.
	proxy   *tcpv3.TcpProxy
	http    bool // it takes HTTP, or what is not TCP otherwise, in plain text
	guarded bool // some filter decides who may connect or ask
}

// tcpChain reads a filter chain.
func (r *renderer) tcpChain(l *listenerv3.Listener, fc *listenerv3.FilterChain, at *place) *tcpChain {
	match := fc.GetFilterChainMatch()
	c := &tcpChain{at: at, transport: match.GetTransportProtocol(), protocols: len(match.GetApplicationProtocols()) > 0, metadata: fc.GetMetadata()}
	for _, name := range match.GetServerNames() {
		c.names = append(c.names, strings.ToLower(name))
	}
	if !servesTCP(fc) { // httpChains reports it
		c.http = !speaksTLS(fc)
		c.guarded = guards(fc)
		return c
	}
	filterChainFields.check(fc, at, "", &r.findings)
	lost := tcpChainMatchFields.lost(match, at, "filter_chain_match.", &r.findings)
	if s := fc.GetTransportSocket(); s != nil && kindOf(s) != plainText {
		r.findings.dropped(at, "transport_socket", "TLS is not rendered yet: TLS connections are not served")
		lost = true
	}
	proxy := r.tcpProxy(l, fc, c)
	if !lost {
		c.proxy = proxy
	}
	return c
}

// guards reports whether any filter of a chain, or of its connection manager, decides who may connect or ask.
func guards(fc *listenerv3.FilterChain) bool {
	manager := &hcmv3.HttpConnectionManager{}
	for _, filter := range fc.GetFilters() {
		config := filter.GetTypedConfig()
		if _, guards := networkGuards[typeName(config)]; guards {
			return true
		}
		if config.MessageIs(manager) && config.UnmarshalTo(manager) != nil {
			return true
		}
	}
	return slices.ContainsFunc(manager.GetHttpFilters(), func(f *hcmv3.HttpFilter) bool {
		kind := findHTTPFilter(typeName(f.GetTypedConfig()))
		return kind == nil || kind.guards()
	})
}

// tcpProxy reads the filters of a chain up to its TCP proxy; nil when one before it may refuse a connection.
func (r *renderer) tcpProxy(l *listenerv3.Listener, fc *listenerv3.FilterChain, c *tcpChain) *tcpv3.TcpProxy {
	refuses := false
	for _, filter := range fc.GetFilters() {
		config := filter.GetTypedConfig()
		proxy := &tcpv3.TcpProxy{}
		guard, guards := networkGuards[typeName(config)]
		switch {
		case config.MessageIs(proxy):
			if err := config.UnmarshalTo(proxy); err != nil {
				r.findings.dropped(c.at, "filters.typed_config", "the TCP proxy cannot be decoded: %v", err)
				return nil
			}
			if proxy.GetTunnelingConfig() != nil {
				refuses = true
			}
			tcpProxyFields.check(proxy, c.at, "filters.", &r.findings)
			if refuses {
				return nil
			}
			return proxy
		case guards:
			chain := &httpChain{served: served{at: c.at, scope: r.scopeOf(l, fc.GetFilterChainMatch().GetDestinationPort().GetValue(), nil)}}
			use := filterUse{chain: chain, kind: guard, config: config, at: c.at, field: "filters " + filter.GetName()}
			if out := guard.apply(r, use, []variant{{tag: "passes"}}); len(out) != 1 || out[0].tag != "passes" || len(out[0].vars) > 0 {
				r.findings.denied(c.at, use.field, "APISIX cannot judge TCP connections by these rules: all are closed that they could apply to")
				refuses = true
			}
		default:
			if rule, known := tcpFilters[typeName(config)]; !known || rule.severity != "" {
				r.findings.dropped(c.at, "filters", "the network filter %q is not rendered", filter.GetName())
			}
		}
	}
	return nil
}
