package render

import (
	"strings"

	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// A textMatch is a condition on the value of one APISIX variable. The expression is false when the variable is absent.
type textMatch struct {
	expr  apisix.Expr
	empty bool // the condition holds for the empty value
}

// never is an expression that holds for no request: every request has a method.
var never = apisix.Compare("request_method", apisix.OpEqual, "")

// text translates the condition that op ("exact", "prefix", "suffix" or "contains") with the literal puts on the
// variable. Fold ignores the case of ASCII letters, as Envoy does.
func text(variable, op, literal string, fold bool) textMatch {
	if strings.ContainsRune(literal, 0) { // no request has a NUL in its path or headers
		return textMatch{expr: never}
	}
	quoted := apisix.QuoteRegex(literal)
	switch op {
	case "exact":
		return textMatch{expr: equal(variable, literal, fold), empty: literal == ""}
	case "prefix":
		quoted = `\A` + quoted
	case "suffix":
		quoted += `\z`
	}
	return textMatch{expr: apisix.Compare(variable, regexOp(fold), quoted), empty: literal == ""}
}

// equal compares with a literal. One that holds "${{", which APISIX may substitute wherever it stands, is written as a
// regular expression, whose quoting keeps the characters apart.
func equal(variable, literal string, fold bool) apisix.Expr {
	if fold || strings.Contains(literal, "${{") {
		return apisix.Compare(variable, regexOp(fold), `\A`+apisix.QuoteRegex(literal)+`\z`)
	}
	return apisix.Compare(variable, apisix.OpEqual, literal)
}

func regexOp(fold bool) string {
	if fold {
		return apisix.OpRegexFold
	}
	return apisix.OpRegex
}

// stringMatcher translates Envoy's StringMatcher. It is not ok when it cannot be expressed; a finding then says so.
func (r *renderer) stringMatcher(variable string, m *matcherv3.StringMatcher, at *place, field string) (textMatch, bool) {
	fold := m.GetIgnoreCase()
	switch p := m.GetMatchPattern().(type) {
	case *matcherv3.StringMatcher_Exact:
		return text(variable, "exact", p.Exact, fold), true
	case *matcherv3.StringMatcher_Prefix:
		return text(variable, "prefix", p.Prefix, fold), true
	case *matcherv3.StringMatcher_Suffix:
		return text(variable, "suffix", p.Suffix, fold), true
	case *matcherv3.StringMatcher_Contains:
		return text(variable, "contains", p.Contains, fold), true
	case *matcherv3.StringMatcher_SafeRegex: // ignore_case has no effect on it
		return r.regexMatch(variable, p.SafeRegex.GetRegex(), at, field+".safe_regex")
	}
	r.findings.dropped(at, field, "the string matcher is of a kind that is not rendered; what depends on it never matches")
	return textMatch{}, false
}

// regexMatch translates an Envoy regular expression, which must match the whole value.
func (r *renderer) regexMatch(variable, re string, at *place, field string) (textMatch, bool) {
	p, err := translateRegex(re)
	if err != nil {
		r.findings.dropped(at, field, "%v; what depends on it never matches", err)
		return textMatch{}, false
	}
	for _, difference := range p.differences {
		r.findings.approximate(at, field, "%s", difference)
	}
	return textMatch{expr: apisix.Compare(variable, apisix.OpRegex, p.pattern), empty: p.empty}, true
}
