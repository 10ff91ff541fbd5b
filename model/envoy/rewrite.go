package envoy

import (
	"regexp"
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
)

// substitution is a RegexMatchAndSubstitute.
type substitution struct {
	pattern     *regexp.Regexp
	replacement string
}

// newSubstitution prepares m. It is false for what Envoy refuses: a bad pattern, and a replacement with a group that
// there is not, or with a backslash that nothing follows but a digit or a backslash.
func newSubstitution(m *matcherv3.RegexMatchAndSubstitute) (*substitution, bool) {
	re, err := regexp.Compile(m.GetPattern().GetRegex())
	if err != nil {
		return nil, false
	}
	s := &substitution{re, m.GetSubstitution()}
	for i := 0; i < len(s.replacement); i++ {
		if s.replacement[i] != '\\' {
			continue
		}
		i++
		if i == len(s.replacement) {
			return nil, false
		}
		c := s.replacement[i]
		if c != '\\' && (c < '0' || c > '9' || int(c-'0') > re.NumSubexp()) {
			return nil, false
		}
	}
	return s, true
}

// all is text with every match replaced.
func (s *substitution) all(text string) string {
	var b strings.Builder
	end := 0
	for _, m := range s.pattern.FindAllStringSubmatchIndex(text, -1) {
		b.WriteString(text[end:m[0]])
		s.expand(&b, text, m)
		end = m[1]
	}
	b.WriteString(text[end:])
	return b.String()
}

// expand writes the replacement for the match m of text: \0 is the whole match, \1 to \9 are its groups.
func (s *substitution) expand(b *strings.Builder, text string, m []int) {
	for i := 0; i < len(s.replacement); i++ {
		c := s.replacement[i]
		if c != '\\' {
			b.WriteByte(c)
			continue
		}
		i++
		if c = s.replacement[i]; c == '\\' {
			b.WriteByte(c)
		} else if group := 2 * int(c-'0'); m[group] >= 0 {
			b.WriteString(text[m[group]:m[group+1]])
		}
	}
}

// pathRewrite is what a route makes of the request target; its query is kept.
type pathRewrite func(*request) string

// newPathRewrite prepares one of prefix_rewrite and regex_rewrite, which take an action to redirect or to forward alike.
// It is nil if neither is set, and not ok for what Envoy refuses.
func newPathRewrite(m *routev3.RouteMatch, prefix string, regex *matcherv3.RegexMatchAndSubstitute) (pathRewrite, bool) {
	switch {
	case regex != nil && prefix != "":
		return nil, false
	case regex != nil:
		s, ok := newSubstitution(regex)
		if !ok {
			return nil, false
		}
		return func(r *request) string { return s.all(r.path) + r.target[len(r.path):] }, true
	case prefix != "":
		return func(r *request) string { return prefix + r.target[min(matchedLength(m, r), len(r.target)):] }, true
	}
	return nil, true
}

// matchedLength is how much of the path prefix_rewrite replaces: the prefix of a match by prefix, the literal of one by
// path (what ignored path parameters follow it stays), else the whole path.
func matchedLength(m *routev3.RouteMatch, r *request) int {
	switch specifier := m.GetPathSpecifier().(type) {
	case *routev3.RouteMatch_Prefix:
		return len(specifier.Prefix)
	case *routev3.RouteMatch_PathSeparatedPrefix:
		return len(specifier.PathSeparatedPrefix)
	case *routev3.RouteMatch_Path:
		return len(specifier.Path)
	}
	return len(r.path)
}

// hostRewrite is what a route makes of the Host header, "" to leave it.
type hostRewrite func(*request) string

// newHostRewrite prepares a RouteAction's host rewrite; it is nil if there is none, and not ok for what Envoy refuses.
func newHostRewrite(msg *routev3.RouteAction) (hostRewrite, bool) {
	switch specifier := msg.GetHostRewriteSpecifier().(type) {
	case *routev3.RouteAction_HostRewriteLiteral:
		return func(*request) string { return specifier.HostRewriteLiteral }, true
	case *routev3.RouteAction_HostRewriteHeader:
		name := foldASCII(specifier.HostRewriteHeader)
		return func(r *request) string {
			value, _ := first(r.headers, name)
			return value
		}, true
	case *routev3.RouteAction_HostRewritePathRegex:
		s, ok := newSubstitution(specifier.HostRewritePathRegex)
		if !ok {
			return nil, false
		}
		return func(r *request) string { return s.all(r.path) }, true
	}
	return nil, true
}
