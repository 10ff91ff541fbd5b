package modeltest

import (
	"fmt"
	"math/rand/v2"
	"slices"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// The domains that virtual hosts share out among themselves.
var domains = []string{
	"a.test", "b.test", "a.b.test", "x-a.test", "a",
	"*.test", "*.b.test", "*-a.test", "*a.test", "a.*", "a.b.*", "x-*", "*",
}

// RouteConfiguration draws virtual hosts with one to three domains of every kind, each domain used once, and up to six
// overlapping routes each.
func RouteConfiguration(rng *rand.Rand, name string) *routev3.RouteConfiguration {
	rc := &routev3.RouteConfiguration{Name: name, IgnorePortInHostMatching: true}
	left := slices.Clone(domains)
	rng.Shuffle(len(left), func(i, j int) { left[i], left[j] = left[j], left[i] })
	for i := range 1 + rng.IntN(4) { // at most as many as there are domains for
		n := 1 + rng.IntN(3)
		vh := &routev3.VirtualHost{Name: fmt.Sprintf("vh%d", i), Domains: slices.Clone(left[:n])}
		left = left[n:]
		for j := range rng.IntN(7) {
			vh.Routes = append(vh.Routes, route(rng, fmt.Sprintf("%s|vh%d-%d", name, i, j)))
		}
		if n := len(vh.Routes); n > 0 && oneIn(rng, 2) { // a last route for everything, as istiod's have
			vh.Routes[n-1].Match = &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Prefix{Prefix: "/"}}
		}
		rc.VirtualHosts = append(rc.VirtualHosts, vh)
	}
	return rc
}

// route draws a route; its clusters are named after it, so that a mistaken choice shows.
func route(rng *rand.Rand, name string) *routev3.Route {
	r := &routev3.Route{Name: name, Match: match(rng)}
	switch rng.IntN(6) {
	case 0:
		r.Action = &routev3.Route_DirectResponse{DirectResponse: &routev3.DirectResponseAction{
			Status: pick[uint32](rng, 200, 403, 404, 418, 503),
			Body: &corev3.DataSource{Specifier: &corev3.DataSource_InlineString{
				InlineString: pick(rng, "", "no", "costs $5, ${HOME} $uri"),
			}},
		}}
	case 1:
		r.Action = &routev3.Route_Route{Route: &routev3.RouteAction{
			ClusterSpecifier: &routev3.RouteAction_WeightedClusters{WeightedClusters: weighted(rng, name)},
		}}
	default:
		r.Action = &routev3.Route_Route{Route: &routev3.RouteAction{
			ClusterSpecifier: &routev3.RouteAction_Cluster{Cluster: name},
		}}
	}
	return r
}

func weighted(rng *rand.Rand, name string) *routev3.WeightedCluster {
	w := &routev3.WeightedCluster{}
	for i := range 2 + rng.IntN(3) {
		weight := pick[uint32](rng, 0, 1, 10, 50)
		if i == 0 {
			weight++ // Envoy refuses a sum of 0
		}
		w.Clusters = append(w.Clusters, &routev3.WeightedCluster_ClusterWeight{
			Name: fmt.Sprintf("%s-%d", name, i), Weight: wrapperspb.UInt32(weight),
		})
	}
	return w
}
