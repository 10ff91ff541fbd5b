package match

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/amesh-render/amesh-render/model"
)

// tolerance is how much two shares may differ that are meant to be the same: they are counted over draws.
const tolerance = 0.005

// shares are the shares of the requests that fare in one way, by a text that says how.
type shares map[string]float64

// count is the shares by what key makes of the outcomes.
func count(list []variety, key func(model.Outcome) string) shares {
	s := shares{}
	for _, v := range list {
		s[key(v.outcome)] += v.share
	}
	return s
}

// destination says where a request goes: what is equal cannot be told apart by where it went.
func destination(o model.Outcome) string {
	switch o.Kind {
	case model.Routed, model.Tunnelled:
		return o.Kind.String() + " to " + o.Cluster
	case model.Refused:
		return o.Kind.String()
	}
	return "answered " + answerOf(o.Status)
}

func (s shares) differs(t shares) bool {
	for _, both := range []shares{s, t} {
		for key := range both {
			if math.Abs(s[key]-t[key]) > tolerance {
				return true
			}
		}
	}
	return false
}

// String is the shares in words, the largest first.
func (s shares) String() string {
	keys := slices.SortedFunc(maps.Keys(s), func(a, b string) int { return cmp.Or(cmp.Compare(s[b], s[a]), cmp.Compare(a, b)) })
	for i, key := range keys {
		if len(keys) > 1 {
			keys[i] = fmt.Sprintf("%s (%s %%)", key, strconv.FormatFloat(math.Round(s[key]*1e4)/1e2, 'f', -1, 64))
		}
	}
	return strings.Join(keys, ", ")
}

// without is what of s has other shares in t, without the destinations.
func (s shares) without(t shares) string {
	left := shares{}
	for key, share := range s {
		if math.Abs(share-t[key]) > tolerance {
			_, shown, found := strings.Cut(key, "\x00")
			if !found {
				shown = key
			}
			left[shown] += share
		}
	}
	return left.String()
}

// aspectOf is what it is in which destinations differ.
func aspectOf(envoy, apisix shares) model.Aspect {
	answers := func(s shares) bool {
		for key := range s {
			if !strings.HasPrefix(key, "answered") {
				return false
			}
		}
		return true
	}
	same := len(envoy) == len(apisix)
	for key := range envoy {
		same = same && apisix[key] > 0
	}
	switch {
	case same:
		return Share
	case answers(envoy) && answers(apisix):
		return model.Status
	}
	return model.Destination
}
