//lint:file-ignore SA1019 Control planes still send the deprecated fields of clusters.

package render

import (
	"maps"
	"slices"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	httpv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
)

var clusterFields = tableOf(&clusterv3.Cluster{}, fields{
	"name":                                         rendered,
	"type":                                         partly("endpoints that are names are called at one address at a time; without Lua, original destinations other than the pod's own are answered 503"),
	"cluster_type":                                 partly("aggregates, names and original destinations are known; requests for other clusters are answered 503; original destinations need Lua"),
	"eds_cluster_config":                           rendered,
	"load_assignment":                              composed,
	"connect_timeout":                              partly("among several clusters that share a route's requests, the timeout of the first holds"),
	"lb_policy":                                    ownOrder,
	"load_balancing_policy":                        composedOf("as the messages of the policies say; endpoints take turns under one that is not known"),
	"common_lb_config":                             composed,
	"circuit_breakers":                             composed,
	"metadata":                                     harmless("for people and tools"),
	"transport_socket":                             reported(Denied, unverifiedEndpoints),
	"transport_socket_matches":                     reported(Dropped, "mesh mTLS is not rendered: endpoints that expect it are called in plain text"),
	"typed_extension_protocol_options":             composedOf("as HttpProtocolOptions; other options are not rendered"),
	"http2_protocol_options":                       http2ForGRPC,
	"filters":                                      reported(Dropped, "network filters of the cluster are not rendered"),
	"alt_stat_name":                                harmless("names statistics"),
	"track_cluster_stats":                          harmless("for statistics"),
	"track_timeout_budgets":                        harmless("for statistics"),
	"cleanup_interval":                             harmless("concerns Envoy's memory of original destinations"),
	"upstream_bind_config":                         harmless("the address from which endpoints are called: Istio's mark against loops"),
	"ring_hash_lb_config":                          harmless("the size of the ring; APISIX has its own"),
	"maglev_lb_config":                             harmless("the size of the table; APISIX has its own"),
	"least_request_lb_config":                      composed,
	"round_robin_lb_config":                        composed,
	"original_dst_lb_config":                       harmless("concerns original destinations, which are reported"),
	"dns_refresh_rate":                             ownTimeToLive,
	"dns_failure_refresh_rate":                     ownTimeToLive,
	"dns_jitter":                                   ownTimeToLive,
	"respect_dns_ttl":                              ownTimeToLive,
	"dns_lookup_family":                            ownFamilies,
	"dns_resolvers":                                near("resolvers are set in APISIX's config.yaml"),
	"dns_resolution_config":                        near("resolvers are set in APISIX's config.yaml"),
	"typed_dns_resolver_config":                    ownResolver,
	"wait_for_warm_on_init":                        harmless("concerns loading"),
	"use_tcp_for_dns_lookups":                      ownResolver,
	"ignore_health_on_host_removal":                harmless("APISIX forgets endpoints that are removed"),
	"outlier_detection":                            composed,
	"health_checks":                                composedOf("as the fields of one check; endpoints count as healthy until checks fail, and all are called when none is healthy"),
	"upstream_connection_options":                  composed,
	"max_requests_per_connection":                  rendered,
	"per_connection_buffer_limit_bytes":            harmless("APISIX buffers by its own settings"),
	"per_connection_buffer_high_watermark_timeout": harmless("APISIX buffers by its own settings"),
	"preconnect_policy":                            harmless("tunes connections"),
	"connection_pool_per_downstream_connection":    near("connections to endpoints are shared by all clients"),
	"transport_socket_matcher":                     reported(Denied, "endpoints whose transport a matcher chooses get no requests"),
	"common_http_protocol_options":                 composed,
	"upstream_http_protocol_options":               harmless("APISIX always sends the host name of the request as SNI"),
	"http_protocol_options":                        harmless("concerns what HTTP/1 messages look like"),
	"protocol_selection":                           near("APISIX calls the endpoints with HTTP/1.1"),
	"lb_subset_config":                             lost("endpoints are not chosen by metadata: all get requests"),
	"close_connections_on_host_health_failure":     harmless("tunes connections"),
	"stats_matcher":                                harmless("for statistics"),
	"lrs_server":                                   harmless("for statistics"),
	"lrs_report_endpoint_metrics":                  harmless("for statistics"),
	"upstream_config":                              lost("the upstream's own way to send requests on is not rendered: they are sent as HTTP"),
})

