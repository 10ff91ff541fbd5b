//lint:file-ignore SA1019 Control planes still send the deprecated fields of clusters.

package render

import (
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	httpv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"

	"github.com/amesh-render/amesh-render/render/apisix"
)

var clusterFields = tableOf(&clusterv3.Cluster{}, fields{
	"name":                              rendered,
	"type":                              rendered,
	"cluster_type":                      rendered,
	"eds_cluster_config":                rendered,
	"load_assignment":                   rendered,
	"connect_timeout":                   rendered,
	"lb_policy":                         rendered,
	"load_balancing_policy":             rendered,
	"common_lb_config":                  rendered,
	"circuit_breakers":                  rendered,
	"metadata":                          rendered,
	"transport_socket":                  rendered,
	"transport_socket_matches":          rendered,
	"typed_extension_protocol_options":  rendered,
	"http2_protocol_options":            rendered,
	"filters":                           rendered,
	"alt_stat_name":                     harmless("names statistics"),
	"track_cluster_stats":               harmless("for statistics"),
	"track_timeout_budgets":             harmless("for statistics"),
	"cleanup_interval":                  harmless("concerns Envoy's memory of original destinations"),
	"upstream_bind_config":              harmless("the address from which endpoints are called: Istio's mark against loops"),
	"ring_hash_lb_config":               harmless("the size of the ring; APISIX has its own"),
	"maglev_lb_config":                  harmless("the size of the table; APISIX has its own"),
	"least_request_lb_config":           near("new endpoints get their full share at once (no slow start)"),
	"round_robin_lb_config":             near("new endpoints get their full share at once (no slow start)"),
	"original_dst_lb_config":            harmless("concerns original destinations, which are reported"),
	"dns_refresh_rate":                  harmless("APISIX resolves names by the records' own time to live"),
	"dns_failure_refresh_rate":          harmless("APISIX resolves names by the records' own time to live"),
	"dns_jitter":                        harmless("APISIX resolves names by the records' own time to live"),
	"respect_dns_ttl":                   harmless("APISIX resolves names by the records' own time to live"),
	"dns_lookup_family":                 near("APISIX asks for IPv4 and IPv6 addresses in the order of its config.yaml"),
	"dns_resolvers":                     near("resolvers are set in APISIX's config.yaml"),
	"dns_resolution_config":             near("resolvers are set in APISIX's config.yaml"),
	"typed_dns_resolver_config":         harmless("resolvers are set in APISIX's config.yaml"),
	"wait_for_warm_on_init":             harmless("concerns loading"),
	"use_tcp_for_dns_lookups":           harmless("resolvers are set in APISIX's config.yaml"),
	"ignore_health_on_host_removal":     harmless("APISIX forgets endpoints that are removed"),
	"outlier_detection":                 lost("endpoints that fail are not taken out (outlier detection is not rendered yet)"),
	"health_checks":                     lost("endpoints are not checked (active health checks are not rendered yet)"),
	"upstream_connection_options":       near("TCP keepalive is set in APISIX's config.yaml"),
	"max_requests_per_connection":       near("connections to endpoints are kept as long as APISIX's config.yaml says"),
	"per_connection_buffer_limit_bytes": harmless("APISIX buffers by its own settings"),
	"preconnect_policy":                 harmless("tunes connections"),
})

var protocolFields = tableOf(&httpv3.HttpProtocolOptions{}, fields{
	"common_http_protocol_options":   rendered,
	"explicit_http_config":           rendered,
	"use_downstream_protocol_config": rendered,
	"auto_config":                    near("APISIX calls the endpoints with HTTP/1.1"),
})

var connectionFields = tableOf(&corev3.HttpProtocolOptions{}, fields{
	"idle_timeout":                    harmless("when an unused connection to an endpoint is closed"),
	"max_connection_duration":         near("connections to endpoints are kept as long as APISIX's config.yaml says"),
	"max_requests_per_connection":     near("connections to endpoints are kept as long as APISIX's config.yaml says"),
	"max_stream_duration":             lost("the duration of a request is not limited"),
	"max_headers_count":               near("the number of response headers is limited by nginx"),
	"headers_with_underscores_action": near("headers with underscores are passed on"),
})

var commonLbFields = tableOf(&clusterv3.Cluster_CommonLbConfig{}, fields{
	"healthy_panic_threshold":              rendered,
	"locality_weighted_lb_config":          rendered,
	"zone_aware_lb_config":                 near("endpoints of all zones get their share"),
	"update_merge_window":                  harmless("tunes updates"),
	"ignore_new_hosts_until_first_hc":      harmless("concerns health checks, which are reported"),
	"close_connections_on_host_set_change": harmless("tunes connections"),
	"consistent_hashing_lb_config":         harmless("tunes hashing"),
	"override_host_status":                 harmless("concerns stateful sessions"),
})

// protocol sets how the endpoints of a cluster are called.
func (r *renderer) protocol(up *apisix.Upstream, c *clusterv3.Cluster, at *place) {
	http2 := c.GetHttp2ProtocolOptions() != nil
	for name, config := range c.GetTypedExtensionProtocolOptions() {
		options := &httpv3.HttpProtocolOptions{}
		if config.UnmarshalTo(options) != nil {
			r.findings.dropped(at, "typed_extension_protocol_options["+name+"]", "not rendered")
			continue
		}
		r.connectionOptions(options, at, "typed_extension_protocol_options["+name+"].")
		http2 = http2 || options.GetExplicitHttpConfig().GetHttp2ProtocolOptions() != nil
	}
	if http2 {
		up.Scheme = "grpc"
		r.findings.approximate(at, "typed_extension_protocol_options",
			"APISIX speaks HTTP/2 to endpoints for gRPC only: other requests are sent as gRPC too")
	}
	for _, filter := range c.GetFilters() {
		if _, known := networkFilters[typeName(filter.GetTypedConfig())]; !known {
			r.findings.dropped(at, "filters", "the network filter %q is not rendered", filter.GetName())
		}
	}
}

// connectionOptions checks HttpProtocolOptions.
func (r *renderer) connectionOptions(o *httpv3.HttpProtocolOptions, at *place, field string) {
	protocolFields.check(o, at, field, &r.findings)
	connectionFields.check(o.GetCommonHttpProtocolOptions(), at, field+"common_http_protocol_options.", &r.findings)
}
