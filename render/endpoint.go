package render

import (
	"math/big"
	"net/netip"
	"slices"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// assigned sets the nodes of an upstream to the endpoints of a load assignment that may get requests, and its scheme to
// how they are called.
func (r *renderer) assigned(up *apisix.Upstream, c *clusterv3.Cluster, a *endpointv3.ClusterLoadAssignment, at *place) {
	r.checkCommonLb(c.GetCommonLbConfig(), at)
	r.checkAssignment(a, at)
	if spills(a) {
		r.findings.approximate(at, "endpoints.health_status", "so many endpoints of a priority are unhealthy that Envoy sends a share "+
			"of the requests to the next; APISIX leaves a priority when none of its endpoints can be reached")
	}
	g := gathering{cluster: c, assignment: a, panics: panics(c, a), weighted: balancingOf(c).weighted, ipv6: r.ipv6}
	g.targets = make([]target, 0, count(a))
	for _, l := range a.GetEndpoints() {
		g.add(l)
	}
	if g.unreachable > 0 {
		r.findings.dropped(at, "endpoints", "%d of them have no TCP address that APISIX can call (pipes and internal listeners are none); "+
			"they get no requests", g.unreachable)
	}
	chosen, ok := r.transport(up, &g, at)
	if !ok {
		return
	}
	targets, factors := g.shares(chosen)
	var exact bool
	if up.Nodes, exact = nodesOf(targets, factors, up.Type); !exact {
		r.findings.approximate(at, "endpoints.load_balancing_weight", "weights are rounded to thousandths of the largest")
	}
}

// degraded is how far below all others the priorities of degraded endpoints are; Envoy has 128.
const degraded = 1000

// A gathering collects the endpoints of one cluster that get requests.
type gathering struct {
	cluster     *clusterv3.Cluster
	assignment  *endpointv3.ClusterLoadAssignment
	panics      map[uint32]bool // the priorities in which unhealthy endpoints get requests too
	weighted    bool            // localities share requests by their own weights
	ipv6        bool            // the pod speaks IPv6
	targets     []target
	shareOf     []factor         // by locality: its weight, less what its unhealthy endpoints would have had; nil for none
	marks       *corev3.Metadata // of the last endpoint
	chosen      transport        // and how it is called
	unreachable int              // endpoints without an address that APISIX can call
}

// add takes the endpoints of one locality. Envoy's priority 0 is tried first, APISIX's highest; endpoints that are
// degraded are tried after all others, of whatever priority.
func (g *gathering) add(l *endpointv3.LocalityLbEndpoints) {
	panics := g.panics[l.GetPriority()] // where Envoy forgets about localities, too
	if g.weighted && !panics && l.GetLoadBalancingWeight().GetValue() == 0 {
		return // where localities have weights, one without gets no requests
	}
	if panics && g.cluster.GetCommonLbConfig().GetZoneAwareLbConfig().GetFailTrafficOnPanic() {
		return // in place of a panic Envoy answers 503
	}
	var share factor
	if g.weighted && !panics {
		share = g.share(l)
	}
	g.shareOf = append(g.shareOf, share)
	for _, e := range localEndpoints(l) {
		if !panics && !healthy(e) {
			continue
		}
		host, port, ok := nodeAddress(e, g.ipv6)
		if !ok {
			g.unreachable++
			continue
		}
		t := target{host: host, port: port, priority: -int(l.GetPriority()), weight: 1,
			locality: len(g.shareOf) - 1, transport: g.transport(e)}
		if w := e.GetLoadBalancingWeight(); w != nil {
			t.weight = max(1, uint64(w.GetValue()))
		}
		if e.GetHealthStatus() == corev3.HealthStatus_DEGRADED {
			t.priority -= degraded
		}
		g.targets = append(g.targets, t)
	}
}

// transport is how an endpoint is called. Endpoints often share their metadata.
func (g *gathering) transport(e *endpointv3.LbEndpoint) transport {
	if m := e.GetMetadata(); m == nil || m != g.marks {
		g.marks, g.chosen = m, transportOf(g.cluster, e)
	}
	return g.chosen
}

// share is what a locality gets in proportion to others: its weight, but less when so many of its endpoints are
// unhealthy that the overprovisioning factor does not make up for them.
func (g *gathering) share(l *endpointv3.LocalityLbEndpoints) factor {
	count := level{}.add(localEndpoints(l))
	share := new(big.Rat).SetInt64(int64(l.GetLoadBalancingWeight().GetValue()))
	well := int64(overprovisioning(g.assignment)) * int64(count.well)
	if all := 100 * int64(count.all); well > 0 && well < all {
		share.Mul(share, big.NewRat(well, all))
	}
	return share
}

// shares are the targets that are called by the chosen transport, and by how much the weights of each locality's are
// multiplied so that together they have the locality's share; nil where localities have no shares.
func (g *gathering) shares(chosen transport) ([]target, []factor) {
	targets := slices.DeleteFunc(g.targets, func(t target) bool { return !alike(t.transport, chosen) })
	if !g.weighted {
		return targets, nil
	}
	var factors []factor
	index, totals := map[int]int{}, map[int]uint64{}
	for i, t := range targets {
		if _, ok := index[t.locality]; !ok {
			index[t.locality] = len(factors)
			factors = append(factors, g.shareOf[t.locality])
		}
		targets[i].locality = index[t.locality]
		totals[targets[i].locality] += t.weight
	}
	for i := range factors {
		if factors[i] == nil {
			factors[i] = big.NewRat(1, 1)
			continue
		}
		total := new(big.Int).SetUint64(totals[i])
		factors[i] = new(big.Rat).Quo(factors[i], new(big.Rat).SetInt(total))
	}
	return targets, factors
}

// nodeAddress is an endpoint's address as APISIX takes it; not ok when it has none that can be called. Of several, Envoy
// tries one after the other: a pod without IPv6 ends at the first IPv4 address.
func nodeAddress(e *endpointv3.LbEndpoint, ipv6 bool) (host string, port int, ok bool) {
	address := e.GetEndpoint().GetAddress().GetSocketAddress()
	if more := e.GetEndpoint().GetAdditionalAddresses(); len(more) > 0 && !ipv6 && isIPv6(address) {
		for _, a := range more {
			if s := a.GetAddress().GetSocketAddress(); s.GetAddress() != "" && !isIPv6(s) {
				address = s
				break
			}
		}
	}
	host, port = nodeHost(address.GetAddress()), int(address.GetPortValue())
	return host, port, address.GetAddress() != "" && port > 0 && port < 1<<16 && apisix.IsNodeHost(host) &&
		address.GetProtocol() == corev3.SocketAddress_TCP
}

func isIPv6(a *corev3.SocketAddress) bool {
	ip, err := netip.ParseAddr(a.GetAddress())
	return err == nil && ip.Is6()
}

// nodeHost brackets IPv6 addresses, as APISIX wants them.
func nodeHost(host string) string {
	if addr, err := netip.ParseAddr(host); err == nil && addr.Is6() {
		return "[" + host + "]"
	}
	return host
}
