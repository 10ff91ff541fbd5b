package render

import (
	"regexp"
	"strings"

	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// corsOrigins are the conditions on the origins of requests for which the plugin acts: not empty, and allowed where
// preflights of other origins are forwarded.
func corsOrigins(patterns []string, allowed bool) []apisix.Expr {
	some, joined := apisix.Compare("http_origin", apisix.OpRegex, anyOrigin), strings.Join(patterns, "|")
	switch empty, err := regexp.MatchString(joined, ""); {
	case !allowed || joined == anyOrigin:
		return []apisix.Expr{some}
	case err != nil || empty:
		return []apisix.Expr{some, apisix.Compare("http_origin", apisix.OpRegex, joined)}
	}
	return []apisix.Expr{apisix.Compare("http_origin", apisix.OpRegex, joined)}
}

// Expressions for every origin, and for none. A request without an origin, or with an empty one, is not cross-origin.
const (
	anyOrigin = `\A(?s:.)`
	noOrigin  = `\z.`
)

// origins are expressions for the origins that matchers allow. APISIX joins them by "|".
func (r *renderer) origins(list []*matcherv3.StringMatcher, at *place, field string) []string {
	var patterns []string
	seen := map[string]bool{}
	for _, m := range list {
		pattern, ok := r.origin(m, at, field)
		switch {
		case !ok:
		case len(pattern) > maxOriginPattern:
			r.findings.dropped(at, field, "an expression of more than %d bytes is too long for APISIX: it allows no origin", maxOriginPattern)
		case pattern == anyOrigin:
			return []string{anyOrigin}
		case !seen[pattern]:
			seen[pattern] = true
			patterns = append(patterns, pattern)
		}
	}
	if len(patterns) == 0 {
		return []string{noOrigin}
	}
	return patterns
}

// maxOriginPattern is the longest expression that APISIX takes for origins.
const maxOriginPattern = 4096

// origin is an expression for the origins that one matcher allows: all, if it matches "*".
func (r *renderer) origin(m *matcherv3.StringMatcher, at *place, field string) (pattern string, ok bool) {
	const star = "*"
	literal, before, after, all := "", "", "", false
	switch p := m.GetMatchPattern().(type) {
	case *matcherv3.StringMatcher_Exact:
		literal, before, after, all = p.Exact, `\A`, `\z`, p.Exact == star
		ok = p.Exact != ""
	case *matcherv3.StringMatcher_Prefix:
		literal, before, all, ok = p.Prefix, `\A`, strings.HasPrefix(star, p.Prefix), true
	case *matcherv3.StringMatcher_Suffix:
		literal, after, all, ok = p.Suffix, `\z`, strings.HasSuffix(star, p.Suffix), true
	case *matcherv3.StringMatcher_Contains:
		literal, all, ok = p.Contains, strings.Contains(star, p.Contains), true
	default:
		return r.originRegex(m, at, field)
	}
	quoted := apisix.QuoteRegex(literal)
	if m.GetIgnoreCase() {
		quoted = "(?i:" + quoted + ")"
	}
	if all {
		return anyOrigin, true
	}
	return before + quoted + after, ok && !strings.ContainsRune(literal, 0)
}

// originRegex is origin for a regular expression. It is not ok, with a finding, for what cannot be expressed.
func (r *renderer) originRegex(m *matcherv3.StringMatcher, at *place, field string) (pattern string, ok bool) {
	re := m.GetSafeRegex().GetRegex()
	t, ok := r.stringMatcher("http_origin", m, at, field)
	if !ok {
		return "", false
	}
	if whole, err := regexp.Compile(`\A(?:` + re + `)\z`); err == nil && whole.MatchString("*") {
		return anyOrigin, true
	}
	pattern, ok = t.expr.Value.(string)
	return pattern, ok
}
