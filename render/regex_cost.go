package render

import (
	"regexp/syntax"
	"slices"
)

// What a regular expression may cost a matcher that backtracks. APISIX lets PCRE take 100,000 steps and then takes the
// value for one that does not match: harmless where a match is needed to let a request pass, but not where it refuses.

// choices counts the repetitions of an expression after which a matcher may have to come back to try fewer: with two of
// them the steps grow with the square of the length. Next is what follows the expression.
func choices(re *syntax.Regexp, next []*syntax.Regexp) int {
	n := 0
	switch {
	case re.Op == syntax.OpConcat:
		for i, sub := range re.Sub {
			n += choices(sub, slices.Concat(re.Sub[i+1:], next))
		}
		return n
	case unlimited(re) && singleClass(re.Sub[0]) == nil:
		n++ // what is repeated has lengths of its own
		fallthrough
	case unlimited(re):
		if !settled(re, next) {
			n++
		}
	}
	for _, sub := range re.Sub {
		n += choices(sub, next)
	}
	return n
}

// unlimited reports whether re is a repetition of which the number is not nearly given.
func unlimited(re *syntax.Regexp) bool {
	const few = 20
	switch re.Op {
	case syntax.OpStar, syntax.OpPlus:
		return true
	case syntax.OpRepeat:
		return re.Max < 0 || re.Max-re.Min > few
	}
	return false
}

// settled reports whether a repetition has only one length that can do: what follows begins with a character that it
// cannot take itself, or nothing follows.
func settled(repeat *syntax.Regexp, next []*syntax.Regexp) bool {
	if len(next) == 0 {
		return true
	}
	taken := singleClass(repeat.Sub[0])
	follow := next[0]
	for follow.Op == syntax.OpCapture || follow.Op == syntax.OpPlus || follow.Op == syntax.OpConcat {
		follow = follow.Sub[0]
	}
	var first []rune
	switch follow.Op {
	case syntax.OpLiteral:
		if follow.Flags&syntax.FoldCase == 0 {
			first = []rune{follow.Rune[0], follow.Rune[0]}
		}
	case syntax.OpCharClass:
		first = follow.Rune
	case syntax.OpEndText:
		return true
	}
	return taken != nil && first != nil && !overlap(taken, first)
}

// singleClass is the class of an expression that takes one character, as pairs of first and last rune; nil for others.
func singleClass(re *syntax.Regexp) []rune {
	switch re.Op {
	case syntax.OpCapture:
		return singleClass(re.Sub[0])
	case syntax.OpCharClass:
		return re.Rune
	case syntax.OpLiteral:
		if len(re.Rune) == 1 && re.Flags&syntax.FoldCase == 0 {
			return []rune{re.Rune[0], re.Rune[0]}
		}
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return []rune{0, 0x10ffff}
	}
	return nil
}

func overlap(a, b []rune) bool {
	for i := 0; i < len(a); i += 2 {
		for j := 0; j < len(b); j += 2 {
			if a[i] <= b[j+1] && b[j] <= a[i+1] {
				return true
			}
		}
	}
	return false
}

// withoutAnchors is an expression that must match a whole value, without the anchors at its ends that say so.
func withoutAnchors(re *syntax.Regexp) *syntax.Regexp {
	if re.Op != syntax.OpConcat {
		return re
	}
	out := *re
	if len(out.Sub) > 0 && out.Sub[0].Op == syntax.OpBeginText {
		out.Sub = out.Sub[1:]
	}
	if n := len(out.Sub); n > 0 && out.Sub[n-1].Op == syntax.OpEndText {
		out.Sub = out.Sub[:n-1]
	}
	return &out
}

// anchored reports whether an expression has an anchor or a word boundary.
func anchored(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText, syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return true
	}
	return slices.ContainsFunc(re.Sub, anchored)
}
