package envoy

import (
	"fmt"
	"strings"
)

// unescapeSlashes decodes %2F and %5C in the path, and says whether there was one.
func unescapeSlashes(target string) (string, bool) {
	path, query := splitQuery(target)
	decoded := strings.NewReplacer("%2F", "/", "%2f", "/", "%5C", `\`, "%5c", `\`).Replace(path)
	return decoded + query, decoded != path
}

// mergeSlashes makes one slash of several in the path.
func mergeSlashes(target string) string {
	path, query := splitQuery(target)
	for strings.Contains(path, "//") {
		path = strings.ReplaceAll(path, "//", "/")
	}
	return path + query
}

// splitQuery splits target before its first "?".
func splitQuery(target string) (path, query string) {
	if i := strings.IndexByte(target, '?'); i >= 0 {
		return target[:i], target[i:]
	}
	return target, ""
}

// canonical is normalize_path: the path as Chromium's URL library writes it. A backslash becomes a slash, escaped
// unreserved characters are decoded, other escapes stay as they are (also in the case of their digits), characters that
// have no place in a path are escaped, and dot segments, escaped ones included, are removed; ".." at the root stays
// there. It is false for a path with a NUL, which Envoy refuses.
func canonical(target string) (string, bool) {
	path, query := splitQuery(target)
	decoded, ok := decodeUnreserved(path)
	if !ok {
		return "", false
	}
	segments := strings.Split(decoded, "/")
	out := segments[:1]
	for i, s := range segments[1:] {
		last := i == len(segments)-2
		switch s {
		case ".", "..":
			if s == ".." && len(out) > 1 {
				out = out[:len(out)-1]
			}
			if last {
				out = append(out, "")
			}
		default:
			out = append(out, s)
		}
	}
	return strings.Join(out, "/") + query, true
}

// decodeUnreserved decodes and encodes single characters for canonical. Dot segments cannot hide in its result: "%2e"
// is ".", and "\" is "/".
func decodeUnreserved(path string) (string, bool) {
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		switch c := path[i]; {
		case c == '\\':
			b.WriteByte('/')
		case c == '%':
			value, ok := unhex(path[i+1:])
			if ok && value == 0 {
				return "", false
			}
			if ok && unreserved(value) {
				b.WriteByte(value)
				i += 2
			} else {
				b.WriteByte('%')
			}
		case c == 0:
			return "", false
		case c <= ' ' || c >= 0x7f || strings.IndexByte("\"#<>?`{}", c) >= 0:
			fmt.Fprintf(&b, "%%%02X", c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), true
}

func unreserved(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~", c) >= 0
}

// unhex is the value of the two hexadecimal digits at the start of s.
func unhex(s string) (byte, bool) {
	if len(s) < 2 {
		return 0, false
	}
	high, low := strings.IndexByte(digits, lower(s[0])), strings.IndexByte(digits, lower(s[1]))
	return byte(high<<4 | low), high >= 0 && low >= 0
}

const digits = "0123456789abcdef"

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
