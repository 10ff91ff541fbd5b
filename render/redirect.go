package render

import (
	"slices"
	"strconv"
	"strings"
	"unicode"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"

	"github.com/amesh-render/amesh-render/render/apisix"
)

var redirectFields = tableOf(&routev3.RedirectAction{}, fields{
	"https_redirect":  rendered,
	"scheme_redirect": rendered,
	"host_redirect":   rendered,
	"port_redirect":   rendered,
	"path_redirect":   rendered,
	"prefix_rewrite":  partly("the decoded path is rewritten, and encoded anew"),
	"regex_rewrite":   partly("the decoded path is rewritten, and encoded anew; the first match only"),
	"response_code":   rendered,
	"strip_query":     partly("where the path is rewritten the query stays; where it is the request's own it is decoded and encoded anew"),
})

var redirectCodes = map[routev3.RedirectAction_RedirectResponseCode]int{
	routev3.RedirectAction_MOVED_PERMANENTLY:  301,
	routev3.RedirectAction_FOUND:              302,
	routev3.RedirectAction_SEE_OTHER:          303,
	routev3.RedirectAction_TEMPORARY_REDIRECT: 307,
	routev3.RedirectAction_PERMANENT_REDIRECT: 308,
}

// A redirection is how the Location of a redirect is made.
type redirection struct {
	action  *routev3.RedirectAction
	code    int
	path    string      // the new path, with its query if it has one; "" for one made of the request's own
	rewrite pathRewrite // how that is made
}

// redirect translates RedirectAction. Envoy answers with scheme://host:port/path, each the request's own unless the
// action says otherwise. So does APISIX's fault-injection, with an empty body as Envoy's: $real_request_uri is the path
// and query as they were sent.
func (r *renderer) redirect(d *routev3.RedirectAction, m *routev3.RouteMatch, at *place) []variant {
	redirectFields.check(d, at, "redirect.", &r.findings)
	to := redirection{action: d, code: redirectCodes[d.GetResponseCode()], path: literalRedirect(d, m)}
	if to.code == 0 {
		r.findings.dropped(at, "redirect.response_code", "there is no such code: the answer is 301")
		to.code = 301
	}
	if strings.ContainsFunc(newScheme(d)+d.GetHostRedirect()+to.path, unicode.IsControl) {
		r.findings.dropped(at, "redirect", "the Location would have control characters: the requests are answered %d", unavailable)
		return []variant{answer(unavailable, "")}
	}
	if to.path == "" {
		var ok bool
		if to.rewrite, ok = r.pathRewrite(d, m, at, "redirect."); !ok {
			return []variant{answer(unavailable, "")}
		}
	}
	var out []variant
	for _, h := range redirectHosts(d) {
		if to.stripsOwnPath() {
			out = append(out, r.stripped(to, h, at))
		}
		out = append(out, to.variant(h))
	}
	if d.GetStripQuery() && !to.rewrite.none() {
		r.findings.dropped(at, "redirect.strip_query", "the query stays in the Location")
	}
	return out
}

// variant is the redirect for one host.
func (to redirection) variant(h redirectHost) variant {
	v := answer(to.code, "")
	v.tag, v.vars = h.tag, h.vars
	v.plugins().FaultInjection.Abort.Headers = map[string]string{"Location": to.base(h) + to.target()}
	if !to.rewrite.none() { // makes the rewritten path known as $upstream_uri before the answer, whose priority is 11000
		v.plugins().ProxyRewrite = &apisix.ProxyRewrite{Meta: &apisix.Meta{Priority: 11001}, RegexURI: to.rewrite.regexURI()}
	}
	return v
}

// base is the Location up to the path.
func (to redirection) base(h redirectHost) string {
	scheme := "${scheme}"
	if s := newScheme(to.action); s != "" {
		scheme = literal(s)
	}
	return scheme + "://" + h.text
}

