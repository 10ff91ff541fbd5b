package modeltest

import (
	"math/rand/v2"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	corsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/cors/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// cors draws a policy.
func cors(rng *rand.Rand) *corsv3.CorsPolicy {
	p := &corsv3.CorsPolicy{
		AllowMethods: pick(rng, "", "GET,POST", "*"), AllowHeaders: pick(rng, "", "x-a", "*"), ExposeHeaders: pick(rng, "", "x-b"),
		MaxAge: pick(rng, "", "60"),
	}
	for range 1 + rng.IntN(2) {
		p.AllowOriginStringMatch = append(p.AllowOriginStringMatch, text(rng, pick(rng, Origins...)))
	}
	if oneIn(rng, 6) {
		p.AllowOriginStringMatch = []*matcherv3.StringMatcher{{MatchPattern: &matcherv3.StringMatcher_Exact{Exact: "*"}}}
	}
	if oneIn(rng, 3) {
		p.AllowCredentials = wrapperspb.Bool(oneIn(rng, 2))
	}
	if oneIn(rng, 3) {
		p.ForwardNotMatchingPreflights = wrapperspb.Bool(oneIn(rng, 2))
	}
	if oneIn(rng, 8) {
		p.AllowPrivateNetworkAccess = wrapperspb.Bool(true)
	}
	if oneIn(rng, 8) {
		p.FilterEnabled = &corev3.RuntimeFractionalPercent{DefaultValue: &typev3.FractionalPercent{Numerator: pick[uint32](rng, 0, 100)}}
	}
	return p
}

// Origins are values of the Origin header.
var Origins = []string{"http://a.test", "http://b.test", "https://a.test:8443"}
