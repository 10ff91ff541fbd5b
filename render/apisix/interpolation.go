package apisix

import "strings"

// An Interpolation is a plugin string in the making of those that APISIX interpolates as Literal says: literal text and
// variables. The zero value is empty.
type Interpolation struct{ b strings.Builder }

// literalBackslash is a backslash that does not keep APISIX from interpolating what comes after it.
const literalBackslash = `${mesh_nil ?? \}`

// Text appends text that stands for itself. APISIX takes a backslash before "$" for an escape, and leaves both as they
// are: backslashes that may come before one are the defaults of variables, as "$" is.
func (t *Interpolation) Text(s string) {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '$':
			t.b.WriteString(literalDollar)
		case '\\':
			end := i
			for end < len(s) && s[end] == '\\' {
				end++
			}
			t.backslashes(end-i, end < len(s) && s[end] != '$')
			i = end - 1
		default:
			t.b.WriteByte(s[i])
		}
	}
}

// backslashes appends some of them, harmless when what comes next is no "$".
func (t *Interpolation) backslashes(n int, harmless bool) {
	one := literalBackslash
	if harmless {
		one = `\`
	}
	t.b.WriteString(strings.Repeat(one, n))
}

// Variable appends the value of a variable, nothing when it has none.
func (t *Interpolation) Variable(name string) { t.b.WriteString("${" + name + "}") }

// VariableOr appends the value of a variable, or text when it has none. The text must be fit for that; see IsDefault.
func (t *Interpolation) VariableOr(name, text string) {
	t.b.WriteString("${" + name + " ?? " + text + "}")
}

// String is the plugin string.
func (t *Interpolation) String() string { return t.b.String() }

// IsDefault reports whether a text can stand as the default of a variable: APISIX ends it at "}", splits it at "??",
// trims it, and looks for captures in it.
func IsDefault(text string) bool {
	return text != "" && strings.TrimSpace(text) == text && !strings.ContainsAny(text, "}$") && !strings.Contains(text, "??")
}

// ReplacementText returns the part of a replacement of regex_uri that stands for s.
func ReplacementText(s string) string { return strings.ReplaceAll(s, "$", "$$") }
