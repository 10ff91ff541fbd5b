package render

import (
	"cmp"
	"net/http"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// namedByHeader are the clusters of which a header of the request names one (RouteAction.cluster_header): all that there are.
// None where nothing of APISIX's can read it.
func (r *renderer) namedByHeader(a *routev3.RouteAction, at *place) (list []choice) {
	const field = "route.cluster_header"
	if !r.options.lua() || !plainName(a.GetClusterHeader()) {
		r.needsLua(at, field, "APISIX cannot take the cluster from a header: the requests are answered 503")
		return nil
	}
	for _, name := range r.clusterNames() {
		if r.dials(name) {
			r.findings.dropped(at, field, "requests whose header names %q, which goes where the client dialled, are answered %d",
				name, clusterNotFound(a))
			continue
		}
		list = append(list, choice{cluster: name, weight: 1})
	}
	return list
}

// clusterHeader is the plugin that takes one of the upstreams, which are those of the leg's choices.
func clusterHeader(a *routev3.RouteAction, l leg, upstreams []apisix.WeightedUpstream) *apisix.AmeshClusterHeader {
	p := &apisix.AmeshClusterHeader{Header: l.header, Clusters: map[string]string{}, Missing: clusterNotFound(a)}
	for i, c := range l.choices {
		p.Clusters[c.cluster] = upstreams[i].UpstreamID
	}
	return p
}

// clusterNotFound is the status of the answer where there is no such cluster.
func clusterNotFound(a *routev3.RouteAction) int {
	return cmp.Or(map[routev3.RouteAction_ClusterNotFoundResponseCode]int{
		routev3.RouteAction_NOT_FOUND:             http.StatusNotFound,
		routev3.RouteAction_INTERNAL_SERVER_ERROR: http.StatusInternalServerError,
	}[a.GetClusterNotFoundResponseCode()], unavailable)
}
