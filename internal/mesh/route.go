package mesh

import (
	"fmt"
	"strconv"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	previousv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/retry/host/previous_hosts/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// routeConfiguration is the one of the port: a virtual host for each service, and one for all else. It is put together from
// encoded parts, in the order of the numbers of fields: name, virtual_hosts, the others.
func routeConfiguration(services []*service) *anypb.Any {
	value := encode(&routev3.RouteConfiguration{Name: strconv.Itoa(port)})
	host := func(b []byte) {
		value = protowire.AppendTag(value, 2, protowire.BytesType)
		value = protowire.AppendBytes(value, b)
	}
	for _, s := range services {
		host(s.virtualHost)
	}
	host(encode(anyHost()))
	value = append(value, encode(&routev3.RouteConfiguration{
		ValidateClusters: wrapperspb.Bool(false), MaxDirectResponseBodySizeBytes: wrapperspb.UInt32(1 << 20), IgnorePortInHostMatching: true,
	})...)
	return &anypb.Any{TypeUrl: snapshot.RouteConfiguration.TypeURL(), Value: value}
}

func virtualHost(s *service) *routev3.VirtualHost {
	short := s.name + "." + s.namespace
	h := &routev3.VirtualHost{
		Name:                       fmt.Sprintf("%s:%d", s.host, port),
		Domains:                    []string{s.host, s.host + ".", s.name, short + ".svc", short, s.address},
		IncludeRequestAttemptCount: true,
	}
	if s.namespace != ownNamespace {
		h.Domains = []string{s.host, s.host + ".", short, short + ".svc", s.address}
	}
	if s.routed {
		h.Routes = []*routev3.Route{canary(s), stable(s)}
	} else {
		r := to(s, "", retries("connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes"), 0)
		r.Name = "default"
		h.Routes = []*routev3.Route{r}
	}
	return h
}

// ownNamespace is that of the sidecar's pod, where services have a shorter name.
const ownNamespace = "ns-000"

// canary is the first route of a VirtualService: by a header to the subset.
func canary(s *service) *routev3.Route {
	r := to(s, "v1", retries("connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes"), 0)
	r.Match.CaseSensitive = wrapperspb.Bool(true)
	r.Match.Headers = []*routev3.HeaderMatcher{{Name: "x-canary", HeaderMatchSpecifier: &routev3.HeaderMatcher_StringMatch{
		StringMatch: &matcherv3.StringMatcher{MatchPattern: &matcherv3.StringMatcher_Exact{Exact: "true"}},
	}}}
	r.Metadata = istioMetadata("config", configPath(s, "virtual-service"))
	return r
}

// stable is the second route: all else, with a timeout and retries.
func stable(s *service) *routev3.Route {
	retry := retries("5xx,reset")
	retry.PerTryTimeout = durationpb.New(2 * time.Second)
	r := to(s, "", retry, time.Duration(s.timeout)*time.Second)
	r.Metadata = istioMetadata("config", configPath(s, "virtual-service"))
	return r
}

// to is a route for all paths to a subset of a service.
func to(s *service, subset string, retry *routev3.RetryPolicy, timeout time.Duration) *routev3.Route {
	return &routev3.Route{
		Match:     allPaths(),
		Action:    forward(s.cluster(subset), retry, timeout),
		Decorator: &routev3.Decorator{Operation: fmt.Sprintf("%s:%d/*", s.host, port)},
	}
}

func allPaths() *routev3.RouteMatch {
	return &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Prefix{Prefix: "/"}}
}

func forward(cluster string, retry *routev3.RetryPolicy, timeout time.Duration) *routev3.Route_Route {
	return &routev3.Route_Route{Route: &routev3.RouteAction{
		ClusterSpecifier: &routev3.RouteAction_Cluster{Cluster: cluster}, RetryPolicy: retry, Timeout: durationpb.New(timeout),
		//lint:ignore SA1019 istiod sends it
		MaxGrpcTimeout: durationpb.New(timeout),
	}}
}

func retries(on string) *routev3.RetryPolicy {
	return &routev3.RetryPolicy{
		RetryOn: on, NumRetries: wrapperspb.UInt32(2), HostSelectionRetryMaxAttempts: 5,
		RetryHostPredicate: []*routev3.RetryPolicy_RetryHostPredicate{{
			Name:       "envoy.retry_host_predicates.previous_hosts",
			ConfigType: &routev3.RetryPolicy_RetryHostPredicate_TypedConfig{TypedConfig: pack(&previousv3.PreviousHostsPredicate{})},
		}},
	}
}

// anyHost is for what no service is called.
func anyHost() *routev3.VirtualHost {
	return &routev3.VirtualHost{
		Name: "allow_any", Domains: []string{"*"}, IncludeRequestAttemptCount: true,
		Routes: []*routev3.Route{{Name: "allow_any", Match: allPaths(), Action: forward("PassthroughCluster", nil, 0)}},
	}
}

func node(own *service) *corev3.Node {
	return &corev3.Node{
		Id:      fmt.Sprintf("sidecar~%s~%s-0.%s~%[3]s.svc.cluster.local", own.pods[0], own.name, own.namespace),
		Cluster: own.name + "." + own.namespace,
		Metadata: fields(
			"CLUSTER_ID", "Kubernetes", "INSTANCE_IPS", own.pods[0], "INTERCEPTION_MODE", "REDIRECT", "ISTIO_VERSION", "1.31.0",
			"LABELS", map[string]any{
				"app": own.name, "pod-template-hash": "5d4b8f7c9", "security.istio.io/tlsMode": "istio",
				"service.istio.io/canonical-name": own.name, "service.istio.io/canonical-revision": "v1", "version": "v1",
			},
			"MESH_ID", "cluster.local", "NAME", own.name+"-0", "NAMESPACE", own.namespace, "SERVICE_ACCOUNT", own.name,
		),
		UserAgentName: "xds-capture",
	}
}
