package render

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"

	"github.com/amesh-render/amesh-render/internal/backtrack"
	"github.com/amesh-render/amesh-render/render/apisix"
)

// A pcre is an Envoy regular expression made ready for APISIX.
type pcre struct {
	pattern     string   // for the operators ~~ and ~*
	empty       bool     // it matches the empty value
	bytewise    bool     // it may decide otherwise about values beyond ASCII
	runsAway    bool     // PCRE may give up on long values, and then finds no match
	differences []string // where PCRE may decide otherwise than RE2, for people
}

// Where PCRE, as APISIX calls it, differs from RE2, as Envoy does.
const (
	bytewise = "APISIX matches regular expressions byte by byte: a character beyond ASCII counts as several"
	runaway  = "the regular expression nests repetitions: PCRE gives up on values that take it too many steps, " +
		"and they then do not match"
)

// translateRegex turns an RE2 expression that must match a whole value into a PCRE one. It is written anew from its
// syntax tree, so that no token is left that PCRE reads differently: "$" is \z, as PCRE's also matches before a last
// newline; the dot matches newlines, as a decoded path may hold one; classes such as \s are spelt out. An expression
// that RE2 refuses, or whose classes hold characters beyond ASCII, is an error.
func translateRegex(re string) (pcre, error) {
	tree, err := syntax.Parse(re, syntax.Perl)
	if err != nil {
		return pcre{}, fmt.Errorf("the regular expression is invalid: %w", err)
	}
	p, err := writePCRE(re, tree, pcreWriter{})
	p.pattern += `\z`
	return p, err
}

// translateRegexWithin is translateRegex for a part of a value: what stands before the first stop in it, which the
// expression therefore never matches. Anchors are at home at both ends only.
func translateRegexWithin(re string, stop rune) (pcre, error) {
	tree, err := syntax.Parse(re, syntax.Perl)
	if err != nil {
		return pcre{}, fmt.Errorf("the regular expression is invalid: %w", err)
	}
	tree = withoutAnchors(tree)
	if anchored(tree) {
		return pcre{}, fmt.Errorf("the regular expression %q has anchors inside", re)
	}
	p, err := writePCRE(re, tree, pcreWriter{stop: stop})
	p.pattern += `(?:` + apisix.QuoteRegex(string(stop)) + `|\z)`
	return p, err
}

// writePCRE writes the tree of re with w, up to where the value must end.
func writePCRE(re string, tree *syntax.Regexp, w pcreWriter) (pcre, error) {
	whole, err := regexp.Compile(`\A(?:` + re + `)\z`)
	if err != nil {
		return pcre{}, fmt.Errorf("the regular expression is invalid: %w", err)
	}
	w.write(tree, false)
	if w.foreign {
		return pcre{}, fmt.Errorf("the regular expression %q has a class of characters beyond ASCII, which APISIX cannot match", re)
	}
	p := pcre{pattern: `\A(?s:` + w.text.String() + `)`, empty: whole.MatchString(""), bytewise: w.single}
	if w.single {
		p.differences = append(p.differences, bytewise)
	}
	nested := backtrack.Nests(tree, false)
	if nested {
		p.differences = append(p.differences, runaway)
	}
	p.runsAway = nested || backtrack.Choices(tree, nil) > 1
	return p, nil
}

// A pcreWriter writes a syntax tree as PCRE.
type pcreWriter struct {
	text    strings.Builder
	single  bool // something matches one character where PCRE would take one byte
	foreign bool // a class names characters beyond ASCII
	stop    rune // is never matched; 0 for none
}

// write appends one node. Repeated says that it stands under a repetition without upper limit, where it does not matter
// whether characters or bytes are counted.
func (w *pcreWriter) write(re *syntax.Regexp, repeated bool) {
	switch re.Op {
	case syntax.OpNoMatch:
		w.text.WriteString(`\z.`)
	case syntax.OpLiteral:
		w.literal(re)
	case syntax.OpCharClass:
		w.class(re.Rune, repeated)
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		w.single = w.single || !repeated
		if w.stop != 0 {
			w.text.WriteString("[^" + apisix.QuoteRegex(string(w.stop)) + "]")
		} else {
			w.text.WriteByte('.')
		}
	case syntax.OpBeginLine:
		w.text.WriteString(`(?m:^)`)
	case syntax.OpEndLine:
		w.text.WriteString(`(?m:$)`)
	case syntax.OpBeginText:
		w.text.WriteString(`\A`)
	case syntax.OpEndText:
		w.text.WriteString(`\z`)
	case syntax.OpWordBoundary:
		w.text.WriteString(`\b`)
	case syntax.OpNoWordBoundary:
		w.text.WriteString(`\B`)
	case syntax.OpCapture:
		w.group("(", re.Sub[0], repeated)
	case syntax.OpStar, syntax.OpPlus, syntax.OpQuest, syntax.OpRepeat:
		w.repeat(re)
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			w.atom(sub, repeated && len(re.Sub) == 1, sub.Op == syntax.OpAlternate)
		}
	case syntax.OpAlternate:
		for i, sub := range re.Sub {
			if i > 0 {
				w.text.WriteByte('|')
			}
			w.write(sub, repeated)
		}
	}
}

