package render

// otherFilters are those that istiod puts into a chain only where a user asks for them.
var otherFilters = []httpFilter{
	{listener: "local_ratelimit.v3.LocalRateLimit", route: "local_ratelimit.v3.LocalRateLimit",
		rule: partly("each route of APISIX has a bucket of its own, which leaks evenly"), apply: (*renderer).localRateLimit},
	{listener: "buffer.v3.Buffer", route: "buffer.v3.BufferPerRoute", rule: rendered, apply: (*renderer).buffer},
	{listener: "body_size_limit.v3.BodySizeLimit", route: "body_size_limit.v3.BodySizeLimit", rule: composedOf("as the field of BodySizeLimit"),
		apply: (*renderer).bodySizeLimit},
	{listener: "compressor.v3.Compressor", route: "compressor.v3.CompressorPerRoute",
		rule: partly("gzip only; nginx decides by rules of its own which clients get compressed responses"), apply: (*renderer).compressor},
	{listener: "ext_proc.v3.ExternalProcessor", route: "ext_proc.v3.ExtProcPerRoute",
		rule:  refused("the service is not asked: requests are refused, unless failure_mode_allow lets them pass without it"),
		apply: (*renderer).extProc},

	// What holds any filter, a guard too.
	{listener: "envoy.extensions.common.matching.v3.ExtensionWithMatcher", route: "envoy.extensions.common.matching.v3.ExtensionWithMatcherPerRoute",
		rule: unknownGuardRule, apply: (*renderer).unknownGuard},
	{listener: "composite.v3.Composite", route: "composite.v3.CompositePerRoute", rule: unknownGuardRule, apply: (*renderer).unknownGuard},
	{listener: "filter_chain.v3.FilterChainConfig", route: "filter_chain.v3.FilterChainConfigPerRoute",
		rule: unknownGuardRule, apply: (*renderer).unknownGuard},

	// Code of the user's: what it guards is not known, and most of it guards nothing.
	{listener: "lua.v3.Lua", route: "lua.v3.LuaPerRoute", rule: lost("the script does not run: requests that it would refuse pass")},
	{listener: "wasm.v3.Wasm", rule: lost("the Wasm plugin does not run: requests that it would refuse pass")},
	{listener: "dynamic_modules.v3.DynamicModuleFilter", route: "dynamic_modules.v3.DynamicModuleFilterPerRoute",
		rule: lost("the module does not run: requests that it would refuse pass")},

	// Limits.
	{listener: "ratelimit.v3.RateLimit", route: "ratelimit.v3.RateLimitPerRoute", rule: lost("the rate limit service is not asked: requests are not limited")},
	{listener: "rate_limit_quota.v3.RateLimitQuotaFilterConfig", route: "rate_limit_quota.v3.RateLimitQuotaOverride",
		rule: lost("the rate limit service is not asked: requests are not limited")},
	{listener: "bandwidth_limit.v3.BandwidthLimit", route: "bandwidth_limit.v3.BandwidthLimit", rule: lost("the bandwidth of requests and responses is not limited")},
	{listener: "adaptive_concurrency.v3.AdaptiveConcurrency", rule: lost("requests are not refused when the upstream slows down")},
	{listener: "admission_control.v3.AdmissionControl", rule: lost("requests are not refused when the upstream fails")},
	{listener: "cdn_loop.v3.CdnLoopConfig", rule: lost("requests that go in circles are not refused")},

	// What changes requests and responses.
	{listener: "header_mutation.v3.HeaderMutation", route: "header_mutation.v3.HeaderMutationPerRoute", rule: lost("headers are not changed")},
	{listener: "grpc_json_transcoder.v3.GrpcJsonTranscoder", route: "grpc_json_transcoder.v3.GrpcJsonTranscoder",
		rule: lost("JSON requests are not translated to gRPC")},
	{listener: "grpc_json_reverse_transcoder.v3.GrpcJsonReverseTranscoder", route: "grpc_json_reverse_transcoder.v3.GrpcJsonReverseTranscoder",
		rule: lost("gRPC requests are not translated to JSON")},
	{listener: "grpc_http1_bridge.v3.Config", rule: lost("gRPC responses are not made fit for HTTP/1.1 clients")},
	{listener: "grpc_http1_reverse_bridge.v3.FilterConfig", route: "grpc_http1_reverse_bridge.v3.FilterConfigPerRoute",
		rule: lost("gRPC calls are not translated for HTTP/1.1 upstreams")},
	{listener: "connect_grpc_bridge.v3.FilterConfig", rule: lost("Connect requests are not translated to gRPC")},
	{listener: "decompressor.v3.Decompressor", rule: lost("bodies pass as they are, compressed")},
	{listener: "custom_response.v3.CustomResponse", route: "custom_response.v3.CustomResponse", rule: lost("responses are not replaced")},
	{listener: "credential_injector.v3.CredentialInjector", rule: lost("requests reach the upstream without the credential")},
	{listener: "gcp_authn.v3.GcpAuthnFilterConfig", rule: lost("requests reach the upstream without the token")},
	{listener: "aws_request_signing.v3.AwsRequestSigning", route: "aws_request_signing.v3.AwsRequestSigningPerRoute",
		rule: lost("requests reach the upstream unsigned")},
	{listener: "aws_lambda.v3.Config", route: "aws_lambda.v3.PerRouteConfig", rule: lost("requests are not turned into calls of a Lambda function")},
	{listener: "ip_tagging.v3.IPTagging", rule: lost("requests get no tags for their address")},
	{listener: "geoip.v3.Geoip", rule: lost("requests get no headers for their place")},
	{listener: "cache.v3.CacheConfig", rule: lost("responses are not cached")},

	// Where requests go.
	{listener: "stateful_session.v3.StatefulSession", route: "stateful_session.v3.StatefulSessionPerRoute",
		rule: lost("sessions do not stay with their endpoint")},
	{listener: "dynamic_forward_proxy.v3.FilterConfig", route: "dynamic_forward_proxy.v3.PerRouteConfig",
		rule: lost("hosts are not looked up on demand")},
	{listener: "on_demand.v3.OnDemand", route: "on_demand.v3.PerRouteConfig", rule: lost("nothing is fetched on demand")},
	{listener: "original_src.v3.OriginalSrc", rule: lost("upstreams see the address of APISIX")},
	{listener: "health_check.v3.HealthCheck", rule: lost("health checks of the proxy itself go the way of other requests")},
	{listener: "alternate_protocols_cache.v3.FilterConfig", rule: harmless("concerns HTTP/3")},

	// What other filters and conditions look at; those that do are reported by themselves.
	{listener: "header_to_metadata.v3.Config", route: "header_to_metadata.v3.Config", rule: lost("requests get no dynamic metadata")},
	{listener: "json_to_metadata.v3.JsonToMetadata", route: "json_to_metadata.v3.JsonToMetadata", rule: lost("requests get no dynamic metadata")},
	{listener: "set_metadata.v3.Config", rule: lost("requests get no dynamic metadata")},
	{listener: "set_filter_state.v3.Config", route: "set_filter_state.v3.Config", rule: lost("requests get no filter state")},
	{listener: "grpc_field_extraction.v3.GrpcFieldExtractionConfig", rule: lost("requests get no dynamic metadata")},
	{listener: "tap.v3.Tap", rule: lost("requests are not tapped")},
	{listener: "kill_request.v3.KillRequest", route: "kill_request.v3.KillRequest", rule: lost("the proxy is not killed")},
}
