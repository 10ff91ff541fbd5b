package apisix

import "strings"

// literalDollar is a "$" for APISIX's interpolation: the default of a variable that does not exist.
const literalDollar = "${mesh_nil ?? $}"

// Literal returns the plugin string that APISIX turns into s: it interpolates "$name" and "${name}" in the headers of
// proxy-rewrite and response-rewrite, in fault-injection's body and headers, and in hash and limit keys. Nor can the
// result start with "$env://" or "$secret://", which APISIX would look up.
//
// A "$" after a backslash stays as it is: APISIX leaves it alone and keeps the backslash. So do not append the result to
// text that ends in a backslash. redirect.uri and the second element of regex_uri have rules of their own.
func Literal(s string) string {
	if strings.IndexByte(s, '$') < 0 {
		return s
	}
	var b strings.Builder
	for i := range len(s) {
		if s[i] == '$' && (i == 0 || s[i-1] != '\\') {
			b.WriteString(literalDollar)
		} else {
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// QuoteRegex returns a regular expression that matches the literal s, for PCRE as APISIX calls it (bytes, no x flag) and
// for Go's regexp alike. Case-insensitive matching of it differs beyond ASCII, where PCRE then knows no case. NUL, which
// no string of the configuration can hold, becomes \x00; bytes that are not UTF-8, which neither can hold, become U+FFFD.
func QuoteRegex(s string) string {
	if strings.IndexFunc(s, func(r rune) bool { return r == 0 || r == '\ufffd' || isMeta(r) }) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == 0:
			b.WriteString(`\x00`)
			continue
		case isMeta(r):
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// isMeta tells whether PCRE or RE2 gives r a meaning outside of a class, "#" included, which has one under (?x).
func isMeta(r rune) bool { return strings.ContainsRune(`\^$.[]|()?*+{}#`, r) }
