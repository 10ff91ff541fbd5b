package render

import (
	"strings"
	"unicode/utf8"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	templatev3 "github.com/envoyproxy/go-control-plane/envoy/extensions/path/match/uri_template/v3"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// The conditions of a route. One that is not rendered keeps the whole route out: without it the route would take
// requests that are not its own.
var matchFields = tableOf(&routev3.RouteMatch{}, fields{
	"prefix":                decodedPath,
	"path":                  decodedPath,
	"safe_regex":            partly("the decoded path is compared; " + likeRE2),
	"path_separated_prefix": decodedPath,
	"case_sensitive":        rendered,
	"headers":               composed,
	"query_parameters":      composed,
	"grpc":                  rendered,
	"connect_matcher":       lost("APISIX does not take CONNECT requests: the route is left out"),
	"path_match_policy":     partly("paths with characters that should be escaped do not match; policies other than URI templates are not rendered"),
	"runtime_fraction":      partly("the choice among clusters of a split does not depend on the same number, as it does with Envoy"),
	"tls_context":           rendered,
	"dynamic_metadata":      lost("APISIX has no dynamic metadata: the route is left out, its requests fall to the next one"),
	"filter_state":          lost("APISIX has no filter state: the route is left out, its requests fall to the next one"),
	"cookies":               composed,
})

// A routeMatch is the condition of one route.
type routeMatch struct {
	path    pathMatch
	methods []string // APISIX's own condition on the method; empty for any
	vars    []apisix.Expr
}

// all reports whether the condition holds for every request.
func (m routeMatch) all() bool {
	return m.path.native == everyPath && m.path.exact && len(m.methods) == 0 && len(m.vars) == 0
}

// match translates RouteMatch. It is not ok when a condition cannot be expressed; the route must then be left out.
func (r *renderer) match(m *routev3.RouteMatch, at *place) (routeMatch, bool) {
	var out routeMatch
	var ok bool
	if matchFields.lost(m, at, "match.", &r.findings) || !holdsInPlainText(m.GetTlsContext()) {
		return out, false
	}
	if out.path, ok = r.path(m, at); !ok {
		return out, false
	}
	for _, h := range m.GetHeaders() {
		if method, ok := plainMethod(h); ok && out.methods == nil {
			out.methods = []string{method}
			continue
		}
		expr, ok := r.header(h, at, "match.headers")
		if !ok {
			return out, false
		}
		out.vars = append(out.vars, conjuncts(expr)...)
	}
	for _, q := range m.GetQueryParameters() {
		expr, ok := r.query(q, at)
		if !ok {
			return out, false
		}
		out.vars = append(out.vars, conjuncts(expr)...)
	}
	for _, c := range m.GetCookies() {
		expr, ok := r.cookie(c, at)
		if !ok {
			return out, false
		}
		out.vars = append(out.vars, conjuncts(expr)...)
	}
	if m.GetGrpc() != nil {
		out.vars = append(out.vars, grpcCall)
	}
	// Envoy draws one number for all routes that a request is compared with, and so do we.
	part := runtimeShare(m.GetRuntimeFraction(), allRequests)
	if part.none() {
		return out, false
	}
	out.vars = append(out.vars, part.vars(drawMatch)...)
	return out, true
}

// checkDraws reports that a route draws twice: Envoy chooses among the clusters of a route by the number by which it has
// taken the route.
func (r *renderer) checkDraws(rt *routev3.Route, at *place) {
	part := runtimeShare(rt.GetMatch().GetRuntimeFraction(), allRequests)
	if !part.all() && len(rt.GetRoute().GetWeightedClusters().GetClusters()) > 1 {
		r.findings.approximate(at, "match.runtime_fraction",
			"the choice among the clusters does not depend on the number by which the route is taken; with Envoy it does")
	}
}

// grpcCall holds for gRPC calls.
var grpcCall = apisix.Compare("http_content_type", apisix.OpRegex, `\Aapplication/grpc(?:\+|\z)`)

// holdsInPlainText reports whether the condition on TLS holds for connections in plain text, the only ones whose routes are
// rendered: they present no certificate, and so none that is valid.
func holdsInPlainText(tls *routev3.RouteMatch_TlsContextMatchOptions) bool {
	return !tls.GetPresented().GetValue() && !tls.GetValidated().GetValue()
}

// conjuncts are the parts that must all hold for x: a route's vars are such a list already.
func conjuncts(x apisix.Expr) []apisix.Expr {
	if x.Logic == "AND" {
		return x.Operands
	}
	return []apisix.Expr{x}
}

// path translates the path specifier of RouteMatch. APISIX compares with $uri: decoded, with dot segments resolved and
// slashes merged; Envoy with the path as it was sent, normalised.
func (r *renderer) path(m *routev3.RouteMatch, at *place) (pathMatch, bool) {
	fold := m.GetCaseSensitive() != nil && !m.GetCaseSensitive().GetValue()
	switch p := m.GetPathSpecifier().(type) {
	case *routev3.RouteMatch_Prefix:
		return literalPath(r.decoded(p.Prefix, at, "match.prefix"), "prefix", fold), true
	case *routev3.RouteMatch_Path:
		return literalPath(r.decoded(p.Path, at, "match.path"), "exact", fold), true
	case *routev3.RouteMatch_PathSeparatedPrefix:
		return separatedPath(r.decoded(p.PathSeparatedPrefix, at, "match.path_separated_prefix"), fold), true
	case *routev3.RouteMatch_SafeRegex: // case_sensitive has no effect on it
		t, ok := r.regexMatch("uri", p.SafeRegex.GetRegex(), at, "match.safe_regex")
		return pathMatch{native: everyPath, vars: []apisix.Expr{t.expr}}, ok
	case *routev3.RouteMatch_PathMatchPolicy: // nor on it
		return r.pathTemplate(p.PathMatchPolicy, at)
	}
	r.findings.dropped(at, "match", "the route has no condition on the path that is known here; it is left out")
	return pathMatch{}, false
}

// pathTemplate translates path_match_policy, of which Envoy has one kind: URI templates.
func (r *renderer) pathTemplate(policy *corev3.TypedExtensionConfig, at *place) (pathMatch, bool) {
	const field = "match.path_match_policy"
	config := &templatev3.UriTemplateMatchConfig{}
	if policy.GetTypedConfig().UnmarshalTo(config) != nil {
		r.findings.dropped(at, field, "the policy is not one that is known here: the route is left out, its requests fall to the next one")
		return pathMatch{}, false
	}
	pattern, ok := templatePattern(config.GetPathTemplate(), decodedTemplate)
	if !ok {
		r.findings.dropped(at, field, "the template is not one that Envoy takes: the route is left out")
		return pathMatch{}, false
	}
	r.findings.approximate(at, field, "paths with characters that should be escaped do not match, whatever Envoy's normalisation makes of them")
	return pathMatch{native: everyPath, vars: []apisix.Expr{
		apisix.Compare("uri", apisix.OpRegex, `\A(?s:`+pattern+`)\z`),
		apisix.Compare(rawTarget, apisix.OpRegex, `\A[`+segmentChars+`/-]*(?:\?|\z)`),
	}}, true
}

// literalPath is the condition that the path is the literal, or with op "prefix" begins with it.
func literalPath(literal, op string, fold bool) pathMatch {
	if op == "prefix" && (literal == "/" || literal == "") {
		return pathMatch{native: everyPath, exact: true}
	}
	m := pathMatch{native: everyPath, vars: []apisix.Expr{text("uri", op, literal, fold).expr}}
	if !fold {
		m.native, m.exact = literalKey(literal, op == "exact")
	}
	return m
}

// separatedPath is the condition that the path is the literal, or goes on with a slash.
func separatedPath(literal string, fold bool) pathMatch {
	pattern := `\A` + apisix.QuoteRegex(literal) + `(?:/|\z)`
	m := pathMatch{native: everyPath, vars: []apisix.Expr{apisix.Compare("uri", regexOp(fold), pattern)}}
	if !fold {
		m.native, _ = literalKey(literal, false)
	}
	return m
}

// decoded is a literal of a path as $uri would have it.
func (r *renderer) decoded(literal string, at *place, field string) string {
	out, changed := percentDecode(literal)
	switch {
	case !utf8.ValidString(out):
		r.findings.approximate(at, field, "%q stands for bytes that APISIX's file cannot hold: it never matches", literal)
		return literal
	case changed:
		r.findings.approximate(at, field, "APISIX matches decoded paths: %q stands for every spelling of %q", literal, out)
	case strings.Contains(literal, "//"):
		r.findings.approximate(at, field, "APISIX merges slashes before it matches: %q never occurs", "//")
	}
	return out
}

// percentDecode replaces the %XX of a path by the bytes that they stand for.
func percentDecode(s string) (string, bool) {
	if !strings.Contains(s, "%") {
		return s, false
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if hi, lo, ok := hexDigits(s[i:]); ok {
			b.WriteByte(hi<<4 | lo)
			i += 2
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String(), b.String() != s
}

func hexDigits(s string) (hi, lo byte, ok bool) {
	if len(s) < 3 || s[0] != '%' {
		return 0, 0, false
	}
	h := strings.IndexByte("0123456789abcdef", s[1]|0x20)
	l := strings.IndexByte("0123456789abcdef", s[2]|0x20)
	return byte(max(h, 0)), byte(max(l, 0)), h >= 0 && l >= 0
}
