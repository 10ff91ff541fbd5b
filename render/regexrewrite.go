package render

import (
	"fmt"
	"regexp/syntax"
	"strings"

	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"

	"github.com/amesh-render/amesh-render/internal/backtrack"
)

// regexRewrite translates RegexMatchAndSubstitute. Envoy replaces all matches in the path, APISIX the first.
func (r *renderer) regexRewrite(rw *matcherv3.RegexMatchAndSubstitute, at *place, field string) (pathRewrite, error) {
	tree, err := syntax.Parse(rw.GetPattern().GetRegex(), syntax.Perl)
	if err != nil {
		return pathRewrite{}, fmt.Errorf("the regular expression is invalid: %w", err)
	}
	w := pcreWriter{}
	w.write(tree, false)
	switch {
	case w.foreign:
		return pathRewrite{}, fmt.Errorf("the regular expression has a class of characters beyond ASCII, which APISIX cannot match")
	case expandedSize(tree) > maxPattern:
		return pathRewrite{}, fmt.Errorf("the pattern is too long for APISIX")
	}
	replacement, err := substitution(rw.GetSubstitution(), tree.MaxCap())
	if err != nil {
		return pathRewrite{}, err
	}
	switch {
	case beginsWithSlash(rw.GetSubstitution(), tree) || !mayBeginWithSlash(tree):
	case !atBegin(tree):
		return pathRewrite{}, fmt.Errorf("the new path need not begin with a slash")
	default:
		r.findings.approximate(at, field, "the new path gets a slash before it, as it need not begin with one")
		replacement = "/" + replacement
	}
	r.regexDifferences(tree, w, at, field)
	return pathRewrite{`(?s:` + w.text.String() + `)`, replacement}, nil
}

// regexDifferences reports where PCRE and the single replacement may decide otherwise.
func (r *renderer) regexDifferences(tree *syntax.Regexp, w pcreWriter, at *place, field string) {
	if !atBegin(tree) && !toEnd(tree) {
		r.findings.approximate(at, field, "APISIX replaces the first match only")
	}
	if w.single {
		r.findings.approximate(at, field, "%s", bytewise)
	}
	if backtrack.Nests(tree, false) {
		r.findings.approximate(at, field, "%s", runaway)
	}
}

// substitution translates RE2's replacement, where \0 to \9 are captures and \\ is a backslash.
func substitution(s string, captures int) (string, error) {
	var out, text strings.Builder
	flush := func() error {
		t, err := replacementText(text.String())
		out.WriteString(t)
		text.Reset()
		return err
	}
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] != '\\':
			text.WriteByte(s[i])
			continue
		case i+1 == len(s):
			return "", fmt.Errorf("the substitution ends in a backslash")
		}
		i++
		switch c := s[i]; {
		case c == '\\':
			text.WriteByte(c)
		case '0' <= c && c <= '9' && int(c-'0') <= captures:
			if err := flush(); err != nil {
				return "", err
			}
			fmt.Fprintf(&out, "${%c}", c)
		default:
			return "", fmt.Errorf(`the substitution has \%c, which stands for nothing`, c)
		}
	}
	err := flush()
	return out.String(), err
}
