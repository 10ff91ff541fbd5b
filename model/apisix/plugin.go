package apisix

import (
	"cmp"
	"net/http"
	"strconv"
	"strings"

	"github.com/amesh-render/amesh-render/model"
	conf "github.com/amesh-render/amesh-render/render/apisix"
)

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
func (r *Router) forward(x *exchange) model.Outcome {
	ids := []choice{{x.route.msg.UpstreamID, 1}}
	switch p := x.route.plugins; {
	case p != nil && p.AmeshPassthrough != nil:
		return x.passthrough(p.AmeshPassthrough)
	case x.upstream != "":
		ids = x.upstreams
	case p != nil && p.TrafficSplit != nil && len(p.TrafficSplit.Rules) > 0:
		ids = split(p.TrafficSplit.Rules[0], x.route.msg.UpstreamID)
		for _, c := range ids {
			if r.upstreams[c.id] == nil && c.id != x.route.msg.UpstreamID {
				return answered(http.StatusInternalServerError, "traffic-split: no upstream "+strconv.Quote(c.id))
			}
		}
	}
	var byID, byCluster []model.Choice
	for _, c := range ids {
		if c.weight > 0 {
			byID = append(byID, model.Choice{Cluster: c.id, Weight: uint64(c.weight)})
			byCluster = append(byCluster, model.Choice{Cluster: clusterName(r.upstreams[c.id]), Weight: uint64(c.weight)})
		}
	}
	id := cmp.Or(x.upstream, model.Pick(byID, x.Random))
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
	return x.routed(o, upstream)
}

// routed completes the outcome of a request that goes to an upstream by what it then gets.
func (x *exchange) routed(o model.Outcome, upstream *conf.Upstream) model.Outcome {
	o.Path, o.Host, o.Headers = x.targetFor(upstream), x.upstreamHost(upstream), ownHeaders(x.headers)
	for _, h := range x.Response {
		o.ResponseHeaders = addHeader(o.ResponseHeaders, h.Name, h.Value)
	}
	return o
}

// targetFor is the target that an upstream's nodes get.
func (x *exchange) targetFor(u *conf.Upstream) string {
	switch {
	case u.Scheme == "grpc" || u.Scheme == "grpcs":
		return x.grpcTarget()
	case x.target != "":
		return x.target
	}
	return x.Target
}

// upstreamHost is the Host header that an upstream's nodes get. With pass_host node it is that of the first node, with its
// port unless the scheme implies it.
func (x *exchange) upstreamHost(u *conf.Upstream) string {
	switch {
	case u.PassHost == "rewrite":
		return u.UpstreamHost
	case u.PassHost == "node" && len(u.Nodes) > 0:
		n := u.Nodes[0]
		if n.Port == 0 || n.Port == map[string]int{"": 80, "http": 80, "grpc": 80, "https": 443, "grpcs": 443}[u.Scheme] {
			return n.Host
		}
		return n.Host + ":" + strconv.Itoa(n.Port)
	case x.host != "":
		return x.host
	}
	return x.Authority
}

// ownHeaders are the request's headers without those that the proxy itself sets.
func ownHeaders(headers []model.Header) []model.Header {
	var out []model.Header
	for _, h := range headers {
		name := strings.ToLower(h.Name)
		if name != "x-request-id" && name != "x-real-ip" && name != "forwarded" && !strings.HasPrefix(name, "x-forwarded-") &&
			!strings.HasPrefix(name, "x-envoy-") {
			out = append(out, model.Header{Name: name, Value: h.Value})
		}
	}
	return out
}

func answered(status int, why string) model.Outcome {
	return model.Outcome{Kind: model.Answered, Status: status, Reason: why}
}

// clusterName is the name of the Envoy cluster that an upstream renders; "" for none.
func clusterName(u *conf.Upstream) string {
	if u == nil {
		return ""
	}
	return u.Cluster()
}
