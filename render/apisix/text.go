package apisix

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Every string is written double-quoted, in a form that JSON and YAML 1.1 read alike and that none of APISIX's readers
// stumbles over. The rules, each with the reader that asks for it:
//
//   - APISIX 3.17 and later replace ${{NAME}} in the raw text of apisix.yaml before they parse it, and refuse the whole
//     file when NAME is not set: a '$' before "{{" becomes \u0024.
//   - libyaml refuses raw control characters, DEL, C1, U+FFFE and U+FFFF, and takes U+0085, U+2028 and U+2029 for line
//     breaks: all become \uXXXX, as does U+FEFF, which some readers drop.
//   - libyaml refuses escaped surrogate pairs: characters beyond U+FFFF stay raw.
//   - lyaml cuts a string at a NUL however it is written, and refuses bytes that are not UTF-8: both become U+FFFD.
//     This is the last line of defence; [Config.Validate] reports them.

// plain tells for each byte whether it can be copied as it is.
var plain = func() (t [256]bool) {
	for c := ' '; c < 0x7f; c++ {
		t[c] = c != '"' && c != '\\' && c != '$'
	}
	return t
}()

const hexDigits = "0123456789abcdef"

// appendString appends s double-quoted.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		if plain[s[i]] {
			i++
			continue
		}
		dst = append(dst, s[start:i]...)
		n := 1
		if s[i] < utf8.RuneSelf {
			dst = appendASCII(dst, s[i], strings.HasPrefix(s[i+1:], "{{"))
		} else {
			var r rune
			r, n = utf8.DecodeRuneInString(s[i:])
			dst = appendRune(dst, r)
		}
		i += n
		start = i
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

// appendASCII appends the byte c, one of those that are not plain; braces tells whether "{{" follows it.
func appendASCII(dst []byte, c byte, braces bool) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, `\n`...)
	case '\t':
		return append(dst, `\t`...)
	case '\r':
		return append(dst, `\r`...)
	case 0:
		return utf8.AppendRune(dst, utf8.RuneError)
	case '$':
		if !braces {
			return append(dst, c)
		}
	}
	return appendEscape(dst, rune(c))
}

// appendRune appends r, a rune beyond ASCII or utf8.RuneError for a byte that is not UTF-8.
func appendRune(dst []byte, r rune) []byte {
	switch {
	case r < 0xa0, r == '\u2028', r == '\u2029', r == '\ufeff', r == '\ufffe', r == '\uffff':
		return appendEscape(dst, r)
	}
	return utf8.AppendRune(dst, r)
}

func appendEscape(dst []byte, r rune) []byte {
	return append(dst, '\\', 'u', hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
}

// cleanText replaces what no reader keeps, NUL and bytes that are not UTF-8, by U+FFFD.
func cleanText(s string) string {
	if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 {
		return s
	}
	return strings.Map(func(r rune) rune {
		if r == 0 {
			return utf8.RuneError
		}
		return r
	}, s)
}

// mergeKey is YAML's merge key. lyaml obeys it even when it is quoted or escaped.
const mergeKey = "<<"

// cleanKey makes s a key that every reader keeps. libyaml reads no key of more than MaxKey characters, quotes and escapes
// included; a longer one is cut to where six characters for each byte would still fit.
func cleanKey(s string) string {
	s = cleanText(s)
	if s == mergeKey {
		return "\ufffd\ufffd"
	}
	if keyTooLong(s) {
		return cutBytes(s, MaxKey/6)
	}
	return s
}

func keyTooLong(s string) bool {
	return len(s) > MaxKey/6-1 && len(appendString(nil, s)) > MaxKey
}

// cutBytes cuts valid UTF-8 to at most n bytes between two characters.
func cutBytes(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// appendFloat appends the shortest text that reads back as x. YAML 1.1 asks for a point and a signed exponent, JSON for a
// digit on both sides of the point: 1.0e+21. NaN and the infinities have no JSON and become 0; [Config.Validate] reports
// them.
func appendFloat(dst []byte, x float64) []byte {
	if x == 0 || math.IsNaN(x) || math.IsInf(x, 0) {
		return append(dst, '0')
	}
	if abs := math.Abs(x); abs >= 1e-6 && abs < 1e21 {
		return strconv.AppendFloat(dst, x, 'f', -1, 64)
	}
	var scratch [32]byte
	mantissa, exponent, _ := strings.Cut(string(strconv.AppendFloat(scratch[:0], x, 'e', -1, 64)), "e")
	dst = append(dst, mantissa...)
	if !strings.Contains(mantissa, ".") {
		dst = append(dst, ".0"...)
	}
	return append(append(dst, 'e'), exponent...)
}
