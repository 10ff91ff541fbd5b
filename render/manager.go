package render

import (
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
)

var managerFields = tableOf(&hcmv3.HttpConnectionManager{}, fields{
	"codec_type":                           harmless("APISIX takes HTTP/1.1 and HTTP/2 on one port"),
	"stat_prefix":                          harmless("names statistics"),
	"rds":                                  composedOf("as RouteConfiguration"),
	"route_config":                         composed,
	"http_filters":                         asFilters,
	"tracing":                              reported(Dropped, "tracing is not rendered"),
	"stream_idle_timeout":                  ownClientWait,
	"upgrade_configs":                      partly("only WebSocket, and without filters of its own"),
	"common_http_protocol_options":         near("limits on downstream connections are set in APISIX's config.yaml"),
	"http_protocol_options":                harmless("tunes the parser"),
	"http2_protocol_options":               harmless("tunes HTTP/2"),
	"server_name":                          near("the Server header of responses is APISIX's"),
	"server_header_transformation":         near("the Server header of responses is APISIX's"),
	"request_timeout":                      lost("the time for a whole request is not limited"),
	"request_headers_timeout":              near("the time for request headers is set in APISIX's config.yaml"),
	"max_request_headers_kb":               near("the size of request headers is limited in APISIX's config.yaml"),
	"drain_timeout":                        harmless("APISIX drains by its own rules"),
	"delayed_close_timeout":                harmless("APISIX closes by its own rules"),
	"access_log":                           near("requests are logged by APISIX's own access log"),
	"access_log_options":                   near("requests are logged by APISIX's own access log"),
	"use_remote_address":                   near("APISIX always sets X-Real-IP and X-Forwarded-Host, -Proto and -Port, and adds to X-Forwarded-For"),
	"xff_num_trusted_hops":                 near("trusted proxies are set in APISIX's config.yaml (real_ip_from)"),
	"skip_xff_append":                      near("APISIX always adds to X-Forwarded-For"),
	"internal_address_config":              harmless("Envoy's own headers are not used"),
	"forward_client_cert_details":          partly("X-Forwarded-Client-Cert of a client outside of the pod is removed, as on every connection in plain text; the pod's own is passed on"),
	"set_current_client_cert_details":      harmless("concerns TLS connections"),
	"proxy_100_continue":                   near("APISIX answers Expect: 100-continue itself"),
	"normalize_path":                       near("the upstream gets the path as the client sent it, dot segments and all, unless it is rewritten"),
	"merge_slashes":                        near("the upstream gets the path as the client sent it, doubled slashes and all, unless it is rewritten"),
	"path_with_escaped_slashes_action":     partly("the upstream gets escaped slashes as the client sent them"),
	"request_id_extension":                 harmless("request ids are made by APISIX where a plugin asks for them"),
	"generate_request_id":                  near("X-Request-Id is made by APISIX only where a plugin asks for it"),
	"preserve_external_request_id":         harmless("APISIX passes X-Request-Id on"),
	"strip_any_host_port":                  near("the Host header keeps its port on the way to the upstream"),
	"strip_matching_host_port":             near("the Host header keeps its port on the way to the upstream"),
	"strip_trailing_host_dot":              harmless("APISIX ignores the dot when it matches hosts"),
	"typed_header_validation_config":       harmless("nginx validates headers by its own rules"),
	"stream_error_on_invalid_http_message": harmless("concerns invalid requests"),
})

// manager reports what is lost of the HTTP connection manager and its filters, and reads its filters.
func (r *renderer) manager(c *httpChain) {
	managerFields.check(c.manager, c.at, "filters.", &r.findings)
	if c.manager.GetTracing().GetProvider() != nil {
		r.findings.dropped(c.at, "filters.tracing.provider", "tracing is not rendered")
	}
	if c.manager.GetPathWithEscapedSlashesAction() > hcmv3.HttpConnectionManager_KEEP_UNCHANGED {
		r.findings.approximate(c.at, "filters.path_with_escaped_slashes_action",
			"escaped slashes are neither refused nor decoded for the upstream; APISIX matches the decoded path")
	}
	for _, u := range c.manager.GetUpgradeConfigs() {
		if u.GetUpgradeType() != "websocket" || len(u.GetFilters()) > 0 {
			r.findings.dropped(c.at, "filters.upgrade_configs",
				"upgrades other than to WebSocket, and filters for upgraded connections, are not rendered")
		}
	}
	r.filters(c)
}

// received is what the connection manager does to requests before its filters see them: on connections in plain text it
// removes X-Forwarded-Client-Cert, which says who the client is, unless it is told to pass everything on.
func (c *httpChain) received(variants []variant) []variant {
	if c.scope.outbound || c.manager.GetForwardClientCertDetails() == hcmv3.HttpConnectionManager_ALWAYS_FORWARD_ONLY {
		return variants
	}
	for i := range variants {
		variants[i].removeFirst("x-forwarded-client-cert")
	}
	return variants
}

// websocket reports whether the chain lets clients upgrade to WebSocket.
func (c *httpChain) websocket() bool {
	for _, u := range c.manager.GetUpgradeConfigs() {
		if u.GetUpgradeType() == "websocket" && (u.GetEnabled() == nil || u.GetEnabled().GetValue()) {
			return true
		}
	}
	return false
}
