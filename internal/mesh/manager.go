package mesh

import (
	"fmt"

	udpav1 "github.com/cncf/xds/go/udpa/type/v1"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	corsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/cors/v3"
	faultv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/fault/v3"
	grpcv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/grpc_stats/v3"
	routerv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/router/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	uuidv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/request_id/uuid/v3"
	metadatav3 "github.com/envoyproxy/go-control-plane/envoy/type/metadata/v3"
	tracingv3 "github.com/envoyproxy/go-control-plane/envoy/type/tracing/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// outboundManager serves the pod's requests to others, by the route configuration that comes on its own.
func outboundManager(own *service, prefix string) *listenerv3.Filter {
	m := manager(own, prefix)
	m.RouteSpecifier = &hcmv3.HttpConnectionManager_Rds{Rds: &hcmv3.Rds{ConfigSource: adsSource(), RouteConfigName: fmt.Sprint(port)}}
	m.HttpFilters = httpFilters("upstream", httpFilter("istio.alpn", alpn()))
	return networkFilter("envoy.filters.network.http_connection_manager", m)
}

// inboundManager serves requests to the pod.
func inboundManager(own *service, prefix string, routes *routev3.RouteConfiguration) *listenerv3.Filter {
	m := manager(own, prefix)
	m.RouteSpecifier = &hcmv3.HttpConnectionManager_RouteConfig{RouteConfig: routes}
	m.HttpFilters = httpFilters("downstream")
	m.ServerName = "istio-envoy"
	m.ForwardClientCertDetails = hcmv3.HttpConnectionManager_APPEND_FORWARD
	m.SetCurrentClientCertDetails = &hcmv3.HttpConnectionManager_SetCurrentClientCertDetails{Subject: wrapperspb.Bool(true), Dns: true, Uri: true}
	return networkFilter("envoy.filters.network.http_connection_manager", m)
}

// inboundRoutes send everything to one cluster, by the name of a service's port.
func inboundRoutes(cluster, host string, port int) *routev3.RouteConfiguration {
	never := func() *durationpb.Duration { return durationpb.New(0) }
	return &routev3.RouteConfiguration{
		Name: cluster, ValidateClusters: wrapperspb.Bool(false),
		VirtualHosts: []*routev3.VirtualHost{{
			Name: fmt.Sprintf("inbound|http|%d", port), Domains: []string{"*"},
			Routes: []*routev3.Route{{
				Name: "default", Match: allPaths(), Decorator: &routev3.Decorator{Operation: fmt.Sprintf("%s:%d/*", host, port)},
				Action: &routev3.Route_Route{Route: &routev3.RouteAction{
					ClusterSpecifier: &routev3.RouteAction_Cluster{Cluster: cluster}, Timeout: never(),
					RetryPolicy:       &routev3.RetryPolicy{RetryOn: "reset-before-request", NumRetries: wrapperspb.UInt32(2)},
					MaxStreamDuration: &routev3.RouteAction_MaxStreamDuration{MaxStreamDuration: never(), GrpcTimeoutHeaderMax: never()},
				}},
			}},
		}},
	}
}

func manager(own *service, prefix string) *hcmv3.HttpConnectionManager {
	return &hcmv3.HttpConnectionManager{
		StatPrefix: prefix, Tracing: tracing(own), StreamIdleTimeout: durationpb.New(0), UseRemoteAddress: wrapperspb.Bool(false), Proxy_100Continue: true,
		UpgradeConfigs: []*hcmv3.HttpConnectionManager_UpgradeConfig{{UpgradeType: "websocket"}},
		NormalizePath:  wrapperspb.Bool(true), PathWithEscapedSlashesAction: hcmv3.HttpConnectionManager_KEEP_UNCHANGED,
		RequestIdExtension: &hcmv3.RequestIDExtension{TypedConfig: pack(&uuidv3.UuidRequestIdConfig{UseRequestIdForTraceSampling: wrapperspb.Bool(true)})},
	}
}

// httpFilters are those of every connection manager, with some after the statistics.
func httpFilters(side string, more ...*hcmv3.HttpFilter) []*hcmv3.HttpFilter {
	peers := typedStruct("io.istio.http.peer_metadata.Config", fields(
		side+"_discovery", []any{map[string]any{"istio_headers": map[string]any{}}, map[string]any{"workload_discovery": map[string]any{}}},
		side+"_propagation", []any{map[string]any{"istio_headers": map[string]any{}}},
	))
	filters := []*hcmv3.HttpFilter{
		httpFilter("istio.metadata_exchange", peers),
		httpFilter("envoy.filters.http.grpc_stats", pack(&grpcv3.FilterConfig{
			EmitFilterState: true, PerMethodStatSpecifier: &grpcv3.FilterConfig_StatsForAllMethods{StatsForAllMethods: wrapperspb.Bool(false)},
		})),
	}
	return append(append(filters, more...),
		httpFilter("envoy.filters.http.fault", pack(&faultv3.HTTPFault{})),
		httpFilter("envoy.filters.http.cors", pack(&corsv3.Cors{})),
		httpFilter("envoy.filters.http.router", pack(&routerv3.Router{})),
	)
}

func httpFilter(name string, config *anypb.Any) *hcmv3.HttpFilter {
	return &hcmv3.HttpFilter{Name: name, ConfigType: &hcmv3.HttpFilter_TypedConfig{TypedConfig: config}}
}

// alpn is a message of Istio's own, of which there is no Go type here: repeated alpn_override = 1, each an
// upstream_protocol = 1 and repeated alpn_override = 2.
func alpn() *anypb.Any {
	var value []byte
	for protocol, names := range [][]string{{"istio-http/1.0", "istio", "http/1.0"}, {"istio-http/1.1", "istio", "http/1.1"}, {"istio-h2", "istio", "h2"}} {
		var override []byte
		if protocol > 0 {
			override = protowire.AppendVarint(protowire.AppendTag(override, 1, protowire.VarintType), uint64(protocol))
		}
		for _, name := range names {
			override = protowire.AppendString(protowire.AppendTag(override, 2, protowire.BytesType), name)
		}
		value = protowire.AppendBytes(protowire.AppendTag(value, 1, protowire.BytesType), override)
	}
	return &anypb.Any{TypeUrl: "type.googleapis.com/istio.envoy.config.filter.http.alpn.v2alpha1.FilterConfig", Value: value}
}

func tracing(own *service) *hcmv3.HttpConnectionManager_Tracing {
	percent := func(v float64) *typev3.Percent { return &typev3.Percent{Value: v} }
	t := &hcmv3.HttpConnectionManager_Tracing{ClientSampling: percent(100), RandomSampling: percent(1), OverallSampling: percent(100)}
	for _, policy := range []string{"allow", "deny"} {
		t.CustomTags = append(t.CustomTags,
			dryRunTag(policy+"_policy.name", policy+"_shadow_effective_policy_id"), dryRunTag(policy+"_policy.result", policy+"_shadow_engine_result"))
	}
	for _, tag := range [][2]string{{"canonical_revision", "v1"}, {"canonical_service", own.name}, {"cluster_id", "Kubernetes"},
		{"mesh_id", "cluster.local"}, {"namespace", own.namespace}} {
		t.CustomTags = append(t.CustomTags, &tracingv3.CustomTag{Tag: "istio." + tag[0], Type: &tracingv3.CustomTag_Literal_{
			Literal: &tracingv3.CustomTag_Literal{Value: tag[1]},
		}})
	}
	return t
}

func dryRunTag(tag, key string) *tracingv3.CustomTag {
	return &tracingv3.CustomTag{Tag: "istio.authorization.dry_run." + tag, Type: &tracingv3.CustomTag_Metadata_{Metadata: &tracingv3.CustomTag_Metadata{
		Kind: &metadatav3.MetadataKind{Kind: &metadatav3.MetadataKind_Request_{Request: &metadatav3.MetadataKind_Request{}}},
		MetadataKey: &metadatav3.MetadataKey{Key: "envoy.filters.http.rbac", Path: []*metadatav3.MetadataKey_PathSegment{
			{Segment: &metadatav3.MetadataKey_PathSegment_Key{Key: "istio_dry_run_" + key}},
		}},
	}}}
}

func exchangeFilter() *listenerv3.Filter {
	return &listenerv3.Filter{Name: "istio.metadata_exchange", ConfigType: &listenerv3.Filter_TypedConfig{TypedConfig: metadataExchange()}}
}

func metadataExchange() *anypb.Any {
	return typedStruct("envoy.tcp.metadataexchange.config.MetadataExchange", fields("enable_discovery", true, "protocol", "istio-peer-exchange"))
}

func typedStruct(name string, value *structpb.Struct) *anypb.Any {
	return pack(&udpav1.TypedStruct{TypeUrl: "type.googleapis.com/" + name, Value: value})
}
