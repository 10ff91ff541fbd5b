package render

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/proto"

	"github.com/amesh-render/amesh-render/render/apisix"
)

var weightedFields = tableOf(&routev3.WeightedCluster{}, fields{
	"clusters":           composed,
	"total_weight":       harmless("Envoy takes the sum of the weights"),
	"runtime_key_prefix": harmless("Istio sets no runtime values"),
	"header_name":        near("the choice does not depend on a header"),
	"use_hash_policy":    near("the choice does not depend on the hash policy"),
})

var clusterWeightFields = tableOf(&routev3.WeightedCluster_ClusterWeight{}, fields{
	"name":                       rendered,
	"weight":                     partly("clusters take turns; they are drawn at random with Lua, where there are more than 20, or one has operations of its own"),
	"cluster_header":             lost("APISIX cannot take the cluster from a header: the choice's requests are answered 503"),
	"metadata_match":             lost("endpoints are not chosen by metadata"),
	"host_rewrite_literal":       someHosts,
	"typed_per_filter_config":    refused(ownRules),
	"request_headers_to_add":     composed,
	"request_headers_to_remove":  someHeaders,
	"response_headers_to_add":    composed,
	"response_headers_to_remove": someHeaders,
})

// What becomes of a cluster of a split that has rules of its own for a filter that guards.
const ownRules = "rules for a single cluster of a split are not rendered: all requests of the route are refused"

// A choice is one cluster that a route may send a request to.
type choice struct {
	cluster string // "" for one that cannot be known
	weight  uint64
	// own is what is done to the requests of this choice alone; nil for nothing. It is at index.
	own   *routev3.WeightedCluster_ClusterWeight
	index int
}

// choices are the clusters of a route action with their weights, those that do the same together. None when all weights
// are 0 or there is no cluster: then Envoy has nowhere to send a request either.
func (r *renderer) choices(a *routev3.RouteAction, at *place) []choice {
	if name := a.GetCluster(); name != "" {
		return []choice{{cluster: name, weight: 1}}
	}
	if a.GetClusterHeader() != "" {
		return r.namedByHeader(a, at)
	}
	weighted := a.GetWeightedClusters()
	weightedFields.check(weighted, at, "route.weighted_clusters.", &r.findings)
	var list []choice
	for i, w := range weighted.GetClusters() {
		c := choice{cluster: w.GetName(), weight: uint64(w.GetWeight().GetValue()), own: operations(w), index: i}
		if c.weight == 0 {
			continue
		}
		same := slices.IndexFunc(list, func(o choice) bool { return o.cluster == c.cluster && proto.Equal(o.own, c.own) })
		if same >= 0 {
			list[same].weight += c.weight
		} else {
			list = append(list, c)
		}
	}
	return list
}

// operations is what a weighted cluster does to its requests, without its name and weight; nil when that is nothing.
func operations(w *routev3.WeightedCluster_ClusterWeight) *routev3.WeightedCluster_ClusterWeight {
	own := &routev3.WeightedCluster_ClusterWeight{
		RequestHeadersToAdd:     w.GetRequestHeadersToAdd(),
		RequestHeadersToRemove:  w.GetRequestHeadersToRemove(),
		ResponseHeadersToAdd:    w.GetResponseHeadersToAdd(),
		ResponseHeadersToRemove: w.GetResponseHeadersToRemove(),
	}
	if host := w.GetHostRewriteLiteral(); host != "" {
		own.HostRewriteSpecifier = &routev3.WeightedCluster_ClusterWeight_HostRewriteLiteral{HostRewriteLiteral: host}
	}
	if proto.Size(own) == 0 {
		return nil
	}
	return own
}

// checkWeighted reports what is lost of weighted clusters. It is not ok when one of them has rules of its own for a
// filter that guards: no request may then pass.
func (r *renderer) checkWeighted(c *httpChain, a *routev3.RouteAction, at *place) (ok bool) {
	ok = true
	for i, w := range a.GetWeightedClusters().GetClusters() {
		prefix := choicePrefix(i)
		clusterWeightFields.check(withoutFilters(w), at, prefix, &r.findings)
		for _, f := range c.filters { // configurations for other filters have no effect
			if _, own := w.GetTypedPerFilterConfig()[f.name]; !own {
				continue
			}
			field := prefix + "typed_per_filter_config[" + f.name + "]"
			if f.kind.guards() {
				r.findings.denied(at, field, ownRules)
				ok = false
			} else {
				r.findings.dropped(at, field, "the filter does not act otherwise for a single cluster of a split")
			}
		}
	}
	return ok
}

// withoutFilters is w without typed_per_filter_config.
func withoutFilters(w *routev3.WeightedCluster_ClusterWeight) *routev3.WeightedCluster_ClusterWeight {
	if len(w.GetTypedPerFilterConfig()) > 0 {
		w = proto.CloneOf(w)
		w.TypedPerFilterConfig = nil
	}
	return w
}

func choicePrefix(index int) string {
	return "route.weighted_clusters.clusters[" + strconv.Itoa(index) + "]."
}

// guards reports whether a filter may refuse requests to protect something.
func (k *httpFilter) guards() bool {
	return k.rule.severity == Denied || slices.ContainsFunc([]string{"rbac.", "jwt_authn.", "ext_authz."},
		func(prefix string) bool { return strings.HasPrefix(k.listener, prefix) })
}

// A leg is a part of the requests of a route that is treated alike.
type leg struct {
	tag     string
	vars    []apisix.Expr
	choices []choice // several share the requests by weight
	own     *routev3.WeightedCluster_ClusterWeight
	index   int
	header  string // of the request, which names one of the choices; "" for none
}

// legs shares the requests of a route among choices. APISIX's traffic-split takes turns among up to 20 upstreams of one
// route. More, and choices with operations of their own, become variants, drawn at random for each request. With Lua, the
// plugin amesh-split draws among upstreams, whatever they are.
func (r *renderer) legs(choices []choice, at *place) []leg {
	if len(choices) == 1 {
		return []leg{{choices: choices, own: choices[0].own, index: choices[0].index}}
	}
	upstreams := !slices.ContainsFunc(choices, func(c choice) bool { return c.cluster == "" || r.dials(c.cluster) })
	if upstreams && r.options.lua() {
		return []leg{{choices: choices}}
	}
	alike := !slices.ContainsFunc(choices, func(c choice) bool { return c.own != nil })
	if upstreams && alike && len(choices) <= apisix.MaxSplit {
		r.findings.approximate(at, "route.weighted_clusters",
			"APISIX deals requests out in turn, not at random, and starts anew whenever the file changes")
		return []leg{{choices: choices}}
	}
	total, sum := uint64(0), uint64(0)
	for _, c := range choices {
		total += c.weight
	}
	list := make([]leg, len(choices))
	for i, c := range choices {
		sum += c.weight
		list[i] = leg{tag: choiceTag(choices[:i], c), choices: []choice{c}, own: c.own, index: c.index}
		if sum < total {
			list[i].vars = []apisix.Expr{drawSplit.below(sum, total)}
		}
	}
	return list
}

// choiceTag tells a choice apart from those before it.
func choiceTag(before []choice, c choice) string {
	tag := "to " + cmp.Or(c.cluster, "an unknown cluster")
	same := 0
	for _, b := range before {
		if b.cluster == c.cluster {
			same++
		}
	}
	if same > 0 {
		tag += fmt.Sprintf(" #%d", same+1)
	}
	return tag
}
