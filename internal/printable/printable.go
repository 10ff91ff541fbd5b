// Package printable makes texts safe to show: files, names and values of others may hold sequences that play tricks on a
// terminal.
package printable

import (
	"strings"
	"unicode"
)

// Line is s with a mark for each character that cannot be printed, line breaks and tabs among them.
func Line(s string) string { return replace(s, func(r rune) bool { return !unicode.IsPrint(r) }) }

// Text is s with a mark for each character that cannot be printed, but for line breaks and tabs.
func Text(s string) string {
	return replace(s, func(r rune) bool { return !unicode.IsPrint(r) && r != '\n' && r != '\t' })
}

func replace(s string, bad func(rune) bool) string {
	return strings.Map(func(r rune) rune {
		if bad(r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}
