package render

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// A use is a cluster as routes use it: what Envoy keeps in the route, APISIX keeps in the upstream.
type use struct {
	cluster      string
	retries      int
	retryTimeout time.Duration // the time for all attempts; 0: no limit
	hash         hashKey
}

// policy is the part of a use beside the cluster, for ids and for people.
func (u use) policy() string {
	parts := []string{"retries=" + strconv.Itoa(u.retries)}
	if u.retryTimeout > 0 {
		parts = append(parts, "within="+u.retryTimeout.String())
	}
	if u.hash != (hashKey{}) {
		parts = append(parts, "hash="+u.hash.on+":"+u.hash.key)
	}
	return strings.Join(parts, " ")
}

// compare orders uses.
func (u use) compare(v use) int {
	return cmp.Or(cmp.Compare(u.cluster, v.cluster), cmp.Compare(u.policy(), v.policy()))
}

// upstreamID is the id of the upstream for a cluster under a policy, and notes that it is needed.
func (r *renderer) upstreamID(policy use, cluster string, a *routev3.RouteAction, at *place) string {
	u := policy
	u.cluster = cluster
	u.hash = r.hash(r.cluster(cluster), a, at)
	id, ok := r.uses[u]
	if !ok {
		id = apisix.ID(cluster, cluster+"\x00"+u.policy())
		r.uses[u] = id
	}
	return id
}

// cluster is the cluster of that name; nil when there is none.
func (r *renderer) cluster(name string) *clusterv3.Cluster {
	c, _ := r.snapshot.Clusters().Get(name)
	return c
}

// upstreams renders the upstreams that routes name. A cluster under several policies becomes several.
func (r *renderer) upstreams() {
	uses := slices.SortedFunc(maps.Keys(r.uses), use.compare)
	for i, u := range uses {
		alone := (i == 0 || uses[i-1].cluster != u.cluster) && (i == len(uses)-1 || uses[i+1].cluster != u.cluster)
		up := r.upstream(u)
		if !alone {
			up.Name = label(u.cluster + " #" + u.policy())
		}
		r.config.Upstreams = append(r.config.Upstreams, up)
	}
}

// upstream renders one use of a cluster. A cluster that cannot be reached as Envoy would reach it gets no nodes, and
// APISIX then answers 503, as Envoy does for a cluster that is missing or has no healthy endpoint.
func (r *renderer) upstream(u use) *apisix.Upstream {
	up := &apisix.Upstream{ID: r.uses[u], Name: label(u.cluster), Type: "roundrobin", Retries: u.retries, Nodes: []apisix.Node{}}
	if u.retryTimeout > 0 {
		up.RetryTimeout = seconds(u.retryTimeout)
	}
	at := resource("cluster", u.cluster)
	c := r.cluster(u.cluster)
	if c == nil {
		r.findings.dropped(at, "", "routes name this cluster, but there is no such cluster: requests are answered 503, as Envoy does")
		return up
	}
	clusterFields.check(c, at, "", &r.findings)
	up.Labels = istioLabels(c.GetMetadata())
	up.Timeout = &apisix.Timeout{Connect: connectTimeout(c), Send: seconds(noLimit), Read: seconds(noLimit)}
	up.Type = r.balancing(c, at)
	if up.Type == "chash" && u.hash == (hashKey{}) {
		up.Type = "roundrobin" // Envoy picks at random when there is nothing to hash
	}
	up.HashOn, up.Key = u.hash.on, u.hash.key
	r.circuitBreakers(c, at)
	r.protocol(up, c, at)
	up.Nodes = r.nodes(c, at)
	return up
}

// connectTimeout is Cluster.connect_timeout in seconds, 5 by default.
func connectTimeout(c *clusterv3.Cluster) float64 {
	return seconds(cmp.Or(durationOr(c.GetConnectTimeout(), 0), 5*time.Second))
}

// balancing translates Cluster.lb_policy, or load_balancing_policy where that is set.
func (r *renderer) balancing(c *clusterv3.Cluster, at *place) string {
	if policies := c.GetLoadBalancingPolicy().GetPolicies(); len(policies) > 0 {
		name := typeName(policies[0].GetTypedExtensionConfig().GetTypedConfig())
		balancer, ok := extensionBalancers[name[strings.LastIndexByte(name, '.')+1:]]
		if !ok {
			r.findings.approximate(at, "load_balancing_policy", "APISIX has no %q: endpoints take turns", name)
			return "roundrobin"
		}
		return balancer
	}
	switch c.GetLbPolicy() {
	case clusterv3.Cluster_LEAST_REQUEST:
		return "least_conn"
	case clusterv3.Cluster_RING_HASH, clusterv3.Cluster_MAGLEV:
		return "chash"
	}
	return "roundrobin"
}

// extensionBalancers are the policies of load_balancing_policy, by message name, and what does their work in APISIX.
var extensionBalancers = map[string]string{
	"RoundRobin": "roundrobin", "Random": "roundrobin", "LeastRequest": "least_conn",
	"ClientSideWeightedRoundRobin": "roundrobin", "WrrLocality": "roundrobin",
}

// circuitBreakers reports limits that APISIX does not have. Istio's default is the highest number there is: no limit.
func (r *renderer) circuitBreakers(c *clusterv3.Cluster, at *place) {
	const unlimited = 1<<32 - 1
	report := func(field string, limit *wrapperspb.UInt32Value) {
		if limit != nil && limit.GetValue() != unlimited {
			r.findings.dropped(at, "circuit_breakers.thresholds."+field, "APISIX does not limit it to %d", limit.GetValue())
		}
	}
	for _, t := range c.GetCircuitBreakers().GetThresholds() {
		report("max_connections", t.GetMaxConnections())
		report("max_pending_requests", t.GetMaxPendingRequests())
		report("max_requests", t.GetMaxRequests())
		report("max_retries", t.GetMaxRetries())
	}
}

// label is a name for people, as APISIX takes it. In JSON nothing keeps APISIX from substituting "${{…}}", so it is
// pulled apart.
func label(name string) string { return apisix.Name(strings.ReplaceAll(name, "${{", "$ {{")) }

// istioLabels points from an object back to the Istio resource that it comes from (filter_metadata.istio.config).
func istioLabels(m interface {
	GetFilterMetadata() map[string]*structpb.Struct
}) map[string]string {
	config := m.GetFilterMetadata()["istio"].GetFields()["config"].GetStringValue()
	if config == "" {
		return nil
	}
	return map[string]string{"istio-config": apisix.LabelValue(strings.ReplaceAll(config, "${{", "$_{{"))}
}
