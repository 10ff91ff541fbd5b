//lint:file-ignore SA1019 Control planes still send the deprecated header conditions.

package render

import (
	"slices"
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"

	"github.com/amesh-render/amesh-render/render/apisix"
)

var headerFields = tableOf(&routev3.HeaderMatcher{}, fields{
	"name":                          partly(`a name with "_" is not told apart from one with "-"; :path is compared as the client sent it`),
	"string_match":                  ownRegex,
	"exact_match":                   rendered,
	"safe_regex_match":              ownRegex,
	"range_match":                   partly("numbers are compared exactly up to 2^53"),
	"present_match":                 rendered,
	"prefix_match":                  rendered,
	"suffix_match":                  rendered,
	"contains_match":                rendered,
	"invert_match":                  rendered,
	"treat_missing_header_as_empty": rendered,
})

// headerConditions translates conditions on headers that must all hold, which stand at field. It is not ok when one of them cannot
// be expressed; a finding then says so.
func (r *renderer) headerConditions(list []*routev3.HeaderMatcher, at *place, field string) (vars []apisix.Expr, ok bool) {
	for _, h := range list {
		expr, ok := r.header(h, at, field)
		if !ok {
			return nil, false
		}
		vars = append(vars, conjuncts(expr)...)
	}
	return vars, true
}

// header translates HeaderMatcher, which stands at field. It is not ok when the condition cannot be expressed; a finding then says so.
//
// A missing header matches nothing in Envoy, inverted or not, but for the conditions on its presence; with
// treat_missing_header_as_empty it counts as the empty value. In APISIX a comparison with an absent variable is false,
// and a negated one true.
func (r *renderer) header(h *routev3.HeaderMatcher, at *place, field string) (apisix.Expr, bool) {
	if headerFields.lost(h, at, field+".", &r.findings) {
		return apisix.Expr{}, false
	}
	variable := r.headerVariable(h.GetName(), at, field)
	if present, ok := presence(h); ok {
		expr := apisix.Present(variable)
		if present == h.GetInvertMatch() {
			expr = apisix.Not(expr)
		}
		return expr, true
	}
	value, ok := r.headerValue(variable, h, at, field)
	if !ok {
		return apisix.Expr{}, false
	}
	return missing(value, variable, h.GetTreatMissingHeaderAsEmpty(), h.GetInvertMatch()), true
}

// plainMethod reads a matcher of :method for one method that APISIX knows by name.
func plainMethod(h *routev3.HeaderMatcher) (string, bool) {
	method := h.GetStringMatch().GetExact()
	if method == "" {
		method = h.GetExactMatch()
	}
	plain := h.GetName() == ":method" && !h.GetInvertMatch() && !h.GetStringMatch().GetIgnoreCase() &&
		slices.Contains(apisix.Methods, method)
	return method, plain
}

// missing completes the condition on a header's value by what a missing header means.
func missing(value textMatch, variable string, asEmpty, invert bool) apisix.Expr {
	switch {
	case invert && asEmpty && !value.empty:
		return apisix.Not(value.expr)
	case invert:
		return apisix.And(apisix.Present(variable), apisix.Not(value.expr))
	case asEmpty && value.empty:
		return apisix.Or(apisix.Not(apisix.Present(variable)), value.expr)
	}
	return value.expr
}

// presence reads a matcher that asks only whether the header is there; one without any condition asks that too.
func presence(h *routev3.HeaderMatcher) (present, ok bool) {
	switch m := h.GetHeaderMatchSpecifier().(type) {
	case nil:
		return true, true
	case *routev3.HeaderMatcher_PresentMatch:
		return m.PresentMatch, true
	}
	return false, false
}

func (r *renderer) headerValue(variable string, h *routev3.HeaderMatcher, at *place, field string) (textMatch, bool) {
	switch m := h.GetHeaderMatchSpecifier().(type) {
	case *routev3.HeaderMatcher_StringMatch:
		return r.stringMatcher(variable, m.StringMatch, at, field+".string_match")
	case *routev3.HeaderMatcher_ExactMatch:
		if m.ExactMatch == "" { // in the deprecated form it stands for any value
			return textMatch{expr: apisix.Present(variable), empty: true}, true
		}
		return text(variable, "exact", m.ExactMatch, false), true
	case *routev3.HeaderMatcher_PrefixMatch:
		return text(variable, "prefix", m.PrefixMatch, false), true
	case *routev3.HeaderMatcher_SuffixMatch:
		return text(variable, "suffix", m.SuffixMatch, false), true
	case *routev3.HeaderMatcher_ContainsMatch:
		return text(variable, "contains", m.ContainsMatch, false), true
	case *routev3.HeaderMatcher_SafeRegexMatch:
		return r.regexMatch(variable, m.SafeRegexMatch.GetRegex(), at, field+".safe_regex_match")
	case *routev3.HeaderMatcher_RangeMatch:
		return r.headerRange(variable, m.RangeMatch.GetStart(), m.RangeMatch.GetEnd(), at, field), true
	}
	r.findings.dropped(at, field, "the condition on the header %q is of a kind that is not rendered; what depends on it never matches",
		h.GetName())
	return textMatch{}, false
}

// headerRange holds for whole numbers from start up to but not including end.
func (r *renderer) headerRange(variable string, start, end int64, at *place, field string) textMatch {
	const exact = 1 << 53 // Lua's numbers are doubles
	if start < -exact || end > exact {
		r.findings.approximate(at, field+".range_match", "APISIX compares numbers exactly only up to 2^53")
	}
	return textMatch{expr: apisix.And(
		apisix.Compare(variable, apisix.OpRegex, `\A[+-]?[0-9]+\z`),
		apisix.Compare(variable, apisix.OpGreaterOrEqual, int(start)),
		apisix.Compare(variable, apisix.OpLess, int(end)),
	)}
}

// headerVariable is the APISIX variable that holds a request header or pseudo-header.
func (r *renderer) headerVariable(name string, at *place, field string) string {
	name = strings.ToLower(name)
	switch name {
	case ":method":
		return "request_method"
	case ":authority", "host":
		return "http_host"
	case ":scheme":
		return "scheme"
	case ":path":
		r.findings.approximate(at, field, "APISIX compares :path with the path as the client sent it; Envoy normalises it first")
		return "real_request_uri"
	}
	if !isToken(name) {
		return absent // no request has such a header
	}
	if droppedByNginx(name) {
		r.findings.dropped(at, field, "nginx drops the header %.100q for its name: APISIX takes it to be missing", name)
		return absent
	}
	if strings.Contains(name, "_") {
		r.findings.approximate(at, field, "APISIX does not tell %q from the header with %q in place of %q", name, "-", "_")
	}
	return "http_" + strings.ReplaceAll(name, "-", "_")
}

// droppedByNginx reports whether nginx drops the request headers of that name: with ignore_invalid_headers, which APISIX leaves on,
// it takes letters, digits, "-" and, as APISIX tells it to, "_". Names that HTTP does not know are not meant.
func droppedByNginx(name string) bool { return isToken(name) && !isVariableName(name) }

// absent is a variable that no request has.
const absent = "amesh_absent"

// isToken reports whether the text is a header name as HTTP has it.
func isToken(name string) bool {
	const others = "!#$%&'*+-.^_`|~"
	for i := range len(name) {
		c := name[i]
		letter := 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9'
		if !letter && strings.IndexByte(others, c) < 0 {
			return false
		}
	}
	return name != ""
}
