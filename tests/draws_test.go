package tests

import (
	"math"
	"strconv"
	"strings"

	"github.com/amesh-render/amesh-render/model"
)

// Where a random number decides, the two proxies draw it in ways of their own: Envoy's reduces one number modulo the sum
// of the weights, APISIX compares digits of $request_id or takes turns. So the law compares shares over many draws, for
// each proxy over numbers that lie evenly for it.

// envoyDraw are consecutive numbers: over a multiple of the sum of the weights, their shares are exact.
func envoyDraw(k uint64) uint64 { return k }

// apisixDraw are numbers whose upper and lower halves, of which $request_id is made, are evenly spread one by one and
// together: the upper half goes up in equal steps, the lower one by the golden ratio.
func apisixDraw(k uint64) uint64 { return k*0x001fffff9e3779b9 + 7 }

const (
	apisixDraws = 2048
	// tolerance is how much two shares may differ that are meant to be the same.
	tolerance = 0.005
)

// distribution is the shares of the requests that fare in one way, by a text that says how.
type distribution map[string]float64

// distributions are, by aspect, those of the destinations, and of an aspect together with the destination. Of the delay
// it is that of the delay alone, because the two draws of a delay and of what comes after it need not be independent in
// APISIX's model.
func (l *law) distributions(
	r *model.Request, want model.Outcome, aspects []model.Aspect,
) (before, after map[model.Aspect]distribution) {
	before, after = map[model.Aspect]distribution{}, map[model.Aspect]distribution{}
	sum := uint64(0)
	for _, c := range want.Clusters {
		sum += c.Weight
	}
	sum = max(sum, 1)
	draws := sum * ((apisixDraws + sum - 1) / sum)
	again := *r
	for k := range draws {
		again.Random = envoyDraw(k)
		count(before, aspects, l.before.Route(&again, nil), 1/float64(draws))
	}
	for k := range uint64(apisixDraws) {
		again.Random = apisixDraw(k)
		for _, one := range turns(l.after.Route(&again, nil)) {
			count(after, aspects, one.outcome, one.share/apisixDraws)
		}
	}
	return before, after
}

// turn is an outcome, and its share.
type turn struct {
	outcome model.Outcome
	share   float64
}

// turns are the outcomes that APISIX takes in turn: of one that goes to several clusters each is one. Nothing else
// depends on which it is.
func turns(o model.Outcome) []turn {
	total := uint64(0)
	for _, c := range o.Clusters {
		total += c.Weight
	}
	if total == 0 {
		return []turn{{o, 1}}
	}
	var out []turn
	for _, c := range o.Clusters {
		o.Cluster = c.Cluster
		out = append(out, turn{o, float64(c.Weight) / float64(total)})
	}
	return out
}

// The aspects other than where a request goes or how it is answered.
var aspectsBeside = []model.Aspect{
	model.Body, model.Path, model.Host, model.Headers, model.Location, model.ResponseHeaders, model.Delay,
}

// count adds the share of one outcome to the distributions of the aspects, of which the destination is always one.
func count(into map[model.Aspect]distribution, aspects []model.Aspect, o model.Outcome, share float64) {
	destination := "answered " + strconv.Itoa(o.Status)
	if o.Kind != model.Answered && o.Kind != model.NoRoute {
		destination = o.Kind.String() + " " + strconv.Quote(o.Cluster)
	}
	add := func(a model.Aspect, key string) {
		if into[a] == nil {
			into[a] = distribution{}
		}
		into[a][key] += share
	}
	add(model.Destination, destination)
	for _, a := range aspects {
		if a == model.Delay {
			add(a, o.Delay.String())
		} else {
			add(a, destination+" "+o.Shown(a))
		}
	}
}

// unlike is a key of which the two shares differ by more than the tolerance, and the shares; "" when there is none.
func (d distribution) unlike(e distribution) (key string, share, other float64) {
	for _, keys := range []distribution{d, e} {
		for key := range keys {
			if math.Abs(d[key]-e[key]) > tolerance {
				return key, d[key], e[key]
			}
		}
	}
	return "", 0, 0
}

// routes says whether all of the distribution of destinations goes to clusters.
func (d distribution) routes() bool {
	for key := range d {
		if !strings.HasPrefix(key, model.Routed.String()) {
			return false
		}
	}
	return true
}
