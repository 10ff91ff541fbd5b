package apisix

import (
	"fmt"
	"maps"
	"slices"
)

// The plugins of templates/lua do what no plugin of APISIX's does. They are there where config.yaml names them, which
// "amesh-render config" does unless told otherwise.

// AmeshPassthrough sends the request where the client dialled, in place of an upstream of the route. It answers 502 where
// the destination is not known, or where it is the proxy itself.
type AmeshPassthrough struct {
	// Cluster is the name of the Envoy cluster that does this, for people.
	Cluster string `json:"cluster,omitempty"`
	// RefusePorts are the ports of the proxy's own listeners: to send a request there would go round in circles.
	RefusePorts []int `json:"refuse_ports"`
	// Scheme is as that of Upstream.
	Scheme string `json:"scheme,omitempty"`
}

// AmeshSplit draws one of the choices at random for each request, by weight; any number of them.
type AmeshSplit struct {
	Choices []AmeshChoice `json:"choices"`
}

// AmeshChoice is one choice of AmeshSplit.
type AmeshChoice struct {
	Weight     int            `json:"weight"` // at least 1
	UpstreamID string         `json:"upstream_id"`
	Plugins    *ChoicePlugins `json:"plugins,omitempty"`
}

// ChoicePlugins are what is done to the requests of one choice alone, after what the route does to all.
type ChoicePlugins struct {
	ProxyRewrite    *ProxyRewrite    `json:"proxy-rewrite,omitempty"`
	ResponseRewrite *ResponseRewrite `json:"response-rewrite,omitempty"`
}

// AmeshClusterHeader takes the upstream from a header of the request.
type AmeshClusterHeader struct {
	Header string `json:"header"`
	// Clusters are the upstreams, by the value of the header.
	Clusters map[string]string `json:"clusters"`
	// Missing is the status of the answer where the header is absent, or has another value.
	Missing int `json:"missing"`
}

// AmeshHost sends the value of a header as the Host header, where the request has it.
type AmeshHost struct {
	Header string `json:"header"`
}

// UpstreamIDs are the ids of the upstreams that the plugins name; one may be there twice.
func (p *Plugins) UpstreamIDs() (ids []string) {
	for _, id := range p.upstreams {
		ids = append(ids, id)
	}
	return ids
}

// upstreams yields the ids of the upstreams that the plugins name, each with its field.
func (p *Plugins) upstreams(yield func(field, id string) bool) {
	if p == nil {
		return
	}
	type named struct{ field, id string }
	var list []named
	if p.TrafficSplit != nil {
		for i, rule := range p.TrafficSplit.Rules {
			for j, w := range rule.WeightedUpstreams {
				list = append(list, named{splitField(i, j, ".upstream_id"), w.UpstreamID})
			}
		}
	}
	if p.AmeshSplit != nil {
		for i, c := range p.AmeshSplit.Choices {
			list = append(list, named{choiceField(i) + ".upstream_id", c.UpstreamID})
		}
	}
	if p.AmeshClusterHeader != nil {
		for _, name := range slices.Sorted(maps.Keys(p.AmeshClusterHeader.Clusters)) {
			list = append(list, named{"plugins.amesh-cluster-header.clusters[" + name + "]", p.AmeshClusterHeader.Clusters[name]})
		}
	}
	for _, n := range list {
		if n.id != "" && !yield(n.field, n.id) {
			return
		}
	}
}

func choiceField(i int) string { return fmt.Sprintf("plugins.amesh-split.choices[%d]", i) }
