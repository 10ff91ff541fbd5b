package render

import (
	"regexp/syntax"
	"strings"
)

// atBegin reports whether a pattern can match at the beginning of the text only.
func atBegin(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpBeginText:
		return true
	case syntax.OpCapture, syntax.OpConcat:
		return len(re.Sub) > 0 && atBegin(re.Sub[0])
	case syntax.OpAlternate:
		return all(re.Sub, atBegin)
	}
	return false
}

// toEnd reports whether a match goes to the end of the text.
func toEnd(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpEndText:
		return true
	case syntax.OpStar, syntax.OpPlus:
		any := re.Sub[0].Op == syntax.OpAnyChar || re.Sub[0].Op == syntax.OpAnyCharNotNL
		return any && re.Flags&syntax.NonGreedy == 0
	case syntax.OpCapture, syntax.OpConcat:
		return len(re.Sub) > 0 && toEnd(re.Sub[len(re.Sub)-1])
	case syntax.OpAlternate:
		return all(re.Sub, toEnd)
	}
	return false
}

func all(list []*syntax.Regexp, holds func(*syntax.Regexp) bool) bool {
	for _, re := range list {
		if !holds(re) {
			return false
		}
	}
	return true
}

// beginsWithSlash reports whether a path begins with a slash after the first match has been replaced, if that was at the
// beginning of the path.
func beginsWithSlash(substitution string, tree *syntax.Regexp) bool {
	if len(substitution) < 2 || substitution[0] != '\\' {
		return strings.HasPrefix(substitution, "/")
	}
	number := int(substitution[1] - '0')
	if number == 0 {
		return atBegin(tree) || firstIsSlash(tree)
	}
	capture := findCapture(tree, number)
	return capture != nil && (firstIsSlash(capture) || capture == first(tree) && atBegin(tree))
}

// first is the first part of a pattern that stands for characters.
func first(re *syntax.Regexp) *syntax.Regexp {
	if re.Op == syntax.OpConcat {
		for _, sub := range re.Sub {
			if sub.Op != syntax.OpBeginText {
				return sub
			}
		}
	}
	return re
}

// mayBeginWithSlash reports whether a match can begin with a slash, as one at the beginning of a path does.
func mayBeginWithSlash(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpLiteral:
		return len(re.Rune) == 0 || re.Rune[0] == '/'
	case syntax.OpCharClass:
		for i := 0; i < len(re.Rune); i += 2 {
			if re.Rune[i] <= '/' && '/' <= re.Rune[i+1] {
				return true
			}
		}
		return false
	case syntax.OpCapture, syntax.OpPlus:
		return mayBeginWithSlash(re.Sub[0])
	case syntax.OpConcat:
		sub := first(re) // one that may be empty counts as one that may
		return sub == re || mayBeginWithSlash(sub)
	case syntax.OpAlternate:
		return !all(re.Sub, func(sub *syntax.Regexp) bool { return !mayBeginWithSlash(sub) })
	}
	return true
}

// firstIsSlash reports whether all that a pattern matches begins with a slash.
func firstIsSlash(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpLiteral:
		return len(re.Rune) > 0 && re.Rune[0] == '/'
	case syntax.OpCapture, syntax.OpPlus:
		return firstIsSlash(re.Sub[0])
	case syntax.OpConcat:
		sub := first(re)
		return sub != re && firstIsSlash(sub)
	case syntax.OpAlternate:
		return all(re.Sub, firstIsSlash)
	}
	return false
}

func findCapture(re *syntax.Regexp, number int) *syntax.Regexp {
	if re.Op == syntax.OpCapture && re.Cap == number {
		return re
	}
	for _, sub := range re.Sub {
		if found := findCapture(sub, number); found != nil {
			return found
		}
	}
	return nil
}

// expandedSize is about how much PCRE compiles a pattern to: it copies what is repeated.
func expandedSize(re *syntax.Regexp) int {
	size := 4 + len(string(re.Rune))
	for _, sub := range re.Sub {
		size += expandedSize(sub)
	}
	if re.Op == syntax.OpRepeat {
		size *= max(1, re.Min, re.Max)
	}
	return size
}
