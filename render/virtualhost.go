package render

import (
	"cmp"
	"slices"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/proto"

	"github.com/amesh-render/amesh-render/render/apisix"
)

var virtualHostFields = tableOf(&routev3.VirtualHost{}, fields{
	"name":                              rendered,
	"domains":                           partly("a Host header that ends in a dot is taken as the name without it, and some patterns cannot be matched"),
	"routes":                            composed,
	"require_tls":                       partly("where it depends on whether requests are external, all in plain text are refused"),
	"retry_policy":                      composed,
	"typed_per_filter_config":           asFilters,
	"metadata":                          harmless("for people and tools"),
	"virtual_clusters":                  harmless("for statistics"),
	"include_request_attempt_count":     partly("X-Envoy-Attempt-Count is not added to requests"),
	"include_attempt_count_in_response": near("X-Envoy-Attempt-Count is not added to responses"),
	"cors":                              lost("CORS is rendered from the configuration of its filter only: browsers get no Access-Control headers"),
	"matcher":                           lost("the virtual host chooses routes by a matcher, which is not rendered: requests are refused"),
	"hedge_policy":                      lost("hedging is not rendered"),
	"rate_limits":                       lost("rate limits are not rendered"),
	"response_headers_to_add":           composed,
	"response_headers_to_remove":        someHeaders,
	"request_headers_to_add":            composed,
	"request_headers_to_remove":         someHeaders,
	"request_mirror_policies":           partly("one copy, to the service or to one of the endpoints"),
	"per_request_buffer_limit_bytes":    harmless("APISIX buffers by its own settings"),
	"request_body_buffer_limit":         harmless("APISIX buffers by its own settings"),
})

// A candidate is one route for APISIX of a virtual host, before it has hosts and a place in APISIX's order.
type candidate struct {
	match    routeMatch
	identity string       // within its virtual host, for ids
	route    apisix.Route // name, labels and what the route does
	own      bool         // as that of variant
	envoy    string       // the name of the Envoy route, which may be empty
	// implicit marks the end of a chain that has no virtual host for any name. Where chains cannot be told apart, it
	// comes after what another has for any name.
	implicit bool
}

// A virtualHost is one virtual host of a chain, translated.
type virtualHost struct {
	at         *place
	name       string
	groups     []hostGroup
	candidates []candidate // in Envoy's order, the last of them for all requests; never none, but see hostPart.place
}

// comparesPaths reports whether a route of the virtual host has a condition on the path.
func (h *virtualHost) comparesPaths() bool {
	return slices.ContainsFunc(h.candidates, func(one candidate) bool { return len(one.match.path.vars) > 0 })
}

// virtualHost translates one virtual host.
func (r *renderer) virtualHost(c *httpChain, vh *routev3.VirtualHost) virtualHost {
	at := c.routesAt.child("virtual_host", vh.GetName())
	virtualHostFields.check(vh, at, "", &r.findings)
	groups, bad := hostGroups(vh.GetDomains(), c.routes.GetIgnorePortInHostMatching())
	for _, domain := range bad {
		r.findings.dropped(at, "domains", "APISIX cannot match the host %q; its requests go to a less specific virtual host", domain)
	}
	out := virtualHost{at: at, name: vh.GetName(), groups: groups}
	switch {
	case vh.GetRequireTls() == routev3.VirtualHost_ALL:
		out.candidates = forAll(vh.GetName(), "all", r.filtered(c, redirectToTLS()))
	case vh.GetRequireTls() != routev3.VirtualHost_NONE:
		r.findings.denied(at, "require_tls", "APISIX does not know which requests are external: all in plain text are refused")
		out.candidates = forAll(vh.GetName(), "all", []variant{refusal})
	case vh.GetMatcher() != nil:
		out.candidates = forAll(vh.GetName(), "all", []variant{refusal})
	default:
		out.candidates = r.candidates(c, vh, at)
	}
	return out
}

// candidates translates the routes of a virtual host, up to the first that takes all requests: those after it are never
// reached, in Envoy neither. Where there is none, Envoy answers 404, and APISIX would try less specific hosts: a last
// route for all requests answers 404.
func (r *renderer) candidates(c *httpChain, vh *routev3.VirtualHost, at *place) []candidate {
	list := make([]candidate, 0, len(vh.GetRoutes())+1)
	seen := map[string]bool{}
	for i, rt := range vh.GetRoutes() {
		identity := matchIdentity(rt.GetMatch())
		match, ok := r.match(rt.GetMatch(), at.item("route", i))
		if !ok || seen[identity] { // an equal condition further down is never reached
			continue
		}
		seen[identity] = true
		r.checkDraws(rt, at.item("route", i))
		route := apisix.Route{Name: routeName(vh, rt), Labels: r.istioLabels(rt.GetMetadata())}
		from := len(list)
		list = appendVariants(list, match, identity, route, r.route(c, vh, rt, at.item("route", i)))
		for j := range list[from:] {
			list[from+j].envoy = rt.GetName()
		}
		if match.all() {
			return list
		}
	}
	return append(list, r.noRoute(c, vh.GetName())...)
}

// matchIdentity tells the routes of one virtual host apart by what they match, so that an id does not change when routes
// are added or moved.
func matchIdentity(m *routev3.RouteMatch) string {
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil { // the message came from Unmarshal, so it can be written
		return m.String()
	}
	return string(b)
}

// routeName is for people: the virtual host and the route's own name, or its path.
func routeName(vh *routev3.VirtualHost, rt *routev3.Route) string {
	name := cmp.Or(rt.GetName(), rt.GetMatch().GetPath(), rt.GetMatch().GetPathSeparatedPrefix(), rt.GetMatch().GetPrefix(),
		rt.GetMatch().GetSafeRegex().GetRegex())
	return label(vh.GetName() + " " + name)
}
