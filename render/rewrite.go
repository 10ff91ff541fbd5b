package render

import (
	"fmt"
	"strings"
	"unicode/utf8"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	routerv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/router/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// A pathRewriter is a route action that changes the path.
type pathRewriter interface {
	GetPrefixRewrite() string
	GetRegexRewrite() *matcherv3.RegexMatchAndSubstitute
}

// A pathRewrite is a pattern and the replacement of its first match in $uri, for regex_uri. The zero value keeps the path.
type pathRewrite struct {
	pattern, replacement string
}

func (p pathRewrite) none() bool { return p == pathRewrite{} }

// regexURI is p for APISIX.
func (p pathRewrite) regexURI() []string {
	if p.none() {
		return nil
	}
	return []string{p.pattern, p.replacement}
}

// pathRewrite translates prefix_rewrite and regex_rewrite. It is not ok when APISIX cannot do it: the request must then
// not be forwarded with the path that the rule was to hide.
//
// Envoy rewrites the path as it was sent, normalised; APISIX $uri, which is decoded, and encodes the result anew.
func (r *renderer) pathRewrite(a pathRewriter, m *routev3.RouteMatch, at *place, prefix string) (p pathRewrite, ok bool) {
	field := "prefix_rewrite"
	var err error
	switch {
	case a.GetRegexRewrite() != nil:
		field = "regex_rewrite"
		p, err = r.regexRewrite(a.GetRegexRewrite(), at, prefix+field)
	case a.GetPrefixRewrite() != "":
		p, err = r.prefixRewrite(a.GetPrefixRewrite(), m, at, prefix+field)
	default:
		return p, true
	}
	if err == nil {
		err = p.check()
	}
	if err != nil {
		r.findings.dropped(at, prefix+field, "%v: the requests are answered %d", err, unavailable)
		return pathRewrite{}, false
	}
	r.findings.approximate(at, prefix+field, "APISIX rewrites the decoded path and encodes it anew: "+
		"escapes of slashes and the like, and doubled slashes, do not stay as they were sent")
	if strings.Contains(p.replacement, "?") {
		r.findings.approximate(at, prefix+field, "the request's own query is joined to the new one by %q", "&")
	}
	if action, ok := a.(*routev3.RouteAction); ok {
		r.grpcRewrite(action, p, at, prefix+field)
	}
	return p, true
}

// check refuses what APISIX would not load: PCRE compiles up to 64 KiB, and "${{" could be substituted.
func (p pathRewrite) check() error {
	switch {
	case len(p.pattern) > maxPattern:
		return fmt.Errorf("the pattern is too long for APISIX")
	case strings.Contains(p.pattern, "${{") || strings.Contains(p.replacement, "${{"):
		return fmt.Errorf("%q cannot be in a replacement", "${{")
	case strings.ContainsRune(p.pattern+p.replacement, 0):
		return fmt.Errorf("a NUL cannot be in a replacement")
	}
	return nil
}

// maxPattern is how long a pattern may be, written or with its repetitions spelt out, so that PCRE compiles it.
const maxPattern = 8 << 10

// prefixRewrite replaces what the route matched of the path: the prefix, or the whole path where the route matches all
// of it. The route matches only paths that the pattern matches too.
func (r *renderer) prefixRewrite(to string, m *routev3.RouteMatch, at *place, field string) (pathRewrite, error) {
	literal, whole := matchedPrefix(m)
	pattern := `\A(?s:.*)\z`
	if !whole {
		pattern = `\A` + apisix.QuoteRegex(decodedOrAsIs(literal))
		if fold := m.GetCaseSensitive(); fold != nil && !fold.GetValue() {
			pattern = `\A(?i:` + apisix.QuoteRegex(decodedOrAsIs(literal)) + `)`
		}
	}
	if !strings.HasPrefix(to, "/") {
		r.findings.approximate(at, field, "the new path gets the slash that it must begin with")
		to = "/" + to
	}
	replacement, err := replacementText(to)
	return pathRewrite{pattern, replacement}, err
}

// matchedPrefix is the part of the path that a route matches literally, or whole when it matches the path as a whole.
func matchedPrefix(m *routev3.RouteMatch) (literal string, whole bool) {
	switch p := m.GetPathSpecifier().(type) {
	case *routev3.RouteMatch_Prefix:
		return p.Prefix, false
	case *routev3.RouteMatch_PathSeparatedPrefix:
		return p.PathSeparatedPrefix, false
	}
	return "", true
}

// decodedOrAsIs is a literal of a path as $uri would have it.
func decodedOrAsIs(literal string) string {
	if out, _ := percentDecode(literal); utf8.ValidString(out) {
		return out
	}
	return literal
}

// replacementText is the part of a replacement that becomes text when APISIX has encoded it.
func replacementText(text string) (string, error) {
	out, _ := percentDecode(text)
	if !utf8.ValidString(out) {
		return "", fmt.Errorf("%q stands for bytes that APISIX's file cannot hold", text)
	}
	return apisix.ReplacementText(out), nil
}

// addsEnvoyHeaders reports whether the chain's router adds headers of Envoy's own to requests.
func (c *httpChain) addsEnvoyHeaders() bool {
	for _, f := range c.manager.GetHttpFilters() {
		router := &routerv3.Router{}
		if f.GetTypedConfig().MessageIs(router) && f.GetTypedConfig().UnmarshalTo(router) == nil {
			return !router.GetSuppressEnvoyHeaders()
		}
	}
	return true
}
