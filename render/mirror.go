package render

import (
	"math"
	"regexp"
	"strconv"
	"strings"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"

	"github.com/amesh-render/amesh-render/render/apisix"
)

var mirrorFields = tableOf(&routev3.RouteAction_RequestMirrorPolicy{}, fields{
	"cluster":                           partly("copies go to the service or to one of its endpoints, in plain text"),
	"cluster_header":                    lost("APISIX cannot take the cluster from a header: nothing is mirrored"),
	"runtime_fraction":                  partly("one request in 100,000 at least"),
	"trace_sampled":                     harmless("concerns tracing"),
	"disable_shadow_host_suffix_append": partly(`the Host header of copies never ends in "-shadow"`),
	"request_headers_mutations":         near("mirrored requests have the headers of the others"),
	"host_rewrite_literal":              near("mirrored requests have the Host header of the others"),
})

// A mirror is where copies of requests go.
type mirror struct {
	authority string // host:port
	grpc      bool   // the cluster carries gRPC
	ratio     float64
}

// mirrorHost is what APISIX's schema takes after the scheme.
var mirrorHost = regexp.MustCompile(`^([\da-zA-Z.-]+|\[[\da-fA-F:]+\])(:\d+)?$`)

// mirror translates request_mirror_policies: those of the route or else of its virtual host or else of the route
// configuration. APISIX copies a request once. It is not ok when nothing is mirrored.
func (r *renderer) mirror(c *httpChain, vh *routev3.VirtualHost, a *routev3.RouteAction, at *place) (m mirror, ok bool) {
	policies, field := a.GetRequestMirrorPolicies(), "route.request_mirror_policies"
	if len(policies) == 0 {
		policies, field, at = vh.GetRequestMirrorPolicies(), "request_mirror_policies", c.routesAt.child("virtual_host", vh.GetName())
	}
	if len(policies) == 0 {
		policies, at = c.routes.GetRequestMirrorPolicies(), c.routesAt
	}
	if len(policies) == 0 {
		return m, false
	}
	for i, p := range policies {
		if i > 0 || ok {
			r.findings.dropped(at, field+"["+strconv.Itoa(i)+"]", "APISIX copies a request once: nothing is mirrored to %q", p.GetCluster())
			continue
		}
		m, ok = r.mirrorPolicy(p, at, field+"["+strconv.Itoa(i)+"]")
	}
	return m, ok
}

func (r *renderer) mirrorPolicy(p *routev3.RouteAction_RequestMirrorPolicy, at *place, field string) (m mirror, ok bool) {
	mirrorFields.check(p, at, field+".", &r.findings)
	if p.GetCluster() == "" {
		return m, false
	}
	m.ratio = r.mirrorRatio(p, at, field)
	if m.ratio == 0 {
		return m, false
	}
	if !p.GetDisableShadowHostSuffixAppend() && p.GetHostRewriteLiteral() == "" {
		r.findings.approximate(at, field, "the Host header of mirrored requests does not end in %q", "-shadow")
	}
	m.authority, ok = r.mirrorTarget(p.GetCluster(), at, field)
	m.grpc = r.carriesGRPC(p.GetCluster())
	return m, ok
}

// mirrorRatio is the share of requests that are mirrored, 0 to 1.
func (r *renderer) mirrorRatio(p *routev3.RouteAction_RequestMirrorPolicy, at *place, field string) float64 {
	const least = 1e-5
	if p.GetRuntimeFraction() == nil {
		return 1
	}
	share := percent(p.GetRuntimeFraction().GetDefaultValue())
	if share > 0 && share < least {
		r.findings.approximate(at, field+".runtime_fraction", "APISIX mirrors at least one request in 100,000")
		return least
	}
	return share
}

// percent is FractionalPercent as a share, 0 to 1.
func percent(p *typev3.FractionalPercent) float64 {
	denominator := 100.0
	switch p.GetDenominator() {
	case typev3.FractionalPercent_TEN_THOUSAND:
		denominator = 1e4
	case typev3.FractionalPercent_MILLION:
		denominator = 1e6
	}
	return math.Min(1, float64(p.GetNumerator())/denominator)
}

// mirrorTarget is an address that stands for a cluster, as APISIX mirrors to a host: the name of the service for Istio's
// clusters of whole services, else one of the endpoints.
func (r *renderer) mirrorTarget(cluster string, at *place, field string) (authority string, ok bool) {
	c := r.cluster(cluster)
	switch {
	case c == nil:
		r.findings.dropped(at, field, "there is no cluster %q: nothing is mirrored, as in Envoy", cluster)
		return "", false
	case len(c.GetTransportSocketMatches()) == 0 && kindOf(c.GetTransportSocket()) != plainText:
		r.findings.dropped(at, field, "APISIX mirrors in plain text, which %q does not take: nothing is mirrored", cluster)
		return "", false
	}
	if authority, ok = serviceAuthority(c); ok {
		r.findings.approximate(at, field, "mirrored requests go to %s, in plain text and wherever that name leads", authority)
		return authority, true
	}
	var up apisix.Upstream
	r.nodes(&up, c, resource("cluster", cluster))
	for _, n := range up.Nodes {
		authority = n.Host + ":" + strconv.Itoa(n.Port)
		if n.Weight > 0 && up.TLS == nil && up.Scheme == "" && mirrorHost.MatchString(authority) {
			r.findings.approximate(at, field, "all mirrored requests go to one endpoint, %s, in plain text", authority)
			return authority, true
		}
	}
	r.findings.dropped(at, field, "%q has no endpoint that APISIX can call: nothing is mirrored", cluster)
	return "", false
}

// serviceAuthority is the name and port of the service that one of Istio's outbound clusters without subset is for.
func serviceAuthority(c *clusterv3.Cluster) (string, bool) {
	parts := strings.Split(c.GetName(), "|")
	if len(parts) != 4 || parts[0] != "outbound" || parts[2] != "" {
		return "", false
	}
	port, err := strconv.ParseUint(parts[1], 10, 16)
	authority := parts[3] + ":" + parts[1]
	return authority, err == nil && port > 0 && mirrorHost.MatchString(authority)
}

// plugin is proxy-mirror for gRPC requests or for others. It runs after proxy-rewrite, whose priority is 1008, so that
// the copy has the new path.
func (m mirror) plugin(grpc bool) *apisix.ProxyMirror {
	scheme := "http://"
	if grpc && m.grpc {
		scheme = "grpc://"
	}
	p := &apisix.ProxyMirror{Meta: &apisix.Meta{Priority: 1000}, Host: scheme + m.authority}
	if m.ratio < 1 {
		p.SampleRatio = m.ratio
	}
	return p
}