// target is the path and query of the Location. A path_redirect with a query of its own replaces the request's.
func (to redirection) target() string {
	var t apisix.Interpolation
	switch {
	case to.path == "" && to.rewrite.none():
		t.Variable("real_request_uri")
	case to.path == "":
		t.Variable("upstream_uri")
	default:
		t.Text("/" + strings.TrimPrefix(to.path, "/"))
		if !strings.Contains(to.path, "?") && !to.action.GetStripQuery() {
			t.Variable("is_args")
			t.Variable("args")
		}
	}
	return t.String()
}

// literalRedirect is the new path where it does not depend on the request's; "" where it does.
func literalRedirect(d *routev3.RedirectAction, m *routev3.RouteMatch) string {
	if path := d.GetPathRedirect(); path != "" {
		return path
	}
	if _, whole := matchedPrefix(m); whole && !strings.Contains(d.GetPrefixRewrite(), "?") {
		return d.GetPrefixRewrite()
	}
	return ""
}

// newScheme is the scheme that the action asks for; "" for the request's own.
func newScheme(d *routev3.RedirectAction) string {
	if d.GetHttpsRedirect() {
		return "https"
	}
	return d.GetSchemeRedirect()
}

// A redirectHost is the host and port of a Location, for requests that fulfil a condition.
type redirectHost struct {
	tag  string
	vars []apisix.Expr
	text string
}

// redirectHosts are the host and port of the Location. The request's own port goes where the action names another, and
// where it is the standard port of a scheme that the action changes.
func redirectHosts(d *routev3.RedirectAction) []redirectHost {
	port := ""
	if d.GetPortRedirect() != 0 {
		port = ":" + strconv.FormatUint(uint64(d.GetPortRedirect()), 10)
	}
	if host := d.GetHostRedirect(); host != "" {
		return []redirectHost{{text: literal(host + port)}}
	}
	if port != "" {
		return []redirectHost{{text: "${host}" + port}}
	}
	kept := redirectHost{text: "${http_host}"}
	var standard []apisix.Expr
	for _, p := range []struct{ scheme, port string }{{"http", `:80\z`}, {"https", `:443\z`}} {
		if s := newScheme(d); s != "" && s != p.scheme {
			standard = append(standard, apisix.And(apisix.Compare("scheme", apisix.OpEqual, p.scheme),
				apisix.Compare("http_host", apisix.OpRegex, p.port)))
		}
	}
	if len(standard) == 0 {
		return []redirectHost{kept}
	}
	cut := redirectHost{tag: "standard port", vars: conjuncts(apisix.Or(standard...)), text: "${host}"}
	return []redirectHost{cut, kept}
}

// stripsOwnPath reports whether the Location is the request's own path without its query.
func (to redirection) stripsOwnPath() bool {
	return to.action.GetStripQuery() && to.path == "" && to.rewrite.none()
}

// stripped is the variant for requests with a query that the Location must not have. APISIX has no variable for the path
// as it was sent without it: the Location has $uri, which is decoded, and encoded anew.
func (r *renderer) stripped(to redirection, h redirectHost, at *place) variant {
	out := answer(unavailable, "")
	if !strings.ContainsAny(newScheme(to.action)+to.action.GetHostRedirect(), `$\`) { // what redirect.uri takes as we write it
		r.findings.approximate(at, "redirect.strip_query",
			"for requests with a query, the path is decoded and encoded anew, and the answer has a body")
		out = variant{}
		out.plugins().Redirect = &apisix.Redirect{URI: to.base(h) + "${uri}", RetCode: to.code, EncodeURI: true}
	} else {
		r.findings.dropped(at, "redirect.strip_query", "APISIX cannot do it for such a host: requests with a query are answered %d", unavailable)
	}
	out.tag = strings.TrimPrefix(h.tag+", query", ", ")
	out.vars = append(slices.Clone(h.vars), apisix.Compare("real_request_uri", apisix.OpRegex, `\?`))
	return out
}

// redirectToTLS is VirtualHost.require_tls: Envoy answers requests in plain text with the https URL of the same.
func redirectToTLS() []variant {
	v := answer(301, "")
	v.plugins().FaultInjection.Abort.Headers = map[string]string{"Location": "https://${http_host}${real_request_uri}"}
	return []variant{v}
}
