package modeltest

import (
	"fmt"
	"strconv"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	routerv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/router/v3"
	originaldstv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/listener/original_dst/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	tcpv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/tcp_proxy/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/amesh-render/amesh-render/model"
)

// Listeners are Istio's for a sidecar: virtualOutbound, which hands connections on to one listener per port, whose
// routes come by RDS under the name that the port's route configuration has; and virtualInbound, with one filter chain
// per port and its routes inline.
func Listeners(outbound, inbound map[uint16]*routev3.RouteConfiguration) []*listenerv3.Listener {
	return listeners(outbound, inbound, func() wideManager {
		return wideManager{filters: []*hcmv3.HttpFilter{filter("envoy.filters.http.router", &routerv3.Router{})}}
	})
}

// listeners draws what each connection manager adds by draw.
func listeners(outbound, inbound map[uint16]*routev3.RouteConfiguration, draw func() wideManager) []*listenerv3.Listener {
	var listeners []*listenerv3.Listener
	virtualInbound := &listenerv3.Listener{
		Name: "virtualInbound", Address: address("0.0.0.0", model.InboundPort),
		TrafficDirection: corev3.TrafficDirection_INBOUND,
		ListenerFilters: []*listenerv3.ListenerFilter{{
			Name: "envoy.filters.listener.original_dst",
			ConfigType: &listenerv3.ListenerFilter_TypedConfig{
				TypedConfig: packed(&originaldstv3.OriginalDst{}),
			},
		}},
	}
	for _, port := range Ports {
		listeners = append(listeners, &listenerv3.Listener{
			Name: "0.0.0.0_" + strconv.Itoa(int(port)), Address: address("0.0.0.0", port),
			TrafficDirection: corev3.TrafficDirection_OUTBOUND, BindToPort: wrapperspb.Bool(false),
			FilterChains: []*listenerv3.FilterChain{{Filters: manager(rds(outbound[port].GetName()), draw())}},
		})
		virtualInbound.FilterChains = append(virtualInbound.FilterChains, &listenerv3.FilterChain{
			Name: fmt.Sprintf("0.0.0.0_%d", port),
			FilterChainMatch: &listenerv3.FilterChainMatch{
				DestinationPort: wrapperspb.UInt32(uint32(port)), TransportProtocol: "raw_buffer",
			},
			Filters: manager(&hcmv3.HttpConnectionManager{
				RouteSpecifier: &hcmv3.HttpConnectionManager_RouteConfig{RouteConfig: inbound[port]},
			}, draw()),
		})
	}
	return append(listeners, virtualInbound, virtualOutbound())
}

func virtualOutbound() *listenerv3.Listener {
	return &listenerv3.Listener{
		Name: "virtualOutbound", Address: address("0.0.0.0", model.OutboundPort),
		TrafficDirection: corev3.TrafficDirection_OUTBOUND, UseOriginalDst: wrapperspb.Bool(true),
		FilterChains: []*listenerv3.FilterChain{{Filters: filters("envoy.filters.network.tcp_proxy", &tcpv3.TcpProxy{
			StatPrefix:       "BlackHoleCluster",
			ClusterSpecifier: &tcpv3.TcpProxy_Cluster{Cluster: "BlackHoleCluster"},
		})}},
	}
}

func rds(name string) *hcmv3.HttpConnectionManager {
	return &hcmv3.HttpConnectionManager{RouteSpecifier: &hcmv3.HttpConnectionManager_Rds{Rds: &hcmv3.Rds{
		RouteConfigName: name,
		ConfigSource: &corev3.ConfigSource{
			ConfigSourceSpecifier: &corev3.ConfigSource_Ads{Ads: &corev3.AggregatedConfigSource{}},
		},
	}}}
}

// manager completes an HTTP connection manager as istiod configures it.
func manager(m *hcmv3.HttpConnectionManager, w wideManager) []*listenerv3.Filter {
	m.StatPrefix = "http"
	m.NormalizePath = wrapperspb.Bool(!w.keepPaths)
	m.MergeSlashes = w.mergeSlashes
	m.PathWithEscapedSlashesAction = hcmv3.HttpConnectionManager_KEEP_UNCHANGED
	m.UseRemoteAddress = wrapperspb.Bool(w.useRemoteAddress)
	m.XffNumTrustedHops = w.trustedHops
	m.HttpFilters = w.filters
	return filters("envoy.filters.network.http_connection_manager", m)
}

func filters(name string, config proto.Message) []*listenerv3.Filter {
	return []*listenerv3.Filter{{
		Name: name, ConfigType: &listenerv3.Filter_TypedConfig{TypedConfig: packed(config)},
	}}
}

// packed panics on a message that cannot be encoded; those of this package can.
func packed(m proto.Message) *anypb.Any {
	packed, err := anypb.New(m)
	if err != nil {
		panic(err)
	}
	return packed
}
