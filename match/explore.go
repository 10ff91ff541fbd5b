package match

import (
	"cmp"
	"math"
	"slices"

	"github.com/amesh-render/amesh-render/model"
)

// Where a random number decides, the models are asked many times, with numbers that lie evenly for each of them, and the
// outcomes are counted.

// A variety is one of the outcomes that a request may have.
type variety struct {
	share   float64 // of the requests, from 0 to 1
	outcome model.Outcome
	trace   *model.Trace
}

// proxy is one of the models.
type proxy interface {
	Route(*model.Request, *model.Trace) model.Outcome
}

const (
	draws    = 10_000
	maxDraws = 100_000
)

// spreadEnvoy are the numbers for Envoy's model, and how many: consecutive ones, because it reduces them modulo the sum of
// weights, or the denominator of a fraction. Over a multiple of the sum the shares are exact.
func spreadEnvoy(first model.Outcome) (func(uint64) uint64, uint64) {
	sum := uint64(0)
	for _, c := range first.Clusters {
		sum += c.Weight
	}
	switch {
	case sum <= 1:
		return func(k uint64) uint64 { return k }, draws
	case sum <= maxDraws:
		return func(k uint64) uint64 { return k }, sum * ((draws + sum - 1) / sum)
	}
	return func(k uint64) uint64 { return k * (sum / maxDraws) }, maxDraws
}

// spreadAPISIX are the numbers for APISIX's model, and how many: of their upper and lower halves, which are the digits of
// $request_id, the one goes up in equal steps, from half a step so that the smallest share is met, and the other by about
// the golden ratio, so that both are evenly spread, together too. As the distance between them is a prime number, so are
// their remainders.
func spreadAPISIX(model.Outcome) (func(uint64) uint64, uint64) {
	const distance = 1<<32/draws<<32 + 0x9e3779c9
	return func(k uint64) uint64 { return k*distance + distance/2 }, draws
}

// manyVarieties is more than random choices of destinations make: the random number itself is in what is sent.
const manyVarieties = 64

// explore are the outcomes of r with a proxy, the likeliest first. Where each number makes another outcome, because it is
// in a header, say, those are told apart only that differ in where the request goes or how it is answered.
func explore(p proxy, r *model.Request, spread func(model.Outcome) (func(uint64) uint64, uint64)) []variety {
	if list := exploreBy(same, manyVarieties, p, r, spread); list != nil {
		return list
	}
	return exploreBy(sameDestination, math.MaxInt, p, r, spread)
}

// exploreBy tells outcomes apart by equal; it is nil when there are more than most.
func exploreBy(
	equal func(a, b model.Outcome) bool, most int, p proxy, r *model.Request, spread func(model.Outcome) (func(uint64) uint64, uint64),
) []variety {
	draw, n := spread(p.Route(r, nil))
	if one := exploreDraws(equal, most, p, r, func(k uint64) uint64 { return draw(k*sparse + k%sparse) }, n/sparse); len(one) == 1 {
		return one
	}
	return exploreDraws(equal, most, p, r, draw, n)
}

// sparse is how many numbers are passed over at first. Most requests fare the same with any number, and shares that all of
// those pass over are not worth ten times the time. They are not evenly spaced, so that they differ modulo any sum of weights.
const sparse = 10

// exploreDraws asks with the first n numbers.
func exploreDraws(
	equal func(a, b model.Outcome) bool, most int, p proxy, r *model.Request, draw func(uint64) uint64, n uint64,
) []variety {
	again := *r
	var out []variety
	var first []uint64 // the numbers that led to them
	for k := range n {
		again.Random = draw(k)
		o := p.Route(&again, nil)
		at := slices.IndexFunc(out, func(v variety) bool { return equal(v.outcome, o) })
		if at < 0 {
			if at = len(out); at == most {
				return nil
			}
			out, first = append(out, variety{outcome: o}), append(first, again.Random)
		}
		out[at].share++
	}
	for i, v := range out {
		again.Random = first[i]
		out[i] = one(p, &again, v.share/float64(n))
	}
	likeliestFirst(out)
	return out
}

// sameDestination says whether two outcomes of one request go to the same place by the same route, or are answered alike.
func sameDestination(a, b model.Outcome) bool {
	return a.Kind == b.Kind && a.Cluster == b.Cluster && a.Status == b.Status && a.Route == b.Route && a.Delay == b.Delay &&
		a.Filter == b.Filter && a.Reason == b.Reason
}

// likeliestFirst sorts by share, and by cluster among equals.
func likeliestFirst(list []variety) {
	slices.SortStableFunc(list, func(a, b variety) int {
		return cmp.Or(cmp.Compare(b.share, a.share), cmp.Compare(a.outcome.Cluster, b.outcome.Cluster))
	})
}

// same says whether nothing tells two outcomes of one request apart.
func same(a, b model.Outcome) bool {
	return sameDestination(a, b) && a.Path == b.Path && a.Host == b.Host && a.Body == b.Body &&
		slices.Equal(a.Clusters, b.Clusters) && slices.Equal(a.Headers, b.Headers) &&
		slices.Equal(a.ResponseHeaders, b.ResponseHeaders)
}

// one is the outcome for the request's own random number.
func one(p proxy, r *model.Request, share float64) variety {
	t := &model.Trace{}
	return variety{share, p.Route(r, t), t}
}

// turns makes each of several upstreams of one outcome a variety of its own, with its share by weight: APISIX takes turns
// among them, and the model's number only stands for a turn.
func turns(list []variety) (out []variety) {
	type group struct {
		of             model.Outcome
		total, weights float64
	}
	var groups []group
	in := make([]int, len(list))
	for i, v := range list {
		o := v.outcome
		o.Cluster, o.Host, o.Status, o.Reason = "", "", 0, "" // what the upstream decides
		in[i] = slices.IndexFunc(groups, func(g group) bool { return same(g.of, o) })
		if in[i] < 0 {
			in[i] = len(groups)
			groups = append(groups, group{of: o})
		}
		groups[in[i]].total += v.share
		groups[in[i]].weights += weightOf(v.outcome)
	}
	for i, v := range list {
		if g := groups[in[i]]; v.outcome.Kind == model.Routed && g.weights > 0 {
			v.share = g.total * weightOf(v.outcome) / g.weights
		}
		out = append(out, v)
	}
	likeliestFirst(out)
	return out
}

// weightOf is the weight of the cluster that was chosen.
func weightOf(o model.Outcome) (weight float64) {
	for _, c := range o.Clusters {
		if c.Cluster == o.Cluster {
			weight += float64(c.Weight)
		}
	}
	return weight
}
