//lint:file-ignore SA1019 Control planes still send the deprecated header conditions.

package envoy

import (
	"fmt"
	"strconv"
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"

	"github.com/amesh-render/amesh-render/model"
)

// headerCondition is a HeaderMatcher. A header that is absent counts as an empty one if treat_missing_header_as_empty is
// set; otherwise no comparison holds for it, not even an inverted one: only a match on presence can.
func headerCondition(m *routev3.HeaderMatcher) condition {
	name, missingIsEmpty, invert := foldASCII(m.GetName()), m.GetTreatMissingHeaderAsEmpty(), m.GetInvertMatch()
	want, onPresence := presence(m)
	value := headerText(m)
	words := fmt.Sprintf("header %q: %s", name, value.words)
	if onPresence {
		words = fmt.Sprintf("header %q: present %t", name, want)
	}
	if invert {
		words += ", inverted"
	}
	return condition{words, func(r *request) model.Verdict {
		got, present := r.header(name)
		present = present || missingIsEmpty
		var v model.Verdict
		switch {
		case onPresence:
			v = model.Holds(present == want)
		case !present:
			return model.No
		default:
			v = value.holds(got)
		}
		if invert {
			return v.Not()
		}
		return v
	}}
}

// presence says whether m is on presence, as one without a specifier is, and which presence it wants.
func presence(m *routev3.HeaderMatcher) (want, onPresence bool) {
	switch specifier := m.GetHeaderMatchSpecifier().(type) {
	case nil:
		return true, true
	case *routev3.HeaderMatcher_PresentMatch:
		return specifier.PresentMatch, true
	}
	return false, false
}

// headerText is the comparison of a HeaderMatcher with a value, including the deprecated ones.
func headerText(m *routev3.HeaderMatcher) text {
	switch specifier := m.GetHeaderMatchSpecifier().(type) {
	case *routev3.HeaderMatcher_StringMatch:
		return newText(specifier.StringMatch)
	case *routev3.HeaderMatcher_ExactMatch:
		if specifier.ExactMatch == "" { // unlike string_match's exact, it then takes any value
			return text{"exact_match of anything", func(string) model.Verdict { return model.Yes }}
		}
		return comparison("exact_match", specifier.ExactMatch, false, equal)
	case *routev3.HeaderMatcher_PrefixMatch:
		return comparison("prefix_match", specifier.PrefixMatch, false, strings.HasPrefix)
	case *routev3.HeaderMatcher_SuffixMatch:
		return comparison("suffix_match", specifier.SuffixMatch, false, strings.HasSuffix)
	case *routev3.HeaderMatcher_ContainsMatch:
		return comparison("contains_match", specifier.ContainsMatch, false, strings.Contains)
	case *routev3.HeaderMatcher_SafeRegexMatch:
		return fullMatch(specifier.SafeRegexMatch.GetRegex())
	case *routev3.HeaderMatcher_RangeMatch:
		return inRange(specifier.RangeMatch.GetStart(), specifier.RangeMatch.GetEnd())
	}
	return unknownText("a header matcher that is not modelled")
}

// inRange is the range from start up to but not including end, for a decimal integer with optional sign and white space.
func inRange(start, end int64) text {
	return text{fmt.Sprintf("range_match [%d, %d)", start, end), func(s string) model.Verdict {
		n, err := strconv.ParseInt(strings.Trim(s, " \t\n\v\f\r"), 10, 64)
		return model.Holds(err == nil && start <= n && n < end)
	}}
}

// queryCondition is a QueryParameterMatcher; without a specifier it is on presence.
func queryCondition(m *routev3.QueryParameterMatcher) condition {
	name := m.GetName()
	if matcher := m.GetStringMatch(); matcher != nil {
		value := newText(matcher)
		return condition{fmt.Sprintf("query parameter %q: %s", name, value.words), func(r *request) model.Verdict {
			got, present := r.query(name)
			if !present {
				return model.No
			}
			return value.holds(got)
		}}
	}
	want := m.GetQueryParameterMatchSpecifier() == nil || m.GetPresentMatch()
	return condition{fmt.Sprintf("query parameter %q: present %t", name, want), func(r *request) model.Verdict {
		_, present := r.query(name)
		return model.Holds(present == want)
	}}
}

// cookieCondition is a CookieMatcher. Unlike a header matcher, an inverted one holds for an absent cookie.
func cookieCondition(m *routev3.CookieMatcher) condition {
	name, value := m.GetName(), newText(m.GetStringMatch())
	words := fmt.Sprintf("cookie %q: %s", name, value.words)
	if m.GetInvertMatch() {
		words += ", inverted"
	}
	return condition{words, func(r *request) model.Verdict {
		verdict := model.No
		if got, present := r.cookie(name); present {
			verdict = value.holds(got)
		}
		if m.GetInvertMatch() {
			return verdict.Not()
		}
		return verdict
	}}
}
