package render

import (
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	csrrv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/load_balancing_policies/client_side_weighted_round_robin/v3"
	providedv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/load_balancing_policies/cluster_provided/v3"
	lbv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/load_balancing_policies/common/v3"
	leastv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/load_balancing_policies/least_request/v3"
	maglevv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/load_balancing_policies/maglev/v3"
	randomv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/load_balancing_policies/random/v3"
	ringv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/load_balancing_policies/ring_hash/v3"
	roundv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/load_balancing_policies/round_robin/v3"
	wrrv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/load_balancing_policies/wrr_locality/v3"
	"google.golang.org/protobuf/proto"
)

// APISIX's balancers that have a counterpart in Envoy (Upstream.Type).
const (
	takingTurns = "roundrobin"
	leastBusy   = "least_conn"
	hashing     = "chash"
)

// A balancing is how a cluster chooses among its endpoints.
type balancing struct {
	kind     string // Upstream.Type
	weighted bool   // localities share requests by their own weights
	unknown  string // the first of the policies, when APISIX has none of them

	config   proto.Message // the typed policy, nil for an lb_policy
	table    *fieldTable   // config's fields
	locality *lbv3.LocalityLbConfig
	hash     *lbv3.ConsistentHashingLbConfig
	around   bool // the policy stands in a WrrLocality
}

// balancingOf reads load_balancing_policy, which Envoy prefers, or lb_policy. Envoy takes the first of several policies
// that it knows.
func balancingOf(c *clusterv3.Cluster) balancing {
	policies := c.GetLoadBalancingPolicy()
	if len(policies.GetPolicies()) > 0 {
		return firstKnown(policies)
	}
	b := balancing{kind: takingTurns, weighted: c.GetCommonLbConfig().GetLocalityWeightedLbConfig() != nil}
	switch c.GetLbPolicy() {
	case clusterv3.Cluster_LEAST_REQUEST:
		b.kind = leastBusy
	case clusterv3.Cluster_RING_HASH, clusterv3.Cluster_MAGLEV:
		b.kind = hashing
	}
	return b
}

func firstKnown(policies *clusterv3.LoadBalancingPolicy) balancing {
	first := ""
	for _, p := range policies.GetPolicies() {
		config := p.GetTypedExtensionConfig().GetTypedConfig()
		m, err := config.UnmarshalNew()
		if err == nil {
			if b, ok := typedBalancing(m); ok {
				return b
			}
		}
		if first == "" {
			first = typeName(config)
		}
	}
	return balancing{kind: takingTurns, unknown: first}
}

// typedBalancing reads a policy of load_balancing_policy. WrrLocality is locality weights around another policy.
func typedBalancing(m proto.Message) (balancing, bool) {
	if wrr, ok := m.(*wrrv3.WrrLocality); ok {
		for _, p := range wrr.GetEndpointPickingPolicy().GetPolicies() {
			inner, err := p.GetTypedExtensionConfig().GetTypedConfig().UnmarshalNew()
			if err != nil {
				continue
			}
			if b, ok := endpointBalancing(inner); ok {
				b.weighted, b.around = true, true
				return b, true
			}
		}
		return balancing{}, false
	}
	return endpointBalancing(m)
}

// endpointBalancing reads a policy that chooses endpoints.
func endpointBalancing(m proto.Message) (balancing, bool) {
	b := balancing{config: m}
	switch p := m.(type) {
	case *roundv3.RoundRobin:
		b.kind, b.table, b.locality = takingTurns, roundRobinFields, p.GetLocalityLbConfig()
	case *leastv3.LeastRequest:
		b.kind, b.table, b.locality = leastBusy, leastRequestFields, p.GetLocalityLbConfig()
	case *randomv3.Random:
		b.kind, b.table, b.locality = takingTurns, randomFields, p.GetLocalityLbConfig()
	case *ringv3.RingHash:
		b.kind, b.table, b.hash = hashing, ringHashFields, p.GetConsistentHashingLbConfig()
		b.weighted = p.GetLocalityWeightedLbConfig() != nil
	case *maglevv3.Maglev:
		b.kind, b.table, b.hash = hashing, maglevFields, p.GetConsistentHashingLbConfig()
		b.weighted = p.GetLocalityWeightedLbConfig() != nil
	case *csrrv3.ClientSideWeightedRoundRobin:
		b.kind, b.table = takingTurns, clientSideFields
	case *providedv3.ClusterProvided:
		b.kind, b.table = takingTurns, providedFields
	default:
		return balancing{}, false
	}
	b.weighted = b.weighted || b.locality.GetLocalityWeightedLbConfig() != nil
	return b, true
}

// balancing reports what is lost of how a cluster chooses among its endpoints.
func (r *renderer) balancing(b balancing, c *clusterv3.Cluster, at *place) {
	const field = "load_balancing_policy"
	switch {
	case b.unknown != "":
		r.findings.approximate(at, field, "APISIX has no %q: endpoints take turns", b.unknown)
	case b.config != nil:
		prefix := field + "." + string(b.config.ProtoReflect().Descriptor().Name()) + "."
		b.table.check(b.config, at, prefix, &r.findings)
		localityLbFields.check(b.locality, at, prefix+"locality_lb_config.", &r.findings)
		consistentFields.check(b.hash, at, prefix+"consistent_hashing_lb_config.", &r.findings)
		if _, reports := b.config.(*csrrv3.ClientSideWeightedRoundRobin); reports {
			r.findings.approximate(at, field, "APISIX does not read the load that endpoints report: they share by their set weights")
		}
	default:
		roundRobinLbFields.check(c.GetRoundRobinLbConfig(), at, "round_robin_lb_config.", &r.findings)
		leastRequestLbFields.check(c.GetLeastRequestLbConfig(), at, "least_request_lb_config.", &r.findings)
	}
}
