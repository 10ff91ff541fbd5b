package envoy

import (
	"fmt"
	"strconv"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"

	"github.com/amesh-render/amesh-render/model"
	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// clusterSet is the weighted clusters of a route.
type clusterSet struct {
	clusters     []*weightedCluster
	sum          uint64
	randomHeader string
}

type weightedCluster struct {
	name, header string // one of them is set
	weight       uint64
	hostRewrite  string
	operations   operations
	configs      filterConfigs
}

// newClusterSet is nil without a message. The shares are of the sum of the weights: total_weight is deprecated and not
// looked at, and neither is use_hash_policy.
func newClusterSet(where string, msg *routev3.WeightedCluster) *clusterSet {
	if msg == nil {
		return nil
	}
	s := &clusterSet{randomHeader: foldASCII(msg.GetHeaderName())}
	for i, c := range msg.GetClusters() {
		label := fmt.Sprintf("%s cluster/%d", where, i)
		s.clusters = append(s.clusters, &weightedCluster{
			name: c.GetName(), header: foldASCII(c.GetClusterHeader()), weight: uint64(c.GetWeight().GetValue()),
			hostRewrite: c.GetHostRewriteLiteral(),
			operations:  newOperations(label, c), configs: newFilterConfigs(c.GetTypedPerFilterConfig()),
		})
		s.sum += uint64(c.GetWeight().GetValue())
	}
	return s
}

// pick is the cluster for r: in whose share the request's random number falls, or the number in the header that
// header_name names. It is nil without a set and when the weights sum to 0, which Envoy refuses.
func (s *clusterSet) pick(r *request) *weightedCluster {
	if s == nil || s.sum == 0 {
		return nil
	}
	random := r.Random
	if values := r.Values(s.randomHeader); len(values) == 1 {
		if n, err := strconv.ParseUint(values[0], 10, 64); err == nil {
			random = n
		}
	}
	random %= s.sum
	for _, c := range s.clusters {
		if random < c.weight {
			return c
		}
		random -= c.weight
	}
	return nil
}

// cluster is the name of the cluster for r.
func (c *weightedCluster) cluster(r *request) string {
	if c.header == "" {
		return c.name
	}
	name, _ := r.header(c.header)
	return name
}

// outcome is to go to the chosen one of the set.
func (s *clusterSet) outcome(r *request, chosen *weightedCluster) model.Outcome {
	if chosen == nil {
		return model.Outcome{Kind: model.Undecided, Reason: "weights that sum to 0, which Envoy refuses"}
	}
	o := model.Outcome{Kind: model.Routed, Cluster: chosen.cluster(r)}
	for _, c := range s.clusters {
		o.Clusters = append(o.Clusters, model.Choice{Cluster: c.cluster(r), Weight: c.weight})
	}
	return o
}

// hostnamesOf are, by cluster, the host name that auto_host_rewrite takes from its endpoints: "" where they have none. A
// cluster whose endpoints differ in it has no entry, and neither has one whose endpoints are not known.
func hostnamesOf(s *snapshot.Snapshot) map[string]string {
	out := map[string]string{}
	for name, c := range s.Clusters().All() {
		assignment := c.GetLoadAssignment()
		if c.GetType() == clusterv3.Cluster_EDS {
			service := c.GetEdsClusterConfig().GetServiceName()
			if service == "" {
				service = name
			}
			assignment, _ = s.Endpoints().Get(service)
		}
		if host, same := hostname(assignment, c.GetType()); same {
			out[name] = host
		}
	}
	return out
}

// hostname is the one host name of all endpoints. Those that are resolved by DNS have the name that is asked for.
func hostname(a *endpointv3.ClusterLoadAssignment, discovery clusterv3.Cluster_DiscoveryType) (name string, same bool) {
	seen := map[string]bool{}
	for _, locality := range a.GetEndpoints() {
		for _, e := range locality.GetLbEndpoints() {
			name = e.GetEndpoint().GetHostname()
			dns := discovery == clusterv3.Cluster_STRICT_DNS || discovery == clusterv3.Cluster_LOGICAL_DNS
			if name == "" && dns {
				name = e.GetEndpoint().GetAddress().GetSocketAddress().GetAddress()
			}
			seen[name] = true
		}
	}
	return name, len(seen) == 1
}
