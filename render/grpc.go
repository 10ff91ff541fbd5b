//lint:file-ignore SA1019 Control planes still send the deprecated fields of clusters.

package render

import (
	"bytes"
	"slices"
	"strings"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	httpv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// isGRPC holds for gRPC requests.
var isGRPC = apisix.Compare("http_content_type", apisix.OpRegex, `\Aapplication/grpc(?:[+;]|\z)`)

// http2 reports whether Envoy calls the endpoints of a cluster with HTTP/2: always, or at least for clients that use it
// themselves, as those of gRPC do.
func (r *renderer) http2(c *clusterv3.Cluster) (always, some bool) {
	always = c.GetHttp2ProtocolOptions() != nil
	for _, config := range c.GetTypedExtensionProtocolOptions() {
		o, err := r.protocolOptions(config)
		if err != nil {
			continue
		}
		always = always || o.GetExplicitHttpConfig().GetHttp2ProtocolOptions() != nil
		some = some || o.GetUseDownstreamProtocolConfig().GetHttp2ProtocolOptions() != nil
	}
	return always, always || some
}

// protocolOptions reads an HttpProtocolOptions. As a rule all clusters have the same.
func (r *renderer) protocolOptions(config *anypb.Any) (*httpv3.HttpProtocolOptions, error) {
	if last := r.lastOptions; last.message != nil && config.GetTypeUrl() == last.config.GetTypeUrl() && bytes.Equal(config.GetValue(), last.config.GetValue()) {
		return last.message, nil
	}
	m := &httpv3.HttpProtocolOptions{}
	if err := config.UnmarshalTo(m); err != nil {
		return nil, err
	}
	r.lastOptions = decodedOptions{config, m}
	return m, nil
}

type decodedOptions struct {
	config  *anypb.Any
	message *httpv3.HttpProtocolOptions
}

// carriesGRPC reports whether requests to the cluster must be told apart by whether they are gRPC: APISIX speaks HTTP/2
// to endpoints for gRPC only, by the scheme of the upstream, and gRPC does not pass over HTTP/1.1.
func (r *renderer) carriesGRPC(cluster string) bool {
	carries, ok := r.grpc.get(cluster)
	if !ok {
		c := r.cluster(cluster)
		_, carries = r.http2(c)
		carries = carries && (c.GetType() != clusterv3.Cluster_ORIGINAL_DST || hasInboundPort(cluster) || r.dials(cluster)) // those have no nodes
		r.grpc.put(cluster, carries)
	}
	return carries
}

// grpcRewrite reports what becomes of a new path on the way to endpoints that are called with gRPC: there nginx sends not
// the target that proxy-rewrite has made but its own uri, which it escapes although it is escaped already.
func (r *renderer) grpcRewrite(a *routev3.RouteAction, p pathRewrite, at *place, field string) {
	to := a.GetWeightedClusters().GetClusters()
	if !r.carriesGRPC(a.GetCluster()) && !slices.ContainsFunc(to, func(w *routev3.WeightedCluster_ClusterWeight) bool {
		return w.GetWeight().GetValue() > 0 && r.carriesGRPC(w.GetName())
	}) {
		return
	}
	r.findings.approximate(at, field, "in the path of gRPC requests, what must be escaped is escaped twice: a space becomes %q", "%2520")
	if strings.Contains(p.replacement, "?") {
		r.findings.approximate(at, field, "in the path of gRPC requests, the %q of the new path becomes %q: the query is part of the path", "?", "%3F")
	}
}

func hasInboundPort(cluster string) bool {
	_, ok := inboundPort(cluster)
	return ok
}

// scheme is the scheme of the upstream for a cluster, for gRPC requests or for others.
func (r *renderer) scheme(cluster string, grpc bool) string {
	if grpc && r.carriesGRPC(cluster) {
		return "grpc"
	}
	return ""
}
