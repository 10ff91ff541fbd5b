package render

import (
	"unicode/utf8"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"

	"github.com/amesh-render/amesh-render/render/apisix"
)

var routeFields = tableOf(&routev3.Route{}, fields{
	"name":                           rendered,
	"match":                          rendered,
	"route":                          rendered,
	"redirect":                       rendered,
	"direct_response":                rendered,
	"filter_action":                  rendered,
	"non_forwarding_action":          rendered,
	"metadata":                       rendered,
	"typed_per_filter_config":        rendered,
	"decorator":                      harmless("names the operation for tracing"),
	"tracing":                        near("tracing is not rendered"),
	"stat_prefix":                    harmless("names statistics"),
	"per_request_buffer_limit_bytes": harmless("APISIX buffers by its own settings"),
	"request_body_buffer_limit":      harmless("APISIX buffers by its own settings"),
	"request_headers_to_add":         lost(headersNotRendered),
	"request_headers_to_remove":      lost(headersNotRendered),
	"response_headers_to_add":        lost(headersNotRendered),
	"response_headers_to_remove":     lost(headersNotRendered),
})

// The status with which we answer where Envoy would have done what APISIX cannot: the request must not fall to a route
// that is not its own.
const unavailable = 503

// action sets what the route does with a request.
func (r *renderer) action(out *apisix.Route, c httpChain, vh *routev3.VirtualHost, rt *routev3.Route, at *place) {
	routeFields.check(rt, at, "", &r.findings)
	if r.perRoute(rt.GetTypedPerFilterConfig(), at) {
		out.Plugins = answer(403, accessDenied)
		return
	}
	switch a := rt.GetAction().(type) {
	case *routev3.Route_Route:
		r.forward(out, c, vh, a.Route, at)
	case *routev3.Route_DirectResponse:
		r.directResponse(out, a.DirectResponse, at)
	case *routev3.Route_Redirect:
		r.findings.dropped(at, "redirect", "redirects are not rendered yet: the requests are answered %d", unavailable)
		out.Plugins = answer(unavailable, "")
	default:
		r.findings.dropped(at, "action", "the route's action is not rendered: the requests are answered %d", unavailable)
		out.Plugins = answer(unavailable, "")
	}
}

// The body of Envoy's answer to a request that a filter refuses.
const accessDenied = "RBAC: access denied"

// answer is the plugins of a route that answers by itself.
func answer(status int, body string) *apisix.Plugins {
	return &apisix.Plugins{FaultInjection: &apisix.FaultInjection{
		Abort: &apisix.Abort{HTTPStatus: status, Body: apisix.Literal(body)}}}
}

// notFound is the end of a virtual host: Envoy answers 404 with an empty body when no route matches.
func notFound(host string) candidate {
	return candidate{match: everything, identity: "no route",
		route: apisix.Route{Name: label(host + " no route"), Plugins: answer(404, "")}}
}

// refusal stands for all routes of a virtual host or a chain whose guards cannot be expressed.
func refusal(host string) candidate {
	return candidate{match: everything, identity: "refused",
		route: apisix.Route{Name: label(host + " refused"), Plugins: answer(403, accessDenied)}}
}

// everything is the condition that holds for every request.
var everything = routeMatch{path: pathMatch{native: everyPath, exact: true}}

// directResponse translates DirectResponseAction.
func (r *renderer) directResponse(out *apisix.Route, d *routev3.DirectResponseAction, at *place) {
	body, ok := inline(d.GetBody())
	if !ok || !utf8.ValidString(body) {
		r.findings.dropped(at, "direct_response.body", "only text that stands in the configuration can be rendered: the body is empty")
		body = ""
	}
	if d.GetBodyFormat() != nil {
		r.findings.dropped(at, "direct_response.body_format", "not rendered")
	}
	status := int(d.GetStatus())
	if status < 200 || status > 599 {
		r.findings.dropped(at, "direct_response.status", "APISIX cannot answer %d: it answers %d", status, unavailable)
		status = unavailable
	}
	out.Plugins = answer(status, body)
}

// inline is the content of a data source that stands in the configuration itself.
func inline(d *corev3.DataSource) (string, bool) {
	switch s := d.GetSpecifier().(type) {
	case nil:
		return "", true
	case *corev3.DataSource_InlineString:
		return s.InlineString, true
	case *corev3.DataSource_InlineBytes:
		return string(s.InlineBytes), true
	}
	return "", false
}
