package apisix

import (
	"errors"
	"regexp"
	"regexp/syntax"
	"strings"

	"github.com/amesh-render/amesh-render/model"
)

// pattern is a PCRE pattern, as far as Go's regexp can stand in for it.
type pattern struct {
	re      *regexp.Regexp
	whole   bool          // the leftmost match has to be the whole of the subject
	instead model.Verdict // the answer when re is nil
}

var always = pattern{instead: model.Yes}

// compilePattern prepares a pattern. What neither PCRE nor Go compiles never matches: APISIX accepts such a pattern and
// then finds nothing with it. What only PCRE may compile is unknown.
func compilePattern(text string, fold bool) pattern {
	if fold {
		text = "(?i)" + text
	}
	re, err := regexp.Compile(text)
	if err == nil {
		return pattern{re: re}
	}
	var parse *syntax.Error
	if errors.As(err, &parse) && invalidEverywhere[parse.Code] {
		return pattern{instead: model.No}
	}
	return pattern{instead: model.Unknown}
}

// invalidEverywhere are the mistakes that PCRE refuses as Go does. Others, such as look-ahead or possessive repetition,
// are syntax that PCRE has and Go has not.
var invalidEverywhere = map[syntax.ErrorCode]bool{
	syntax.ErrMissingBracket:        true,
	syntax.ErrMissingParen:          true,
	syntax.ErrUnexpectedParen:       true,
	syntax.ErrMissingRepeatArgument: true,
	syntax.ErrInvalidCharRange:      true,
	syntax.ErrTrailingBackslash:     true,
}

func (p pattern) match(s string) model.Verdict {
	switch {
	case p.re == nil:
		return p.instead
	case p.whole:
		at := p.re.FindStringIndex(s)
		return model.Holds(at != nil && at[0] == 0 && at[1] == len(s))
	}
	return model.Holds(p.re.MatchString(s))
}

// segmentPattern is the second look that APISIX takes at a path which was found by the prefix of uri. If a segment of
// uri starts with "*" or ":", the whole path must match uri as a pattern, with such a segment standing for any text, or
// any text but "/". The other segments are not quoted: "/a+b/*" does not match "/a+b/c".
//
// PCRE's JIT compiler runs out of stack for such a pattern when the path has more than 6,399 bytes, and the path then does
// not match (measured); the model does not know that.
func segmentPattern(uri string) pattern {
	if strings.HasSuffix(uri, "/") { // empty segments at the end are one
		uri = strings.TrimRight(uri, "/") + "/"
	}
	segments, wild := strings.Split(uri, "/"), false
	for i, s := range segments {
		switch {
		case strings.HasPrefix(s, "*"):
			segments[i], wild = `(?:.|\n)*`, true
		case strings.HasPrefix(s, ":"):
			segments[i], wild = `[^\/]+`, true
		}
	}
	if !wild {
		return always
	}
	p := compilePattern(strings.Join(segments, `\/`), false)
	p.whole = true
	return p
}