var protocolFields = tableOf(&httpv3.HttpProtocolOptions{}, fields{
	"common_http_protocol_options":   composed,
	"explicit_http_config":           http2ForGRPC,
	"use_downstream_protocol_config": http2ForGRPC,
	"auto_config":                    near("APISIX calls the endpoints with HTTP/1.1"),
	"upstream_http_protocol_options": harmless("APISIX always sends the host name of the request as SNI"),
	"http_filters":                   lost("HTTP filters of the cluster have no effect"),
	"header_validation_config":       near("nginx checks the headers of answers by its own rules"),
	"outlier_detection":              lost("which answers count as failures is not up to the cluster: 5xx do"),
	"request_mirror_policies":        lost("requests are not mirrored for the cluster's sake, only for routes'"),
	"hash_policy":                    lost("only the hash policies of routes are rendered"),
	"retry_policy":                   lost("only the retry policies of routes and virtual hosts are rendered"),
})

var commonLbFields = tableOf(&clusterv3.Cluster_CommonLbConfig{}, fields{
	"healthy_panic_threshold":              callsAll,
	"locality_weighted_lb_config":          rendered,
	"zone_aware_lb_config":                 composed,
	"update_merge_window":                  harmless("tunes updates"),
	"ignore_new_hosts_until_first_hc":      near("a new endpoint gets requests before it has been checked"),
	"close_connections_on_host_set_change": harmless("tunes connections"),
	"consistent_hashing_lb_config":         composed,
	"override_host_status":                 harmless("concerns stateful sessions"),
})

var zoneAwareFields = tableOf(&clusterv3.Cluster_CommonLbConfig_ZoneAwareLbConfig{}, fields{
	"routing_enabled":       allZones,
	"min_cluster_size":      harmless("concerns zone-aware balancing, which is reported"),
	"fail_traffic_on_panic": callsAll,
})

var consistentLbFields = tableOf(&clusterv3.Cluster_CommonLbConfig_ConsistentHashingLbConfig{}, fields{
	"use_hostname_for_hashing": harmless("each proxy's ring is its own"),
	"hash_balance_factor":      near("an endpoint that many clients hash to is not relieved"),
})

// checkCommonLb reports what is lost of common_lb_config.
func (r *renderer) checkCommonLb(c *clusterv3.Cluster_CommonLbConfig, at *place) {
	const field = "common_lb_config."
	commonLbFields.check(c, at, field, &r.findings)
	zoneAwareFields.check(c.GetZoneAwareLbConfig(), at, field+"zone_aware_lb_config.", &r.findings)
	consistentLbFields.check(c.GetConsistentHashingLbConfig(), at, field+"consistent_hashing_lb_config.", &r.findings)
}

// protocol checks how the endpoints of a cluster are called, and returns its settings of connections; the routes say which
// of their requests are gRPC.
func (r *renderer) protocol(c *clusterv3.Cluster, at *place) *corev3.HttpProtocolOptions {
	connections, field := c.GetCommonHttpProtocolOptions(), "common_http_protocol_options."
	for _, name := range slices.Sorted(maps.Keys(c.GetTypedExtensionProtocolOptions())) {
		in := "typed_extension_protocol_options[" + name + "]"
		options, err := r.protocolOptions(c.GetTypedExtensionProtocolOptions()[name])
		if err != nil {
			r.findings.dropped(at, in, "not rendered")
			continue
		}
		protocolFields.check(options, at, in+".", &r.findings)
		if o := options.GetCommonHttpProtocolOptions(); o != nil {
			connections, field = o, in+".common_http_protocol_options."
		}
	}
	if always, _ := r.http2(c); always {
		r.findings.approximate(at, "typed_extension_protocol_options",
			"APISIX speaks HTTP/2 to endpoints for gRPC only: other requests are sent with HTTP/1.1")
	}
	connectionFields.check(connections, at, field, &r.findings)
	connectionOptionsFields.check(c.GetUpstreamConnectionOptions(), at, "upstream_connection_options.", &r.findings)
	for _, filter := range c.GetFilters() {
		if _, known := networkFilters[typeName(filter.GetTypedConfig())]; !known {
			r.findings.dropped(at, "filters", "the network filter %q is not rendered", filter.GetName())
		}
	}
	return connections
}
