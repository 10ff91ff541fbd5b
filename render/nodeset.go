package render

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// A nodeSet gathers the nodes of one upstream.
type nodeSet struct {
	cluster     *clusterv3.Cluster
	panic       bool // unhealthy endpoints get requests too
	weighted    bool // localities share requests by their own weights
	nodes       []weighedNode
	unreachable int      // endpoints without an address that APISIX can call
	mutual      []string // endpoints that expect mesh mTLS
	refused     bool     // there are endpoints that expect other TLS; they are left out
}

// A weighedNode is a node whose share is not yet a whole number.
type weighedNode struct {
	host     string
	port     int
	priority int
	share    float64
}

// add takes the endpoints of one locality. Envoy's priority 0 is tried first, APISIX's highest; endpoints that are
// degraded are tried after all others.
func (s *nodeSet) add(l *endpointv3.LocalityLbEndpoints) {
	const degraded = 1000
	if s.weighted && l.GetLoadBalancingWeight().GetValue() == 0 {
		return // where localities have weights, one without gets no requests
	}
	first, total := len(s.nodes), 0.0
	for _, e := range l.GetLbEndpoints() {
		if !s.panic && !healthy(e) {
			continue
		}
		host, port, ok := nodeAddress(e)
		if !ok {
			s.unreachable++
			continue
		}
		switch transportOf(s.cluster, e) {
		case meshTLS:
			s.mutual = append(s.mutual, host+":"+strconv.Itoa(port))
		case otherTransport:
			s.refused = true
			continue
		}
		n := weighedNode{host: host, port: port, priority: -int(l.GetPriority()), share: 1}
		if w := e.GetLoadBalancingWeight(); w != nil {
			n.share = max(1, float64(w.GetValue()))
		}
		if e.GetHealthStatus() == corev3.HealthStatus_DEGRADED {
			n.priority -= degraded
		}
		total += n.share
		s.nodes = append(s.nodes, n)
	}
	if s.weighted {
		s.scale(s.nodes[first:], float64(l.GetLoadBalancingWeight().GetValue())/total)
	}
}

// scale multiplies shares: the endpoints of a locality share the locality's weight.
func (s *nodeSet) scale(nodes []weighedNode, factor float64) {
	for i := range nodes {
		nodes[i].share *= factor
	}
}

// list is the nodes in a fixed order, each address once, with weights in the smallest whole numbers.
func (s *nodeSet) list() []apisix.Node {
	slices.SortFunc(s.nodes, func(a, b weighedNode) int {
		return cmp.Or(cmp.Compare(a.host, b.host), cmp.Compare(a.port, b.port), -cmp.Compare(a.priority, b.priority))
	})
	merged := s.nodes[:0]
	for _, n := range s.nodes {
		if last := len(merged) - 1; last >= 0 && merged[last].host == n.host && merged[last].port == n.port {
			merged[last].share += n.share // the best priority wins: it came first
			continue
		}
		merged = append(merged, n)
	}
	nodes := make([]apisix.Node, len(merged))
	for i, w := range wholeWeights(merged) {
		nodes[i] = apisix.Node{Host: merged[i].host, Port: merged[i].port, Weight: w, Priority: merged[i].priority}
	}
	return nodes
}

// wholeWeights turns shares into whole numbers. Whole shares are reduced by their greatest common divisor; others are
// rounded to thousandths of the largest, and never to 0.
func wholeWeights(nodes []weighedNode) []int {
	largest, whole := 0.0, true
	for _, n := range nodes {
		largest = math.Max(largest, n.share)
		whole = whole && n.share == math.Trunc(n.share)
	}
	weights, divisor := make([]int, len(nodes)), 0
	for i, n := range nodes {
		weights[i] = int(n.share)
		if !whole {
			weights[i] = max(1, int(math.Round(n.share/largest*1000)))
		}
		divisor = gcd(divisor, weights[i])
	}
	for i := range weights {
		weights[i] /= max(1, divisor)
	}
	return weights
}

// gcd is the greatest common divisor of two numbers that are not negative; gcd(0, n) is n.
func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
