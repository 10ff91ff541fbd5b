package render

import (
	"reflect"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	aggregatev3 "github.com/envoyproxy/go-control-plane/envoy/extensions/clusters/aggregate/v3"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// members are the names of the clusters of which a cluster consists; nil unless it is an aggregate.
func members(c *clusterv3.Cluster) []string {
	config := &aggregatev3.ClusterConfig{}
	if originOf(c) != fromClusters || c.GetClusterType().GetTypedConfig().UnmarshalTo(config) != nil {
		return nil
	}
	return config.GetClusters()
}

// chooser is the cluster whose balancer chooses among a cluster's endpoints: the first member of an aggregate, which has
// none of its own.
func (r *renderer) chooser(c *clusterv3.Cluster) *clusterv3.Cluster {
	for _, name := range members(c) {
		if m := r.cluster(name); m != nil {
			return m
		}
	}
	return c
}

// aggregate sets the nodes of an upstream to those of an aggregate's members: each member's priorities come after those
// of the members before it. How endpoints are called is the members' own matter in Envoy and the upstream's in APISIX:
// the first member with endpoints says it for all.
func (r *renderer) aggregate(up *apisix.Upstream, c *clusterv3.Cluster, u use, at *place) {
	passed := 0 // how many priorities the members so far have
	for _, name := range members(c) {
		m := r.cluster(name)
		if m == nil || originOf(m) == fromClusters {
			r.findings.dropped(at, "cluster_type.typed_config.clusters", "the cluster %q is missing or an aggregate itself: it gets no requests", name)
			continue
		}
		part := blank(u)
		r.fill(part, m, u, resource("cluster", name))
		switch {
		case len(part.Nodes) == 0:
			continue
		case len(up.Nodes) == 0:
			take(up, part)
		case part.Scheme != up.Scheme || !reflect.DeepEqual(part.TLS, up.TLS):
			r.findings.dropped(at, "cluster_type.typed_config.clusters", "the endpoints of %q get no requests: "+
				"APISIX calls all endpoints of an upstream in one way, and those before are called in another", name)
			continue
		case !sameTreatment(up, part):
			r.findings.approximate(at, "cluster_type.typed_config.clusters", "the endpoints of %q are balanced, checked and timed "+
				"as those of the first cluster that has any", name)
		}
		passed = appendNodes(up, part.Nodes, passed)
	}
}

// take copies to an upstream how the nodes of another are treated.
func take(up, from *apisix.Upstream) {
	up.Type, up.HashOn, up.Key, up.Scheme, up.TLS = from.Type, from.HashOn, from.Key, from.Scheme, from.TLS
	up.Timeout, up.KeepalivePool, up.Checks = from.Timeout, from.KeepalivePool, from.Checks
}

func sameTreatment(a, b *apisix.Upstream) bool {
	return a.Type == b.Type && reflect.DeepEqual(a.Timeout, b.Timeout) && reflect.DeepEqual(a.KeepalivePool, b.KeepalivePool) &&
		reflect.DeepEqual(a.Checks, b.Checks)
}

// appendNodes adds nodes after so many priorities, and returns how many there are then. Degraded endpoints stay behind
// all others. An address that is there already keeps its place.
func appendNodes(up *apisix.Upstream, nodes []apisix.Node, passed int) int {
	type address struct {
		host string
		port int
	}
	there := map[address]bool{}
	for _, n := range up.Nodes {
		there[address{n.Host, n.Port}] = true
	}
	last := passed
	for _, n := range nodes {
		n.Priority -= passed
		if n.Priority > -degraded {
			last = max(last, 1-n.Priority)
		}
		if !there[address{n.Host, n.Port}] {
			up.Nodes = append(up.Nodes, n)
		}
	}
	return last
}
