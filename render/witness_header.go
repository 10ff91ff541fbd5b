//lint:file-ignore SA1019 Control planes still send the deprecated header conditions.

package render

import (
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// header is the condition on a header or pseudo-header.
//
// A header that is there twice is joined by "," in Envoy and by ", " in APISIX, which also takes X_A for X-A: a value with
// ", " in it is therefore in doubt.
func (w witness) header(h *routev3.HeaderMatcher) claim {
	if headerFields.lost(h, w.at, w.field+".header.", &w.r.findings) {
		return hidden
	}
	if droppedByNginx(h.GetName()) {
		return w.blind("header", "nginx drops headers whose names have other characters than letters, digits, - and _")
	}
	variable, doubt := w.headerVariable(strings.ToLower(h.GetName()))
	present := expression(apisix.Present(variable))
	switch {
	case variable == absent:
		present = no
	case strings.HasPrefix(h.GetName(), ":"):
		present = yes
	}
	if want, ok := presence(h); ok {
		if want == h.GetInvertMatch() {
			return known(present.not())
		}
		return known(present)
	}
	value, empty, ok := w.headerValue(variable, h)
	if !ok {
		return hidden
	}
	return orMissing(value.unless(doubt), known(present), empty && h.GetTreatMissingHeaderAsEmpty(),
		h.GetTreatMissingHeaderAsEmpty(), h.GetInvertMatch())
}

// orMissing completes the condition on a header's value, which does not hold when there is none, by what a missing header
// means: nothing matches it, inverted or not, unless it counts as the empty value.
func orMissing(value, present claim, emptyHolds, asEmpty, invert bool) claim {
	switch {
	case !invert && emptyHolds:
		return anyClaim(value, present.not())
	case !invert:
		return value
	case asEmpty && !emptyHolds:
		return value.not()
	}
	return allClaims(present, value.not())
}

// headerVariable is the variable that holds a header, and when it may hold something else than Envoy sees.
func (w witness) headerVariable(name string) (variable string, doubt formula) {
	switch name {
	case ":method":
		return "request_method", no
	case ":scheme":
		return "scheme", no
	case ":path":
		w.needs.path = true
		return rawTarget, no
	case ":authority", "host":
		w.needs.authority = true
		return "http_host", w.strippedHost()
	case "cookie":
		return "http_cookie", no
	}
	if !isToken(name) {
		return absent, no // no request has such a header
	}
	w.r.findings.approximate(w.at, w.field+".header", "APISIX does not tell %q from a header with \"_\" in place of \"-\"", name)
	variable = "http_" + strings.ReplaceAll(name, "-", "_")
	return variable, expression(apisix.Compare(variable, apisix.OpRegex, ", "))
}

// strippedHost holds for Host headers of which the connection manager takes something away before its filters see them.
func (w witness) strippedHost() formula {
	manager, doubt := w.use.chain.manager, no
	if manager.GetStripAnyHostPort() || manager.GetStripMatchingHostPort() {
		doubt = expression(apisix.Compare("http_host", apisix.OpRegex, `:[0-9]*\z`))
	}
	if manager.GetStripTrailingHostDot() {
		doubt = anyOf(doubt, expression(apisix.Compare("http_host", apisix.OpRegex, `\.(?::[0-9]*)?\z`)))
	}
	return doubt
}

// headerValue is the condition on the value of a header that is there; empty says whether it holds for the empty value.
func (w witness) headerValue(variable string, h *routev3.HeaderMatcher) (value claim, empty, ok bool) {
	plain := func(t textMatch) (claim, bool, bool) { return known(expression(t.expr)), t.empty, true }
	switch m := h.GetHeaderMatchSpecifier().(type) {
	case *routev3.HeaderMatcher_StringMatch:
		return w.text(variable, m.StringMatch)
	case *routev3.HeaderMatcher_SafeRegexMatch:
		return w.regex(variable, m.SafeRegexMatch.GetRegex())
	case *routev3.HeaderMatcher_ExactMatch:
		if m.ExactMatch == "" { // in the deprecated form it stands for any value
			return known(yes), true, true
		}
		return plain(text(variable, "exact", m.ExactMatch, false))
	case *routev3.HeaderMatcher_PrefixMatch:
		return plain(text(variable, "prefix", m.PrefixMatch, false))
	case *routev3.HeaderMatcher_SuffixMatch:
		return plain(text(variable, "suffix", m.SuffixMatch, false))
	case *routev3.HeaderMatcher_ContainsMatch:
		return plain(text(variable, "contains", m.ContainsMatch, false))
	case *routev3.HeaderMatcher_RangeMatch:
		return w.numbers(variable, m.RangeMatch.GetStart(), m.RangeMatch.GetEnd()), false, true
	}
	w.blind("header", "the condition is of a kind that is not rendered")
	return hidden, false, false
}

// numbers is the condition that the value is a whole number from start up to but not including end. APISIX's numbers are
// doubles: beyond 15 digits the value is in doubt.
func (w witness) numbers(variable string, start, end int64) claim {
	const exact = 1 << 53
	if start < -exact || end > exact {
		return w.blind("header.range_match", "APISIX compares numbers exactly only up to 2^53")
	}
	t := w.r.headerRange(variable, start, end, w.at, "header.range_match")
	long := expression(apisix.Compare(variable, apisix.OpRegex, `[0-9]{16}`))
	return known(expression(t.expr)).unless(long)
}

// text is the condition that a StringMatcher puts on a variable.
func (w witness) text(variable string, m *matcherv3.StringMatcher) (value claim, empty, ok bool) {
	op, literal := "", ""
	switch p := m.GetMatchPattern().(type) {
	case *matcherv3.StringMatcher_Exact:
		op, literal = "exact", p.Exact
	case *matcherv3.StringMatcher_Prefix:
		op, literal = "prefix", p.Prefix
	case *matcherv3.StringMatcher_Suffix:
		op, literal = "suffix", p.Suffix
	case *matcherv3.StringMatcher_Contains:
		op, literal = "contains", p.Contains
	case *matcherv3.StringMatcher_SafeRegex:
		return w.regex(variable, p.SafeRegex.GetRegex())
	default:
		w.blind("header", "the condition is of a kind that is not rendered")
		return hidden, false, false
	}
	t := text(variable, op, literal, m.GetIgnoreCase())
	return known(expression(t.expr)), t.empty, true
}

// regex is the condition that the value of a variable fits an expression as a whole. Where PCRE may give up, a value that
// it does not match is in doubt; where it counts bytes, one beyond ASCII is.
func (w witness) regex(variable, re string) (value claim, empty, ok bool) {
	p, err := translateRegex(re)
	if err != nil {
		w.blind("header", err.Error())
		return hidden, false, false
	}
	value = known(expression(apisix.Compare(variable, apisix.OpRegex, p.pattern)))
	if p.bytewise {
		value = value.unless(expression(apisix.Compare(variable, apisix.OpRegex, `[^\x00-\x7f]`)))
	}
	if p.runsAway {
		w.blind("safe_regex", "PCRE gives up on values that take it too many steps")
		value.may = yes
	}
	return value, p.empty, true
}

// noServerName is the condition on the name that the client asked for in its TLS handshake: the empty one, as the
// connection is plain text.
func (w witness) noServerName(m *matcherv3.StringMatcher) claim {
	_, empty, ok := w.text("ssl_server_name", m)
	if !ok {
		return hidden
	}
	return known(constant(empty))
}
