package render

import (
	"cmp"
	"slices"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// A target is an endpoint that gets requests.
type target struct {
	host      string
	port      int
	priority  int // as APISIX counts: the highest is tried first
	weight    uint64
	locality  int // index into the locality factors
	transport transport
}

func (t target) sameAddress(u target) bool { return t.host == u.host && t.port == u.port }

// nodesOf is the targets in a fixed order, each address once, with weights in the smallest whole numbers. Factors are by
// how much each locality's targets are multiplied; nil is 1 for all. Kind is the upstream's type. Not exact says that weights had to be rounded.
func nodesOf(targets []target, factors []factor, kind string) (nodes []apisix.Node, exact bool) {
	multipliers, exact := wholeFactors(factors)
	for i := range targets {
		if factors != nil {
			targets[i].weight *= multipliers[targets[i].locality]
		}
	}
	slices.SortFunc(targets, func(a, b target) int {
		return cmp.Or(cmp.Compare(a.host, b.host), cmp.Compare(a.port, b.port), -cmp.Compare(a.priority, b.priority))
	})
	merged := targets[:0]
	for _, t := range targets {
		if last := len(merged) - 1; last >= 0 && merged[last].sameAddress(t) {
			merged[last].weight += t.weight // the best priority wins: it came first
			continue
		}
		merged = append(merged, t)
	}
	exact = reduce(merged, mostWeight(kind, factors != nil)) && exact
	nodes = make([]apisix.Node, len(merged))
	for i, t := range merged {
		nodes[i] = apisix.Node{Host: t.host, Port: t.port, Weight: int(t.weight), Priority: t.priority}
	}
	return nodes, exact
}
