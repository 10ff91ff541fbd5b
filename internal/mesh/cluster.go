package mesh

import (
	"fmt"
	"math"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	httpv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// cluster is the cluster of a service, or of one of its subsets.
func cluster(s *service, subset string) *clusterv3.Cluster {
	c := newCluster(s.cluster(subset), clusterv3.Cluster_EDS)
	c.EdsClusterConfig = &clusterv3.Cluster_EdsClusterConfig{EdsConfig: adsSource(), ServiceName: c.Name}
	c.LbPolicy = clusterv3.Cluster_LEAST_REQUEST
	c.CircuitBreakers = unlimited()
	c.CommonLbConfig = &clusterv3.Cluster_CommonLbConfig{HealthyPanicThreshold: &typev3.Percent{}}
	c.TransportSocketMatches = transportSockets(s, subset)
	c.Filters = []*clusterv3.Filter{{Name: "istio.metadata_exchange", TypedConfig: metadataExchange()}}
	of := []any{"services", servicesOf(s)}
	if s.routed {
		of = append(of, "config", configPath(s, "destination-rule"))
	}
	if subset != "" {
		of = append(of, "subset", subset)
	}
	c.Metadata = istioMetadata(of...)
	return c
}

// fixedClusters are those that do not stand for services, and the one of the pod itself.
func fixedClusters(own *service) []*clusterv3.Cluster {
	blackHole := newCluster("BlackHoleCluster", clusterv3.Cluster_STATIC)
	passthrough := originalDst("PassthroughCluster")
	passthrough.TypedExtensionProtocolOptions = httpOptions()
	passthrough.Filters = []*clusterv3.Filter{{Name: "istio.metadata_exchange", TypedConfig: metadataExchange()}}
	inbound := originalDst(inboundCluster)
	inbound.CleanupInterval = &durationpb.Duration{Seconds: 9223372035} // the longest that Envoy takes, about: never
	inbound.UpstreamBindConfig = bindAddress()
	inbound.CommonLbConfig = &clusterv3.Cluster_CommonLbConfig{}
	inbound.Metadata = istioMetadata("services", servicesOf(own))
	inboundPassthrough := originalDst("InboundPassthroughCluster")
	inboundPassthrough.AltStatName = "PassthroughCluster;"
	inboundPassthrough.TypedExtensionProtocolOptions = httpOptions()
	inboundPassthrough.UpstreamBindConfig = bindAddress()
	return []*clusterv3.Cluster{blackHole, passthrough, inbound, inboundPassthrough}
}

var inboundCluster = fmt.Sprintf("inbound|%d||", targetPort)

func newCluster(name string, kind clusterv3.Cluster_DiscoveryType) *clusterv3.Cluster {
	return &clusterv3.Cluster{Name: name, AltStatName: name + ";", ClusterDiscoveryType: &clusterv3.Cluster_Type{Type: kind},
		ConnectTimeout: durationpb.New(10 * time.Second)}
}

// originalDst is a cluster that goes where the client dialled.
func originalDst(name string) *clusterv3.Cluster {
	c := newCluster(name, clusterv3.Cluster_ORIGINAL_DST)
	c.LbPolicy = clusterv3.Cluster_CLUSTER_PROVIDED
	c.CircuitBreakers = unlimited()
	return c
}

func unlimited() *clusterv3.CircuitBreakers {
	most := func() *wrapperspb.UInt32Value { return wrapperspb.UInt32(math.MaxUint32) }
	return &clusterv3.CircuitBreakers{Thresholds: []*clusterv3.CircuitBreakers_Thresholds{
		{MaxConnections: most(), MaxPendingRequests: most(), MaxRequests: most(), MaxRetries: most()},
	}}
}

func bindAddress() *corev3.BindConfig {
	return &corev3.BindConfig{SourceAddress: socket("127.0.0.6", 0).GetSocketAddress()}
}

func httpOptions() map[string]*anypb.Any {
	const name = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
	return map[string]*anypb.Any{name: pack(&httpv3.HttpProtocolOptions{
		CommonHttpProtocolOptions: &corev3.HttpProtocolOptions{IdleTimeout: durationpb.New(5 * time.Minute)},
		UpstreamProtocolOptions: &httpv3.HttpProtocolOptions_UseDownstreamProtocolConfig{
			UseDownstreamProtocolConfig: &httpv3.HttpProtocolOptions_UseDownstreamHttpConfig{
				HttpProtocolOptions: &corev3.Http1ProtocolOptions{}, Http2ProtocolOptions: &corev3.Http2ProtocolOptions{},
			},
		},
	})}
}

func adsSource() *corev3.ConfigSource {
	return &corev3.ConfigSource{ConfigSourceSpecifier: &corev3.ConfigSource_Ads{Ads: &corev3.AggregatedConfigSource{}},
		InitialFetchTimeout: durationpb.New(0), ResourceApiVersion: corev3.ApiVersion_V3}
}

// istioMetadata says what of Istio's and Kubernetes' an Envoy object comes from.
func istioMetadata(pairs ...any) *corev3.Metadata {
	return &corev3.Metadata{FilterMetadata: map[string]*structpb.Struct{"istio": fields(pairs...)}}
}

func servicesOf(s *service) []any {
	return []any{map[string]any{"host": s.host, "name": s.name, "namespace": s.namespace}}
}

func configPath(s *service, kind string) string {
	return fmt.Sprintf("/apis/networking.istio.io/v1/namespaces/%s/%s/%s", s.namespace, kind, s.name)
}
