package render

import (
	"fmt"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"

	"github.com/amesh-render/amesh-render/render/apisix"
)

var weightedFields = tableOf(&routev3.WeightedCluster{}, fields{
	"clusters":           rendered,
	"total_weight":       harmless("Envoy takes the sum of the weights"),
	"runtime_key_prefix": harmless("Istio sets no runtime values"),
	"header_name":        near("the choice does not depend on a header"),
	"use_hash_policy":    near("the choice does not depend on the hash policy"),
})

var clusterWeightFields = tableOf(&routev3.WeightedCluster_ClusterWeight{}, fields{
	"name":                       rendered,
	"weight":                     rendered,
	"cluster_header":             lost("APISIX cannot take the cluster from a header: the choice gets no requests"),
	"metadata_match":             lost("endpoints are not chosen by metadata"),
	"host_rewrite_literal":       lost(rewriteNotRendered),
	"typed_per_filter_config":    rendered,
	"request_headers_to_add":     lost(headersNotRendered),
	"request_headers_to_remove":  lost(headersNotRendered),
	"response_headers_to_add":    lost(headersNotRendered),
	"response_headers_to_remove": lost(headersNotRendered),
})

// A choice is one cluster that a route may send a request to.
type choice struct {
	cluster string
	weight  int
}

// choices are the clusters of a route action with their weights, each cluster once. None when the clusters
// cannot be known, when one is guarded by rules that cannot be expressed, or when all weights are 0: then Envoy has
// nowhere to send a request either.
func (r *renderer) choices(a *routev3.RouteAction, at *place) []choice {
	if name := a.GetCluster(); name != "" {
		return []choice{{name, 1}}
	}
	weighted := a.GetWeightedClusters()
	weightedFields.check(weighted, at, "route.weighted_clusters.", &r.findings)
	var list []choice
	index := map[string]int{}
	for i, w := range weighted.GetClusters() {
		field := fmt.Sprintf("route.weighted_clusters.clusters[%d].", i)
		clusterWeightFields.check(w, at, field, &r.findings)
		if r.perRoute(w.GetTypedPerFilterConfig(), at) {
			return nil
		}
		weight := int(w.GetWeight().GetValue())
		if weight == 0 || w.GetName() == "" {
			continue
		}
		if at, ok := index[w.GetName()]; ok {
			list[at].weight += weight
			continue
		}
		index[w.GetName()] = len(list)
		list = append(list, choice{w.GetName(), weight})
	}
	return list
}

// split shares the requests of a route among clusters by weight.
func (r *renderer) split(out *apisix.Route, policy use, choices []choice, a *routev3.RouteAction, at *place) {
	if len(choices) > apisix.MaxSplit {
		r.findings.dropped(at, "route.weighted_clusters",
			"APISIX splits among at most %d clusters, not %d: the requests are answered %d", apisix.MaxSplit, len(choices), unavailable)
		out.Plugins = answer(unavailable, "")
		return
	}
	rule := apisix.SplitRule{WeightedUpstreams: make([]apisix.WeightedUpstream, len(choices))}
	for i, c := range choices {
		rule.WeightedUpstreams[i] = apisix.WeightedUpstream{
			UpstreamID: r.upstreamID(policy, c.cluster, a, at), Weight: c.weight}
	}
	r.findings.approximate(at, "route.weighted_clusters",
		"APISIX deals requests out in turn, not at random, and starts anew whenever the file changes")
	out.UpstreamID = rule.WeightedUpstreams[0].UpstreamID
	out.Plugins = &apisix.Plugins{TrafficSplit: &apisix.TrafficSplit{Rules: []apisix.SplitRule{rule}}}
}
