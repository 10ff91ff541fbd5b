// Package backtrack judges what a regular expression may cost a matcher that backtracks, as PCRE does. APISIX lets PCRE
// take 100,000 steps and then takes the value for one that does not match: harmless where a match is needed to let a
// request pass, but not where it refuses.
//
// It looks at the syntax trees of package regexp/syntax, and is a judgement, not a proof.
package backtrack

import (
	"regexp/syntax"
	"slices"
	"unicode"
)

// Choices counts the repetitions of an expression after which a matcher may have to come back to try fewer: with two of
// them the steps grow with the square of the length. Next is what follows the expression.
func Choices(re *syntax.Regexp, next []*syntax.Regexp) int {
	n := 0
	switch {
	case re.Op == syntax.OpConcat:
		for i, sub := range re.Sub {
			n += Choices(sub, slices.Concat(re.Sub[i+1:], next))
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
		n += Choices(sub, next)
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

// Nests reports whether a repetition stands within another: what may make a matcher run away. Within says that re itself
// stands within one.
func Nests(re *syntax.Regexp, within bool) bool {
	repeat := re.Op == syntax.OpStar || re.Op == syntax.OpPlus || re.Op == syntax.OpRepeat && re.Max != re.Min
	if repeat && within {
		return true
	}
	for _, sub := range re.Sub {
		if Nests(sub, within || repeat) {
			return true
		}
	}
	return false
}

// RunsAway reports whether there are texts on which the steps double with every character or so: whether within a
// repetition without limit, what one part takes another turn could take as well, so that a text falls apart in ever so
// many ways. (a+)*, (\w+\s?)* and (a|a?b?)* do, (/[^/]+)* does not.
func RunsAway(re *syntax.Regexp) bool {
	if unlimited(re) && restless(re.Sub[0], []*syntax.Regexp{re.Sub[0]}) {
		return true
	}
	return slices.ContainsFunc(re.Sub, RunsAway)
}

// restless reports whether a repetition in re, which itself is repeated, may end at several places of a text and the
// matcher go on in each case; next is what follows re, up to the start of its next turn.
func restless(re *syntax.Regexp, next []*syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpConcat:
		for i, sub := range re.Sub {
			if restless(sub, slices.Concat(re.Sub[i+1:], next)) {
				return true
			}
		}
		return false
	case syntax.OpStar, syntax.OpPlus, syntax.OpQuest, syntax.OpRepeat, syntax.OpAlternate:
		taken, empty := first(re)
		if re.Op == syntax.OpRepeat && re.Max == re.Min || re.Op == syntax.OpAlternate && !empty {
			break
		}
		for _, follow := range next {
			first, empty := firsts([]*syntax.Regexp{follow})
			if overlap(taken, first) {
				return true
			}
			if !empty {
				break
			}
		}
	}
	for _, sub := range re.Sub {
		if restless(sub, next) {
			return true
		}
	}
	return false
}

// firsts are the characters with which a match of the expressions, one after the other, may begin, as pairs of first and
// last rune, and whether they match nothing at all, too.
func firsts(list []*syntax.Regexp) (pairs []rune, empty bool) {
	for _, re := range list {
		more, nothing := first(re)
		pairs = append(pairs, more...)
		if !nothing {
			return pairs, false
		}
	}
	return pairs, true
}

func first(re *syntax.Regexp) (pairs []rune, empty bool) {
	switch re.Op {
	case syntax.OpLiteral:
		pairs = []rune{re.Rune[0], re.Rune[0]}
		for c := unicode.SimpleFold(re.Rune[0]); re.Flags&syntax.FoldCase != 0 && c != re.Rune[0]; c = unicode.SimpleFold(c) {
			pairs = append(pairs, c, c)
		}
		return pairs, false
	case syntax.OpCharClass:
		return re.Rune, false
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return []rune{0, unicode.MaxRune}, false
	case syntax.OpCapture, syntax.OpPlus:
		return firsts(re.Sub)
	case syntax.OpStar, syntax.OpQuest:
		pairs, _ = firsts(re.Sub)
		return pairs, true
	case syntax.OpRepeat:
		pairs, empty = firsts(re.Sub)
		return pairs, empty || re.Min == 0
	case syntax.OpConcat:
		return firsts(re.Sub)
	case syntax.OpAlternate:
		for _, sub := range re.Sub {
			more, nothing := first(sub)
			pairs, empty = append(pairs, more...), empty || nothing
		}
		return pairs, empty
	}
	return nil, re.Op != syntax.OpNoMatch
}
