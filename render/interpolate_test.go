package render

import (
	"regexp"
	"strings"
	"testing"

	"github.com/amesh-render/amesh-render/render/apisix"
)

var variablePattern = regexp.MustCompile(`^\$(?:\{\s*([^}]+?)\s*\}|([\w.]+))`)

// interpolate is APISIX's core.utils.resolve_var: "$name", "${name}" and "${name ?? default}", but after a backslash.
func interpolate(s string, variables map[string]string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		m := variablePattern.FindStringSubmatch(s[i:])
		if m == nil || i > 0 && s[i-1] == '\\' {
			b.WriteByte(s[i])
			i++
			continue
		}
		name, fallback, _ := strings.Cut(m[1]+m[2], "??")
		value, ok := variables[strings.TrimSpace(name)]
		if !ok {
			value = strings.TrimSpace(fallback)
		}
		b.WriteString(value)
		i += len(m[0])
	}
	return b.String()
}

func TestInterpolation(t *testing.T) {
	for _, text := range []string{"", "a", "$", "$$", `\`, `\\`, `\$`, `\\$a`, `a\`, "${a}", "$1${1}", "${{HOME}}", `\${{HOME}}`, "$env://HOME", "}$", "a ?? b"} {
		var i apisix.Interpolation
		i.Text(text)
		i.Variable("a")
		i.Text(text)
		i.VariableOr("b", "c")
		got := interpolate(i.String(), map[string]string{"a": "A", "b": "B"})
		if want := text + "A" + text + "B"; got != want {
			t.Errorf("%q became %q, which stands for %q", text, i.String(), got)
		}
		if strings.Contains(i.String(), "${{") || strings.HasPrefix(i.String(), "$env://") {
			t.Errorf("%q became %q, which APISIX substitutes", text, i.String())
		}
	}
}
