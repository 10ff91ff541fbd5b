package render

import (
	"slices"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	tcpv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/tcp_proxy/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// blackHole is the cluster to which Istio sends what must not be sent anywhere.
const blackHole = "BlackHoleCluster"

// A tcpTarget is where connections go: to an upstream, to one of several, or where the client dialled. The zero value closes
// them.
type tcpTarget struct {
	choices     []apisix.WeightedUpstream
	passthrough map[string]any
}

func (t tcpTarget) closes() bool { return len(t.choices) == 0 && t.passthrough == nil }

// conf is the target as the plugin amesh-sni takes it. It must not close.
func (t tcpTarget) conf() map[string]any {
	switch {
	case t.passthrough != nil:
		return map[string]any{"passthrough": t.passthrough}
	case len(t.choices) == 1:
		return map[string]any{"upstream_id": t.choices[0].UpstreamID}
	}
	return map[string]any{"choices": weighted(t.choices)}
}

// set makes it the target of a stream route.
func (t tcpTarget) set(r *renderer, route *apisix.StreamRoute) {
	switch {
	case t.closes():
		route.UpstreamID = r.closed()
	case t.passthrough != nil:
		route.Plugins = map[string]any{"amesh-passthrough": t.passthrough}
	case len(t.choices) == 1:
		route.UpstreamID = t.choices[0].UpstreamID
	case r.options.lua():
		route.Plugins = map[string]any{"amesh-split": map[string]any{"choices": weighted(t.choices)}}
	default:
		route.UpstreamID = t.choices[0].UpstreamID
		route.Plugins = map[string]any{"traffic-split": map[string]any{
			"rules": []any{map[string]any{"weighted_upstreams": weighted(t.choices)}}}}
	}
}

func weighted(choices []apisix.WeightedUpstream) (list []any) {
	for _, c := range choices {
		list = append(list, map[string]any{"upstream_id": c.UpstreamID, "weight": c.Weight})
	}
	return list
}

// closed is the id of an upstream without nodes, which APISIX cannot connect to.
func (r *renderer) closed() string {
	id := apisix.ID("closed", apisix.ClosedName)
	if !slices.ContainsFunc(r.config.Upstreams, func(u *apisix.Upstream) bool { return u.ID == id }) {
		r.config.Upstreams = append(r.config.Upstreams, &apisix.Upstream{ID: id, Name: apisix.ClosedName, Type: takingTurns, Scheme: "tcp", Nodes: []apisix.Node{}})
	}
	return id
}

// tcpTarget is where the connections of a chain go; nil is no chain.
func (r *renderer) tcpTarget(c *tcpChain) (t tcpTarget) {
	if c == nil || c.proxy == nil || c.proxy.GetCluster() == blackHole {
		return t
	}
	if name := c.proxy.GetCluster(); name != "" && r.dials(name) {
		r.checkDialled(r.cluster(name))
		idle := tcpTimeout(r.cluster(name), tcpIdleTimeout(c.proxy))
		t.passthrough = map[string]any{"cluster": name, "refuse_ports": anyInts(r.ownPorts()),
			"timeout": map[string]any{"connect": idle.Connect, "send": idle.Send, "read": idle.Read}}
		return t
	}
	for _, w := range r.tcpWeights(c) {
		if r.dials(w.UpstreamID) {
			r.findings.dropped(c.at, "filters.weighted_clusters", "a share of the connections cannot go where clients dialled: those for %q are closed", w.UpstreamID)
			t.choices = append(t.choices, apisix.WeightedUpstream{UpstreamID: r.closed(), Weight: w.Weight})
			continue
		}
		t.choices = append(t.choices, apisix.WeightedUpstream{UpstreamID: r.tcpUpstream(c, w.UpstreamID), Weight: w.Weight})
	}
	if len(t.choices) > 1 && !r.options.lua() {
		r.findings.approximate(c.at, "filters.weighted_clusters", "APISIX deals connections out in turn, not at random, and starts anew whenever the file changes")
		if len(t.choices) > apisix.MaxSplit {
			r.needsLua(c.at, "filters.weighted_clusters", "APISIX shares connections among 20 clusters at most: they are closed")
			return tcpTarget{}
		}
	}
	return t
}

// tcpWeights are the clusters of a TCP proxy with their weights, each once; one of weight 0 gets no connections.
func (r *renderer) tcpWeights(c *tcpChain) (list []apisix.WeightedUpstream) {
	if name := c.proxy.GetCluster(); name != "" {
		return []apisix.WeightedUpstream{{UpstreamID: name, Weight: 1}}
	}
	for _, w := range c.proxy.GetWeightedClusters().GetClusters() {
		tcpWeightFields.check(w, c.at, "filters.weighted_clusters.", &r.findings)
		same := slices.IndexFunc(list, func(o apisix.WeightedUpstream) bool { return o.UpstreamID == w.GetName() })
		switch {
		case w.GetWeight() == 0:
		case same >= 0:
			list[same].Weight += int(w.GetWeight())
		default:
			list = append(list, apisix.WeightedUpstream{UpstreamID: w.GetName(), Weight: int(w.GetWeight())})
		}
	}
	return list
}

// tcpUpstream is the id of the upstream for the connections of a chain to a cluster.
func (r *renderer) tcpUpstream(c *tcpChain, cluster string) string {
	u := use{cluster: cluster, scheme: "tcp", idle: tcpIdleTimeout(c.proxy)}
	u.retries = int(max(c.proxy.GetMaxConnectAttempts().GetValue(), 1)) - 1
	if balancingOf(r.chooser(r.cluster(cluster))).kind == hashing &&
		slices.ContainsFunc(c.proxy.GetHashPolicy(), func(p *typev3.HashPolicy) bool { return p.GetSourceIp() != nil }) {
		u.hash = sourceAddress
	}
	return r.useID(u)
}

// tcpIdleTimeout is how long a connection may be quiet; 0 in the configuration is for ever.
func tcpIdleTimeout(p *tcpv3.TcpProxy) time.Duration {
	switch d := p.GetIdleTimeout(); {
	case d == nil:
		return tcpIdle
	case d.AsDuration() <= 0:
		return noLimit
	default:
		return min(d.AsDuration(), noLimit)
	}
}

// tcpTimeout is the timeout of an upstream for TCP: nginx has one for silence on either side.
func tcpTimeout(c *clusterv3.Cluster, idle time.Duration) *apisix.Timeout {
	return &apisix.Timeout{Connect: connectTimeout(c), Send: seconds(idle), Read: seconds(idle)}
}

func anyInts(numbers []int) []any {
	list := make([]any, len(numbers))
	for i, n := range numbers {
		list[i] = n
	}
	return list
}
