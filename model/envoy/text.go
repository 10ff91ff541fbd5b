package envoy

import (
	"fmt"
	"regexp"
	"strings"

	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"

	"github.com/amesh-render/amesh-render/model"
)

// text is a condition on a string, and what it is in words.
type text struct {
	words string
	holds func(string) model.Verdict
}

func unknownText(words string) text {
	return text{words, func(string) model.Verdict { return model.Unknown }}
}

// comparison is one of the simple string comparisons, case-insensitive (for ASCII, as Envoy's are) if fold is set.
func comparison(word, want string, fold bool, compare func(got, want string) bool) text {
	words := fmt.Sprintf("%s %q", word, want)
	if !fold {
		return text{words, func(s string) model.Verdict { return model.Holds(compare(s, want)) }}
	}
	want = foldASCII(want)
	return text{words + ", whatever the case", func(s string) model.Verdict {
		return model.Holds(compare(foldASCII(s), want))
	}}
}

func equal(got, want string) bool { return got == want }

// newText prepares a StringMatcher. ignore_case does not apply to regular expressions.
func newText(m *matcherv3.StringMatcher) text {
	fold := m.GetIgnoreCase()
	switch pattern := m.GetMatchPattern().(type) {
	case *matcherv3.StringMatcher_Exact:
		return comparison("exact", pattern.Exact, fold, equal)
	case *matcherv3.StringMatcher_Prefix:
		return comparison("prefix", pattern.Prefix, fold, strings.HasPrefix)
	case *matcherv3.StringMatcher_Suffix:
		return comparison("suffix", pattern.Suffix, fold, strings.HasSuffix)
	case *matcherv3.StringMatcher_Contains:
		return comparison("contains", pattern.Contains, fold, strings.Contains)
	case *matcherv3.StringMatcher_SafeRegex:
		return fullMatch(pattern.SafeRegex.GetRegex())
	}
	return unknownText("a string matcher that is not modelled")
}

// fullMatch is a regular expression that has to match the whole string. Go's regexp and Envoy's RE2 share their syntax;
// they differ in bytes that are not UTF-8, which "." does not match in RE2.
func fullMatch(pattern string) text {
	words := fmt.Sprintf("safe_regex %q", pattern)
	if _, err := regexp.Compile(pattern); err != nil {
		return unknownText(words + ", which Envoy refuses: " + err.Error())
	}
	re, err := regexp.Compile(`\A(?:` + pattern + `)\z`)
	if err != nil {
		return unknownText(words + ": " + err.Error())
	}
	return text{words, func(s string) model.Verdict { return model.Holds(re.MatchString(s)) }}
}

// foldASCII is s with the letters A to Z made lower case.
func foldASCII(s string) string {
	for i := 0; i < len(s); i++ {
		if lower(s[i]) != s[i] {
			b := []byte(s)
			for j := i; j < len(b); j++ {
				b[j] = lower(b[j])
			}
			return string(b)
		}
	}
	return s
}
