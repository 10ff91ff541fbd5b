package envoy

import (
	"net/http"
	"strconv"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"

	"github.com/amesh-render/amesh-render/model"
)

// action is what a route does once it matched. It may change the request.
type action func(*request, *choice) model.Outcome

func newAction(msg *routev3.Route) action {
	switch a := msg.GetAction().(type) {
	case *routev3.Route_Route:
		return forward(msg.GetMatch(), a.Route)
	case *routev3.Route_Redirect:
		return redirect(msg.GetMatch(), a.Redirect)
	case *routev3.Route_DirectResponse:
		return directResponse(a.DirectResponse)
	case *routev3.Route_NonForwardingAction:
		return always(model.Outcome{Kind: model.Undecided, Reason: "non_forwarding_action is for servers, not proxies"})
	}
	return always(model.Outcome{Kind: model.Undecided, Reason: "an action that is not modelled"})
}

func always(o model.Outcome) action { return func(*request, *choice) model.Outcome { return o } }

// directResponse is a DirectResponseAction. With a status that goes with a Location, Envoy adds the request's own URI.
func directResponse(msg *routev3.DirectResponseAction) action {
	body := msg.GetBody()
	o := model.Outcome{Kind: model.Answered, Status: int(msg.GetStatus()), Reason: "direct_response"}
	o.Body = body.GetInlineString() + string(body.GetInlineBytes()) // at most one is set
	return func(r *request, c *choice) model.Outcome {
		o := o
		if o.Status == http.StatusCreated || o.Status/100 == 3 {
			o.ResponseHeaders = []model.Header{{Name: "location", Value: location(nil, r)}}
		}
		return c.answer(r, o)
	}
}

// forward is a RouteAction. Whether the cluster exists or has endpoints is not looked at. The upstream receives what the
// operations on headers leave, then the host, then the path rewritten.
func forward(match *routev3.RouteMatch, msg *routev3.RouteAction) action {
	path, pathOK := newPathRewrite(match, msg.GetPrefixRewrite(), msg.GetRegexRewrite())
	host, hostOK := newHostRewrite(msg)
	if !pathOK || !hostOK || msg.GetPathRewritePolicy() != nil || msg.GetPrefixRewrite() != "" && match.GetPathMatchPolicy() != nil {
		return always(model.Outcome{Kind: model.Undecided, Reason: "a rewrite that Envoy refuses, or that is not modelled"})
	}
	destination := newDestination(msg)
	return func(r *request, c *choice) model.Outcome {
		o := destination(r, c)
		if o.Kind != model.Routed {
			return o
		}
		if problem := c.request(r); problem != "" {
			return undecided(c.route.label, problem)
		}
		if !c.rewriteHost(r, host, msg.GetAutoHostRewrite().GetValue(), o.Cluster) {
			return undecided(c.route.label, "auto_host_rewrite depends on the endpoint")
		}
		if path != nil {
			r.setTarget(path(r))
		}
		o.Path, o.Host, o.Headers = r.target, r.authority, foreign(r.headers)
		headers, problem := c.response(r, r.Response)
		if problem != "" {
			return undecided(c.route.label, problem)
		}
		o.ResponseHeaders = foreign(headers)
		return o
	}
}

// rewriteHost sets the host that the upstream receives: that of the weighted cluster, over it that of the route, over
// both that of the endpoint with auto_host_rewrite. It is false if nobody knows the last.
func (c *choice) rewriteHost(r *request, rewrite hostRewrite, auto bool, cluster string) bool {
	if c.cluster != nil && c.cluster.hostRewrite != "" {
		r.authority = c.cluster.hostRewrite
	}
	if rewrite != nil {
		if host := rewrite(r); host != "" {
			r.authority = host
		}
	}
	if !auto {
		return true
	}
	host, known := c.table.hostnames[cluster]
	if host != "" {
		r.authority = host
	}
	return known
}

// newDestination is the cluster specifier of a RouteAction.
func newDestination(msg *routev3.RouteAction) action {
	switch specifier := msg.GetClusterSpecifier().(type) {
	case *routev3.RouteAction_Cluster:
		return always(routed(model.Choice{Cluster: specifier.Cluster, Weight: 1}))
	case *routev3.RouteAction_ClusterHeader:
		name := foldASCII(specifier.ClusterHeader)
		return func(r *request, c *choice) model.Outcome {
			if cluster, _ := r.header(name); cluster != "" {
				return routed(model.Choice{Cluster: cluster, Weight: 1})
			}
			return c.answer(r, model.Outcome{
				Kind: model.Answered, Status: notFoundStatus(msg.GetClusterNotFoundResponseCode()),
				Reason: "no header " + strconv.Quote(name) + " to name a cluster",
			})
		}
	case *routev3.RouteAction_WeightedClusters:
		return func(r *request, c *choice) model.Outcome { return c.route.weighted.outcome(r, c.cluster) }
	}
	return always(model.Outcome{Kind: model.Undecided, Reason: "a cluster specifier that is not modelled"})
}

func routed(cluster model.Choice) model.Outcome {
	return model.Outcome{Kind: model.Routed, Clusters: []model.Choice{cluster}, Cluster: cluster.Cluster}
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
