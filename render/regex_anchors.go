package render

import (
	"regexp/syntax"
	"slices"
)

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