func (w *pcreWriter) group(open string, re *syntax.Regexp, repeated bool) {
	w.text.WriteString(open)
	w.write(re, repeated)
	w.text.WriteByte(')')
}

// atom appends a node, in a group where it would otherwise fall apart.
func (w *pcreWriter) atom(re *syntax.Regexp, repeated, grouped bool) {
	if grouped {
		w.group("(?:", re, repeated)
	} else {
		w.write(re, repeated)
	}
}

func (w *pcreWriter) literal(re *syntax.Regexp) {
	if w.stop != 0 && slices.Contains(re.Rune, w.stop) {
		w.text.WriteString(`\z.`)
		return
	}
	quoted := apisix.QuoteRegex(string(re.Rune))
	if re.Flags&syntax.FoldCase != 0 {
		quoted = "(?i:" + quoted + ")"
	}
	w.text.WriteString(quoted)
}

func (w *pcreWriter) repeat(re *syntax.Regexp) {
	sub := re.Sub[0]
	endless := re.Op == syntax.OpStar || re.Op == syntax.OpPlus || re.Op == syntax.OpRepeat && re.Max < 0 && re.Min < 2
	unit := sub.Op == syntax.OpCharClass || sub.Op == syntax.OpCapture || sub.Op == syntax.OpAnyChar ||
		sub.Op == syntax.OpAnyCharNotNL || sub.Op == syntax.OpLiteral && len(string(sub.Rune)) == 1
	w.atom(sub, endless, !unit)
	switch {
	case re.Op == syntax.OpStar:
		w.text.WriteByte('*')
	case re.Op == syntax.OpPlus:
		w.text.WriteByte('+')
	case re.Op == syntax.OpQuest:
		w.text.WriteByte('?')
	case re.Max < 0:
		fmt.Fprintf(&w.text, "{%d,}", re.Min)
	case re.Max == re.Min:
		fmt.Fprintf(&w.text, "{%d}", re.Min)
	default:
		fmt.Fprintf(&w.text, "{%d,%d}", re.Min, re.Max)
	}
	if re.Flags&syntax.NonGreedy != 0 {
		w.text.WriteByte('?')
	}
}

// class appends a character class, given as pairs of first and last rune. One that holds all characters beyond ASCII is
// written negated; RE2's folding adds the Kelvin sign and the long s to k and s, which are left out.
func (w *pcreWriter) class(pairs []rune, repeated bool) {
	if pairs = withoutRune(pairs, w.stop); len(pairs) == 0 {
		w.text.WriteString(`\z.`)
		return
	}
	const kelvin, longS = '\u212a', '\u017f'
	if n := len(pairs); n > 0 && pairs[n-1] == unicode.MaxRune {
		w.single = w.single || !repeated
		w.text.WriteString("[^")
		next := rune(0)
		for i := 0; i < n; i += 2 {
			w.span(next, pairs[i]-1)
			next = pairs[i+1] + 1
		}
		w.text.WriteByte(']')
		return
	}
	w.text.WriteByte('[')
	for i := 0; i < len(pairs); i += 2 {
		if lo, hi := pairs[i], pairs[i+1]; i == 0 || lo != hi || lo != kelvin && lo != longS {
			w.span(lo, hi)
		}
	}
	w.text.WriteByte(']')
}

// span appends the range lo to hi of a class, nothing when it is empty.
func (w *pcreWriter) span(lo, hi rune) {
	if lo > hi {
		return
	}
	w.foreign = w.foreign || hi > unicode.MaxASCII
	w.classRune(lo)
	if hi > lo+1 {
		w.text.WriteByte('-')
	}
	if hi > lo {
		w.classRune(hi)
	}
}

func (w *pcreWriter) classRune(c rune) {
	switch {
	case c < ' ' || c >= unicode.MaxASCII:
		fmt.Fprintf(&w.text, `\x%02x`, c)
	case strings.ContainsRune(`\]^-[${}`, c):
		w.text.WriteByte('\\')
		fallthrough
	default:
		w.text.WriteRune(c)
	}
}

// withoutRune is a class, given as pairs of first and last rune, without one rune; 0 stands for none.
func withoutRune(pairs []rune, c rune) []rune {
	var out []rune
	for i := 0; c != 0 && i < len(pairs); i += 2 {
		lo, hi := pairs[i], pairs[i+1]
		if c < lo || hi < c {
			out = append(out, lo, hi)
			continue
		}
		if lo < c {
			out = append(out, lo, c-1)
		}
		if c < hi {
			out = append(out, c+1, hi)
		}
	}
	if c == 0 {
		return pairs
	}
	return out
}
