package mesh

import (
	"fmt"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	inspectorv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/listener/http_inspector/v3"
	dstv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/listener/original_dst/v3"
	tlsinspectorv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/listener/tls_inspector/v3"
	tcpv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/tcp_proxy/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

const (
	inboundPort  = 15006
	outboundPort = 15001
)

// listeners are those of every sidecar, and the one for the port of all services. They do not depend on the mesh's size.
func listeners(own *service) []*listenerv3.Listener {
	return []*listenerv3.Listener{portListener(own), virtualOutbound(), virtualInbound(own)}
}

func portListener(own *service) *listenerv3.Listener {
	name := fmt.Sprintf("0.0.0.0_%d", port)
	return &listenerv3.Listener{
		Name: name, Address: socket("0.0.0.0", port),
		FilterChains: []*listenerv3.FilterChain{{
			FilterChainMatch:              &listenerv3.FilterChainMatch{TransportProtocol: "raw_buffer", ApplicationProtocols: []string{"http/1.1", "h2c"}},
			Filters:                       []*listenerv3.Filter{outboundManager(own, "outbound_"+name+";")},
			TransportSocketConnectTimeout: durationpb.New(15 * time.Second),
		}},
		DefaultFilterChain: &listenerv3.FilterChain{
			FilterChainMatch: &listenerv3.FilterChainMatch{}, Filters: []*listenerv3.Filter{tcpTo("PassthroughCluster")}, Name: "PassthroughFilterChain",
		},
		ListenerFilters:                  []*listenerv3.ListenerFilter{listenerFilter("http_inspector", &inspectorv3.HttpInspector{})},
		ListenerFiltersTimeout:           durationpb.New(0),
		ContinueOnListenerFiltersTimeout: true,
		TrafficDirection:                 corev3.TrafficDirection_OUTBOUND,
		BindToPort:                       wrapperspb.Bool(false),
	}
}

func virtualOutbound() *listenerv3.Listener {
	return &listenerv3.Listener{
		Name: "virtualOutbound", Address: socket("0.0.0.0", outboundPort),
		FilterChains: []*listenerv3.FilterChain{
			{FilterChainMatch: &listenerv3.FilterChainMatch{DestinationPort: wrapperspb.UInt32(outboundPort)},
				Filters: []*listenerv3.Filter{tcpTo("BlackHoleCluster")}, Name: "virtualOutbound-blackhole"},
			{Filters: []*listenerv3.Filter{tcpTo("PassthroughCluster")}, Name: "virtualOutbound-catchall-tcp"},
		},
		UseOriginalDst:                       wrapperspb.Bool(true),
		TrafficDirection:                     corev3.TrafficDirection_OUTBOUND,
		MaxConnectionsToAcceptPerSocketEvent: wrapperspb.UInt32(1),
	}
}

func virtualInbound(own *service) *listenerv3.Listener {
	return &listenerv3.Listener{
		Name: "virtualInbound", Address: socket("0.0.0.0", inboundPort), FilterChains: inboundChains(own),
		ListenerFilters: []*listenerv3.ListenerFilter{
			listenerFilter("original_dst", &dstv3.OriginalDst{}),
			exceptOn(listenerFilter("tls_inspector", &tlsinspectorv3.TlsInspector{InitialReadBufferSize: wrapperspb.UInt32(512)}), inboundPort),
			exceptOn(listenerFilter("http_inspector", &inspectorv3.HttpInspector{}), targetPort, inboundPort),
		},
		ListenerFiltersTimeout:               durationpb.New(0),
		ContinueOnListenerFiltersTimeout:     true,
		TrafficDirection:                     corev3.TrafficDirection_INBOUND,
		MaxConnectionsToAcceptPerSocketEvent: wrapperspb.UInt32(1),
	}
}

// inboundChains are for what comes to the pod: HTTP to its port, and all else, with mutual TLS or without.
func inboundChains(own *service) []*listenerv3.FilterChain {
	blackHole := &listenerv3.FilterChain{
		FilterChainMatch: &listenerv3.FilterChainMatch{DestinationPort: wrapperspb.UInt32(inboundPort)},
		Filters:          []*listenerv3.Filter{exchangeFilter(), tcpTo("BlackHoleCluster")}, Name: "virtualInbound-blackhole",
	}
	pass := func() []*listenerv3.Filter {
		return []*listenerv3.Filter{exchangeFilter(), tcpTo("InboundPassthroughCluster")}
	}
	passHTTP := func() []*listenerv3.Filter {
		return []*listenerv3.Filter{exchangeFilter(), inboundManager(own, "InboundPassthroughCluster;", inboundRoutes("InboundPassthroughCluster", "", 0))}
	}
	name := fmt.Sprintf("0.0.0.0_%d", targetPort)
	serve := func() []*listenerv3.Filter {
		return []*listenerv3.Filter{exchangeFilter(), inboundManager(own, "inbound_"+name+";", inboundRoutes(inboundCluster, own.host, port))}
	}
	web, tcp := []string{"h2", "http/1.1"}, []string{"istio-peer-exchange", "h2", "http/1.1"}
	return []*listenerv3.FilterChain{
		blackHole,
		chain("virtualInbound-catchall-http", secure("istio-http/1.0", "istio-http/1.1", "istio-h2"), passHTTP(), inboundTLS(web...)),
		chain("virtualInbound-catchall-http", plain("http/1.1", "h2c"), passHTTP(), nil),
		chain("virtualInbound", secure("istio-peer-exchange", "istio"), pass(), inboundTLS(tcp...)),
		chain("virtualInbound", plain(), pass(), nil),
		chain("virtualInbound", secure(), pass(), nil),
		chain(name, on(targetPort, secure("istio", "istio-peer-exchange", "istio-http/1.0", "istio-http/1.1", "istio-h2")), serve(), inboundTLS(web...)),
		chain(name, on(targetPort, plain()), serve(), nil),
	}
}

func chain(name string, match *listenerv3.FilterChainMatch, filters []*listenerv3.Filter, socket *corev3.TransportSocket) *listenerv3.FilterChain {
	return &listenerv3.FilterChain{Name: name, FilterChainMatch: match, Filters: filters, TransportSocket: socket}
}

func secure(protocols ...string) *listenerv3.FilterChainMatch {
	return &listenerv3.FilterChainMatch{TransportProtocol: "tls", ApplicationProtocols: protocols}
}

func plain(protocols ...string) *listenerv3.FilterChainMatch {
	return &listenerv3.FilterChainMatch{TransportProtocol: "raw_buffer", ApplicationProtocols: protocols}
}

func on(port uint32, m *listenerv3.FilterChainMatch) *listenerv3.FilterChainMatch {
	m.DestinationPort = wrapperspb.UInt32(port)
	return m
}

func tcpTo(cluster string) *listenerv3.Filter {
	return networkFilter("envoy.filters.network.tcp_proxy", &tcpv3.TcpProxy{StatPrefix: cluster, ClusterSpecifier: &tcpv3.TcpProxy_Cluster{Cluster: cluster}})
}

func networkFilter(name string, m proto.Message) *listenerv3.Filter {
	return &listenerv3.Filter{Name: name, ConfigType: &listenerv3.Filter_TypedConfig{TypedConfig: pack(m)}}
}

func listenerFilter(name string, m proto.Message) *listenerv3.ListenerFilter {
	return &listenerv3.ListenerFilter{Name: "envoy.filters.listener." + name, ConfigType: &listenerv3.ListenerFilter_TypedConfig{TypedConfig: pack(m)}}
}

// exceptOn disables a filter on some ports.
func exceptOn(f *listenerv3.ListenerFilter, ports ...int32) *listenerv3.ListenerFilter {
	var rules []*listenerv3.ListenerFilterChainMatchPredicate
	for _, p := range ports {
		rules = append(rules, &listenerv3.ListenerFilterChainMatchPredicate{Rule: &listenerv3.ListenerFilterChainMatchPredicate_DestinationPortRange{
			DestinationPortRange: &typev3.Int32Range{Start: p, End: p + 1},
		}})
	}
	f.FilterDisabled = rules[0]
	if len(rules) > 1 {
		f.FilterDisabled = &listenerv3.ListenerFilterChainMatchPredicate{Rule: &listenerv3.ListenerFilterChainMatchPredicate_OrMatch{
			OrMatch: &listenerv3.ListenerFilterChainMatchPredicate_MatchSet{Rules: rules},
		}}
	}
	return f
}
