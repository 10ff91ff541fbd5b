package apisix

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/amesh-render/amesh-render/model"
	conf "github.com/amesh-render/amesh-render/render/apisix"
)

// serve is what happens once a route has matched: plugins that answer, then the choice of an upstream.
func (r *Router) serve(route *route, q *request) model.Outcome {
	plugins := route.msg.Plugins
	if plugins == nil {
		plugins = &conf.Plugins{}
	}
	if f := plugins.FaultInjection; f != nil && f.Abort != nil {
		return model.Outcome{
			Kind: model.Answered, Status: f.Abort.HTTPStatus, Body: q.interpolate(f.Abort.Body), Reason: "fault-injection",
		}
	}
	ids := []choice{{route.msg.UpstreamID, 1}}
	if s := plugins.TrafficSplit; s != nil && len(s.Rules) > 0 {
		ids = split(s.Rules[0], route.msg.UpstreamID)
		for _, c := range ids {
			if r.upstreams[c.id] == nil && c.id != route.msg.UpstreamID {
				return answered(http.StatusInternalServerError, "traffic-split: no upstream "+strconv.Quote(c.id))
			}
		}
	}
	return r.forward(ids, q)
}

// choice is an upstream's id and its weight.
type choice struct {
	id     string
	weight int
}

// split is the choice of a traffic-split rule without match. An entry without an id is the route's own upstream; of
// several entries with one id the last weight counts. Weights that are all 0 are equal. A rule has few entries: APISIX
// allows 20.
func split(rule conf.SplitRule, own string) []choice {
	var out []choice
	at, sum := map[string]int{}, 0
	for _, w := range rule.WeightedUpstreams {
		id := w.UpstreamID
		if id == "" {
			id = own
		}
		if i, seen := at[id]; seen {
			sum += w.Weight - out[i].weight
			out[i].weight = w.Weight
			continue
		}
		at[id] = len(out)
		out = append(out, choice{id, w.Weight})
		sum += w.Weight
	}
	if sum == 0 {
		for i := range out {
			out[i].weight = 1
		}
	}
	return out
}

// forward sends the request to one of the upstreams. APISIX takes turns among weights where this model draws; the
// proportions are the same.
func (r *Router) forward(ids []choice, q *request) model.Outcome {
	var byID, byCluster []model.Choice
	for _, c := range ids {
		if c.weight > 0 {
			byID = append(byID, model.Choice{Cluster: c.id, Weight: uint64(c.weight)})
			byCluster = append(byCluster, model.Choice{Cluster: clusterName(r.upstreams[c.id]), Weight: uint64(c.weight)})
		}
	}
	id := model.Pick(byID, q.Random)
	if id == "" {
		return answered(http.StatusServiceUnavailable, "the route has no upstream")
	}
	upstream := r.upstreams[id]
	if upstream == nil {
		return answered(http.StatusBadGateway, "no upstream "+strconv.Quote(id))
	}
	o := model.Outcome{Kind: model.Routed, Clusters: byCluster, Cluster: clusterName(upstream)}
	if len(upstream.Nodes) == 0 {
		o.Status, o.Reason = http.StatusServiceUnavailable, "the upstream has no nodes"
	}
	return o
}

func answered(status int, why string) model.Outcome {
	return model.Outcome{Kind: model.Answered, Status: status, Reason: why}
}

// clusterName is the name of the Envoy cluster that an upstream renders: its name, up to the " #" that tells several
// upstreams of one cluster apart; its id if it has no name.
func clusterName(u *conf.Upstream) string {
	if u == nil {
		return ""
	}
	if u.Name == "" {
		return u.ID
	}
	name, _, _ := strings.Cut(u.Name, " #")
	return name
}
