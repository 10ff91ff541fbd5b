//lint:file-ignore SA1019 Control planes still send the deprecated header conditions.

package modeltest

import (
	"math/rand/v2"
	"regexp"
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// path draws a path of up to three segments, most of them made of very few letters; rarely one has a character that
// means something in a regular expression or in APISIX's uri patterns.
func path(rng *rand.Rand) string {
	var b strings.Builder
	for range rng.IntN(4) {
		b.WriteByte('/')
		if oneIn(rng, 8) {
			b.WriteString(pick(rng, "a+b", "a.b", ":a", "(a", "a*", "*", "[b", "$a", "a|b", "~", "a;b"))
		} else {
			b.WriteString(pick(rng, "a", "b", "ab", "A", "aa"))
		}
	}
	if b.Len() == 0 || oneIn(rng, 3) {
		b.WriteByte('/')
	}
	return b.String()
}

func regexOf(pattern string) *matcherv3.RegexMatcher { return &matcherv3.RegexMatcher{Regex: pattern} }

// pathRegex draws a regular expression over paths.
func pathRegex(rng *rand.Rand) string {
	quoted := regexp.QuoteMeta(path(rng))
	return pick(rng, quoted, quoted+".*", quoted+"(/.*)?", "/.*"+quoted, "(?i)"+quoted, "/[ab]+", "/(a|b)(/a)?", "/a|/b",
		"/[^/]+/b?", ".*", "/.b$")
}

// match draws a RouteMatch.
func match(rng *rand.Rand) *routev3.RouteMatch {
	m := &routev3.RouteMatch{}
	switch rng.IntN(7) {
	case 0, 1, 2:
		m.PathSpecifier = &routev3.RouteMatch_Prefix{Prefix: path(rng)}
	case 3, 4:
		m.PathSpecifier = &routev3.RouteMatch_Path{Path: path(rng)}
	case 5:
		prefix := strings.TrimRight(path(rng), "/")
		if prefix == "" {
			prefix = "/a"
		}
		m.PathSpecifier = &routev3.RouteMatch_PathSeparatedPrefix{PathSeparatedPrefix: prefix}
	case 6:
		m.PathSpecifier = &routev3.RouteMatch_SafeRegex{SafeRegex: regexOf(pathRegex(rng))}
	}
	if oneIn(rng, 6) && m.GetSafeRegex() == nil {
		m.CaseSensitive = wrapperspb.Bool(false)
	}
	for oneIn(rng, 3) {
		m.Headers = append(m.Headers, header(rng))
	}
	if oneIn(rng, 5) {
		m.QueryParameters = append(m.QueryParameters, query(rng))
	}
	return m
}

// The names and values of headers. Some values are numbers to Lua and not to Envoy.
var (
	headerNames  = []string{"x-a", "x-b", "x-a-b"}
	headerValues = []string{"", "a", "b", "ab", "A", "a.b", "1", "10", "-3", "+7", "007", "1.5", "0x10", "1e1"}
)

func header(rng *rand.Rand) *routev3.HeaderMatcher {
	if oneIn(rng, 4) {
		return pseudoHeader(rng)
	}
	m := &routev3.HeaderMatcher{
		Name:        pick(rng, headerNames...),
		InvertMatch: oneIn(rng, 4), TreatMissingHeaderAsEmpty: oneIn(rng, 5),
	}
	value := pick(rng, headerValues...)
	switch rng.IntN(9) {
	case 0:
		// Whether a missing header that counts as empty is present is documented nowhere, and istiod never asks.
		m.TreatMissingHeaderAsEmpty = false
		if !oneIn(rng, 3) { // else no specifier, which means present
			m.HeaderMatchSpecifier = &routev3.HeaderMatcher_PresentMatch{PresentMatch: oneIn(rng, 2)}
		}
	case 1:
		start := int64(rng.IntN(12) - 4)
		m.HeaderMatchSpecifier = &routev3.HeaderMatcher_RangeMatch{
			RangeMatch: &typev3.Int64Range{Start: start, End: start + int64(rng.IntN(8))},
		}
	case 2:
		m.HeaderMatchSpecifier = &routev3.HeaderMatcher_ExactMatch{ExactMatch: value}
	case 3:
		m.HeaderMatchSpecifier = &routev3.HeaderMatcher_SafeRegexMatch{SafeRegexMatch: regexOf(valueRegex(rng))}
	default:
		m.HeaderMatchSpecifier = &routev3.HeaderMatcher_StringMatch{StringMatch: text(rng, value)}
	}
	return m
}

func pseudoHeader(rng *rand.Rand) *routev3.HeaderMatcher {
	name, values := ":method", []string{"GET", "POST", "FOO"}
	if oneIn(rng, 4) {
		name, values = ":scheme", []string{"http", "https"}
	}
	return &routev3.HeaderMatcher{
		Name: name, InvertMatch: oneIn(rng, 4),
		HeaderMatchSpecifier: &routev3.HeaderMatcher_StringMatch{StringMatch: &matcherv3.StringMatcher{
			MatchPattern: &matcherv3.StringMatcher_Exact{Exact: pick(rng, values...)},
		}},
	}
}

func valueRegex(rng *rand.Rand) string {
	return pick(rng, "a.*", ".*b", "[ab]*", "a|b", "a.b", `a\.b`, `\d+`, "(?i)AB")
}

func text(rng *rand.Rand, value string) *matcherv3.StringMatcher {
	m := &matcherv3.StringMatcher{IgnoreCase: oneIn(rng, 4)}
	nonEmpty := value
	if nonEmpty == "" { // Envoy refuses an empty prefix, suffix or part
		nonEmpty = "a"
	}
	switch rng.IntN(5) {
	case 0:
		m.MatchPattern = &matcherv3.StringMatcher_Exact{Exact: value}
	case 1:
		m.MatchPattern = &matcherv3.StringMatcher_Prefix{Prefix: nonEmpty}
	case 2:
		m.MatchPattern = &matcherv3.StringMatcher_Suffix{Suffix: nonEmpty}
	case 3:
		m.MatchPattern = &matcherv3.StringMatcher_Contains{Contains: nonEmpty}
	case 4:
		m.MatchPattern = &matcherv3.StringMatcher_SafeRegex{SafeRegex: regexOf(valueRegex(rng))}
	}
	return m
}

// The names and values of query parameters.
var (
	queryNames  = []string{"q", "r"}
	queryValues = []string{"", "a", "b", "ab", "1", "true"}
)

func query(rng *rand.Rand) *routev3.QueryParameterMatcher {
	m := &routev3.QueryParameterMatcher{Name: pick(rng, queryNames...)}
	switch rng.IntN(4) {
	case 0: // no specifier: present
	case 1:
		m.QueryParameterMatchSpecifier = &routev3.QueryParameterMatcher_PresentMatch{PresentMatch: oneIn(rng, 2)}
	default:
		m.QueryParameterMatchSpecifier = &routev3.QueryParameterMatcher_StringMatch{
			StringMatch: text(rng, pick(rng, queryValues...)),
		}
	}
	return m
}
