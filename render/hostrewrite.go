package render

import (
	"cmp"
	"regexp"
	"strings"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"

	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// A hostRewrite is what becomes of the Host header on the way to the upstream. The zero value leaves it as it is.
type hostRewrite struct {
	literal string // for proxy-rewrite
	copied  string // for the upstream, where proxy-rewrite does not take it
	node    bool   // the name of the node
	header  string // the header of the request that has it, for the plugin amesh-host
}

// What APISIX's schema takes as proxy-rewrite.host and as upstream_host.
var (
	rewriteHost  = regexp.MustCompile(`^[0-9a-zA-Z-.]+(:\d{1,5})?$`)
	upstreamHost = regexp.MustCompile(`^[0-9a-zA-Z-._\[\]:]+$`)
)

// hostRewrite translates the ways in which a route and a weighted cluster change the Host header. What the route says
// comes last and so wins; the name of the endpoint wins over both.
func (r *renderer) hostRewrite(a *routev3.RouteAction, own *routev3.WeightedCluster_ClusterWeight, at *place) hostRewrite {
	h := r.literalHost(cmp.Or(a.GetHostRewriteLiteral(), own.GetHostRewriteLiteral()), at)
	h.node = a.GetAutoHostRewrite().GetValue()
	if name := a.GetHostRewriteHeader(); name != "" {
		if r.options.lua() && plainName(name) && h.copied == "" { // which would win over the header
			h.header = name
		} else {
			r.needsLua(at, "route.host_rewrite_header", "APISIX cannot take the host from a header: the Host header stays as it came")
		}
	}
	return h
}

// literalHost rewrites the host to one that the configuration names.
func (r *renderer) literalHost(host string, at *place) hostRewrite {
	switch {
	case host == "":
	case rewriteHost.MatchString(host):
		return hostRewrite{literal: host}
	case upstreamHost.MatchString(host):
		return hostRewrite{copied: host}
	default:
		r.findings.dropped(at, "route.host_rewrite_literal", "APISIX cannot send the host %.100q: the Host header stays as it came", host)
	}
	return hostRewrite{}
}

// onUpstream completes a use by how the upstream changes the Host header.
func (h hostRewrite) onUpstream(r *renderer, u *use, at *place) {
	if h.copied != "" {
		u.host = h.copied
	}
	if h.node {
		u.nodeHost = r.namesNodes(r.cluster(u.cluster), at)
	}
}

// namesNodes reports whether auto_host_rewrite has an effect that APISIX can give it. Envoy takes Endpoint.hostname or,
// for names that it resolves, the name; without either, the header stays as it is. APISIX has the host of the node only.
func (r *renderer) namesNodes(c *clusterv3.Cluster, at *place) bool {
	const field = "route.auto_host_rewrite"
	resolved := c.GetType() == clusterv3.Cluster_STRICT_DNS || c.GetType() == clusterv3.Cluster_LOGICAL_DNS
	assignment := c.GetLoadAssignment()
	if c.GetType() == clusterv3.Cluster_EDS {
		assignment, _ = r.byEDS(snapshot.EndpointsName(c))
	}
	names, others := 0, 0
	for _, l := range assignment.GetEndpoints() {
		for _, e := range l.GetLbEndpoints() {
			switch name := hostname(e, resolved); {
			case name == "":
			case strings.EqualFold(name, e.GetEndpoint().GetAddress().GetSocketAddress().GetAddress()):
				names++
			default:
				others++
			}
		}
	}
	switch {
	case others > 0:
		r.findings.dropped(at, field, "APISIX does not know the host names of endpoints: the Host header stays as it came")
		return false
	case names > 0:
		r.findings.approximate(at, field, "APISIX appends the port to the name of the endpoint where it is not the standard one")
	}
	return names > 0
}

// hostname is what Envoy would send as the host of an endpoint; "" when it would leave it as it is.
func hostname(e *endpointv3.LbEndpoint, resolved bool) string {
	if name := e.GetEndpoint().GetHostname(); name != "" || !resolved {
		return name
	}
	return e.GetEndpoint().GetAddress().GetSocketAddress().GetAddress()
}
