package render

import (
	"strings"
	"unicode/utf8"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
)

var routeFields = tableOf(&routev3.Route{}, fields{
	"name":                           rendered,
	"match":                          composed,
	"route":                          composed,
	"redirect":                       composed,
	"direct_response":                partly("a body that stands in the configuration; body_format is not rendered"),
	"filter_action":                  unknownAction,
	"non_forwarding_action":          unknownAction,
	"metadata":                       harmless("for people and tools"),
	"typed_per_filter_config":        asFilters,
	"decorator":                      harmless("names the operation for tracing"),
	"tracing":                        near("tracing is not rendered"),
	"stat_prefix":                    harmless("names statistics"),
	"per_request_buffer_limit_bytes": harmless("APISIX buffers by its own settings"),
	"request_body_buffer_limit":      harmless("APISIX buffers by its own settings"),
	"request_headers_to_add":         composed,
	"request_headers_to_remove":      someHeaders,
	"response_headers_to_add":        composed,
	"response_headers_to_remove":     someHeaders,
})

// The status with which we answer where Envoy would have done what APISIX cannot: the request must not fall to a route
// that is not its own.
const unavailable = 503

// action is what a route does with a request, without the filters before it.
func (r *renderer) action(c *httpChain, vh *routev3.VirtualHost, rt *routev3.Route, at *place) []variant {
	routeFields.check(rt, at, "", &r.findings)
	var out []variant
	switch a := rt.GetAction().(type) {
	case *routev3.Route_Route:
		return r.forward(c, vh, rt, at)
	case *routev3.Route_DirectResponse:
		out = []variant{r.directResponse(a.DirectResponse, at)}
	case *routev3.Route_Redirect:
		out = r.redirect(a.Redirect, rt.GetMatch(), at)
	default:
		r.findings.dropped(at, "action", "the route's action is not rendered: the requests are answered %d", unavailable)
		return []variant{answer(unavailable, "")}
	}
	response := r.mutations(headerLevels(c, vh, rt, at), responseSide)
	r.responseLosses(response, false, at)
	for i := range out {
		out[i].response, out[i].own = response, true
	}
	return out
}

// everything is the condition that holds for every request.
var everything = routeMatch{path: pathMatch{native: everyPath, exact: true}}

// directResponse translates DirectResponseAction.
func (r *renderer) directResponse(d *routev3.DirectResponseAction, at *place) variant {
	body, ok := inline(d.GetBody())
	if !ok || !utf8.ValidString(body) || strings.ContainsRune(body, 0) {
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
	v := answer(status, body)
	if status == 201 || status/100 == 3 { // Envoy's router adds it to all answers of these codes, redirects or not
		v.plugins().FaultInjection.Abort.Headers = map[string]string{"Location": "${scheme}://${http_host}${real_request_uri}"}
	}
	return v
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
