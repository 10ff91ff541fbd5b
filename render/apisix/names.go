package apisix

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Name returns s as a name or a desc may hold it: NUL and bytes that are not UTF-8 become U+FFFD, and the rest after
// MaxText characters is cut. The empty string stays empty, which leaves the field out.
func Name(s string) string { return cutText(cleanText(s), MaxText) }

// LabelValue returns s as the value of a label: as [Name], with "_" for each white-space character, because APISIX drops an
// object that has one there. The empty string stays empty: leave such a label out, APISIX drops the object for it too.
func LabelValue(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return '_'
		}
		return r
	}, Name(s))
}

// cutText cuts s to at most n characters.
func cutText(s string, n int) string {
	if len(s) <= n || utf8.RuneCountInString(s) <= n {
		return s
	}
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}
