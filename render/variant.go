package render

import (
	"slices"
	"strconv"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// A variant is one of the APISIX routes that stand for one Envoy route: where what is done depends on the request beyond
// the route's match, each case is a variant, with conditions of its own. The first that holds wins; the last of a route
// has none.
type variant struct {
	// tag tells the variants of one route apart, for ids and for people; it is empty for the ordinary one.
	tag string
	// vars must hold beside the conditions of the Envoy route.
	vars []apisix.Expr
	// route is what is done: timeout, plugins, upstream.
	route apisix.Route
	// forwards says that the request goes to an upstream.
	forwards bool
	// own says that this is what the route itself does, as forwarding is, and no answer of a filter.
	own bool
	// request and response are what becomes of the headers.
	request, response mutations
	// shares are the choices of a split that is drawn at random, each with headers of its own, in place of all the above.
	shares []lot
}

// plugins are the variant's own plugins, made when there are none.
func (v *variant) plugins() *apisix.Plugins {
	if v.route.Plugins == nil {
		v.route.Plugins = &apisix.Plugins{}
	}
	return v.route.Plugins
}

// answer is a variant that answers by itself.
func answer(status int, body string) variant {
	return variant{route: apisix.Route{Plugins: &apisix.Plugins{FaultInjection: &apisix.FaultInjection{
		Abort: &apisix.Abort{HTTPStatus: status, Body: apisix.Literal(body)}}}}}
}

// The body of Envoy's answer to a request that a filter refuses.
const accessDenied = "RBAC: access denied"

// refusal refuses all requests.
var refusal = func() variant {
	v := answer(403, accessDenied)
	v.tag = "refused"
	return v
}()

// route is what becomes of requests that match an Envoy route: its action, behind the filters of the chain.
func (r *renderer) route(c *httpChain, vh *routev3.VirtualHost, rt *routev3.Route, at *place) []variant {
	vhAt := c.routesAt.child("virtual_host", vh.GetName())
	variants := r.action(c, vh, rt, at)
	if !refusesAll(variants) { // else no filter may answer before it
		variants = r.filtered(c, variants,
			filterLevel{rt.GetTypedPerFilterConfig(), at},
			filterLevel{vh.GetTypedPerFilterConfig(), vhAt},
			filterLevel{c.routes.GetTypedPerFilterConfig(), c.routesAt})
	}
	if rt.GetRoute() != nil {
		r.answersOfFilters(variants, c, vh, rt, at)
	}
	return variants
}

// answersOfFilters gives the answers of filters the headers that a route adds to responses: Envoy applies the operations
// to them too, if the route is one that forwards. Those of the weighted cluster it is that APISIX leaves out.
func (r *renderer) answersOfFilters(variants []variant, c *httpChain, vh *routev3.VirtualHost, rt *routev3.Route, at *place) {
	var response *mutations
	for i := range variants {
		if variants[i].forwards {
			continue
		}
		if response == nil {
			m := r.mutations(headerLevels(c, vh, rt, at), responseSide)
			r.responseLosses(m, false, at)
			response = &m
		}
		variants[i].response = *response
	}
	if response == nil {
		return
	}
	for i, w := range rt.GetRoute().GetWeightedClusters().GetClusters() {
		if len(w.GetResponseHeadersToAdd())+len(w.GetResponseHeadersToRemove()) > 0 {
			r.findings.approximate(at, "route.weighted_clusters.clusters["+strconv.Itoa(i)+"].response_headers_to_add",
				"answers of filters do not get the headers of the cluster that the request would have gone to")
		}
	}
}

// noRoute is the end of a virtual host: Envoy answers 404 with an empty body when no route matches, after the filters.
func (r *renderer) noRoute(c *httpChain, host string) []candidate {
	return forAll(host, "no route", r.filtered(c, []variant{answer(404, "")}))
}

// forAll is candidates that take all requests of a host.
func forAll(host, identity string, variants []variant) []candidate {
	return appendVariants(nil, everything, identity, apisix.Route{Name: label(host + " " + identity)}, variants)
}

// appendVariants appends the variants of one route to a list: route holds what they share, identity tells the route from
// the others of the list.
func appendVariants(list []candidate, match routeMatch, identity string, route apisix.Route, variants []variant) []candidate {
	for _, v := range variants {
		one := candidate{match: match, identity: identity, route: v.finish(), own: v.own || v.forwards}
		one.route.Name, one.route.Labels = route.Name, route.Labels
		if v.tag != "" {
			one.identity += "\x00" + v.tag
			one.route.Name = label(route.Name + " (" + v.tag + ")")
		}
		if len(v.vars) > 0 {
			one.match.vars = slices.Concat(match.vars, v.vars)
		}
		list = append(list, one)
	}
	return list
}

// finish completes what a variant does by what becomes of the headers.
func (v variant) finish() apisix.Route {
	var plugins apisix.Plugins
	if v.route.Plugins != nil { // variants may share them
		plugins = *v.route.Plugins
	}
	if v.shares != nil {
		v.draw(&plugins)
	} else {
		plugins.ResponseRewrite = v.responseRewrite(plugins.ResponseRewrite)
		plugins.ProxyRewrite = v.proxyRewrite(plugins.ProxyRewrite)
	}
	if !plugins.Empty() {
		v.route.Plugins = &plugins
	}
	return v.route
}

// responseRewrite completes the plugin by the response's headers. What a filter has put there comes after them.
func (v variant) responseRewrite(p *apisix.ResponseRewrite) *apisix.ResponseRewrite {
	h := v.response.responseHeaders(v.forwards)
	switch {
	case h == nil:
		return p
	case p != nil && p.Headers != nil:
		h.Add, h.Remove = append(h.Add, p.Headers.Add...), append(h.Remove, p.Headers.Remove...)
		for name, value := range p.Headers.Set {
			h.Set = withHeader(h.Set, name, value)
		}
	}
	return &apisix.ResponseRewrite{Headers: h}
}

// proxyRewrite completes the plugin by the request's headers. It encodes the path anew, even where it does not rewrite
// it, unless it is told to keep the path as it was sent, as Envoy does.
func (v variant) proxyRewrite(p *apisix.ProxyRewrite) *apisix.ProxyRewrite {
	var out apisix.ProxyRewrite
	if p != nil {
		out = *p
	}
	if v.forwards {
		out.Headers = v.request.requestHeaders()
	}
	if p == nil && out.Headers == nil {
		return nil
	}
	out.UseRealRequestURI = out.URI == "" && out.RegexURI == nil
	return &out
}
