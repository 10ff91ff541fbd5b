package envoy

import (
	"net/http"
	"strconv"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"

	"github.com/amesh-render/amesh-render/model"
)

// action is what a route does once it matched.
type action func(*request) model.Outcome

func newAction(msg *routev3.Route) action {
	switch a := msg.GetAction().(type) {
	case *routev3.Route_Route:
		return forward(a.Route)
	case *routev3.Route_Redirect:
		return always(model.Outcome{
			Kind: model.Answered, Status: redirectStatus(a.Redirect.GetResponseCode()), Reason: "redirect",
		})
	case *routev3.Route_DirectResponse:
		body := a.DirectResponse.GetBody()
		o := model.Outcome{Kind: model.Answered, Status: int(a.DirectResponse.GetStatus()), Reason: "direct_response"}
		o.Body = body.GetInlineString() + string(body.GetInlineBytes()) // at most one is set
		return always(o)
	case *routev3.Route_NonForwardingAction:
		return always(model.Outcome{Kind: model.Undecided, Reason: "non_forwarding_action is for servers, not proxies"})
	}
	return always(model.Outcome{Kind: model.Undecided, Reason: "an action that is not modelled"})
}

func always(o model.Outcome) action { return func(*request) model.Outcome { return o } }

func redirectStatus(code routev3.RedirectAction_RedirectResponseCode) int {
	switch code {
	case routev3.RedirectAction_FOUND:
		return http.StatusFound
	case routev3.RedirectAction_SEE_OTHER:
		return http.StatusSeeOther
	case routev3.RedirectAction_TEMPORARY_REDIRECT:
		return http.StatusTemporaryRedirect
	case routev3.RedirectAction_PERMANENT_REDIRECT:
		return http.StatusPermanentRedirect
	}
	return http.StatusMovedPermanently
}

// forward is a RouteAction. Whether the cluster exists or has endpoints is not looked at.
func forward(msg *routev3.RouteAction) action {
	switch specifier := msg.GetClusterSpecifier().(type) {
	case *routev3.RouteAction_Cluster:
		return always(routed([]model.Choice{{Cluster: specifier.Cluster, Weight: 1}}, 0))
	case *routev3.RouteAction_ClusterHeader:
		name := foldASCII(specifier.ClusterHeader)
		return func(r *request) model.Outcome {
			if cluster, _ := r.header(name); cluster != "" {
				return routed([]model.Choice{{Cluster: cluster, Weight: 1}}, 0)
			}
			return model.Outcome{
				Kind: model.Answered, Status: notFoundStatus(msg.GetClusterNotFoundResponseCode()),
				Reason: "no header " + strconv.Quote(name) + " to name a cluster",
			}
		}
	case *routev3.RouteAction_WeightedClusters:
		return func(r *request) model.Outcome { return weighted(specifier.WeightedClusters, r) }
	}
	return always(model.Outcome{Kind: model.Undecided, Reason: "a cluster specifier that is not modelled"})
}

func notFoundStatus(code routev3.RouteAction_ClusterNotFoundResponseCode) int {
	switch code {
	case routev3.RouteAction_NOT_FOUND:
		return http.StatusNotFound
	case routev3.RouteAction_INTERNAL_SERVER_ERROR:
		return http.StatusInternalServerError
	}
	return http.StatusServiceUnavailable
}

func routed(choices []model.Choice, random uint64) model.Outcome {
	return model.Outcome{Kind: model.Routed, Clusters: choices, Cluster: model.Pick(choices, random)}
}

// weighted chooses by the request's random number, or by the number in the header that header_name names. The shares are
// of the sum of the weights: total_weight is deprecated and not looked at, and neither is use_hash_policy here.
func weighted(msg *routev3.WeightedCluster, r *request) model.Outcome {
	var choices []model.Choice
	var sum uint64
	for _, c := range msg.GetClusters() {
		cluster := c.GetName()
		if h := c.GetClusterHeader(); h != "" {
			cluster, _ = r.header(foldASCII(h))
		}
		choices = append(choices, model.Choice{Cluster: cluster, Weight: uint64(c.GetWeight().GetValue())})
		sum += uint64(c.GetWeight().GetValue())
	}
	if sum == 0 {
		return model.Outcome{Kind: model.Undecided, Reason: "weights that sum to 0, which Envoy refuses"}
	}
	random := r.Random
	if values := r.Values(foldASCII(msg.GetHeaderName())); len(values) == 1 {
		if n, err := strconv.ParseUint(values[0], 10, 64); err == nil {
			random = n
		}
	}
	return routed(choices, random)
}
