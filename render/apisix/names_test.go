package apisix_test

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/amesh-render/amesh-render/render/apisix"
)

func TestID(t *testing.T) {
	for _, tt := range []struct{ name, readable, identity, want string }{
		{"cluster", "outbound|9080|v1|reviews.default.svc.cluster.local", "x", "outbound-9080-v1-reviews.default.svc.cluster.local-5lohcgln4q"},
		{"nothing readable", "", "x", "5lohcgln4q"},
		{"nothing that fits", "日本|||", "x", "5lohcgln4q"},
		{"runs", "|a||b__c--d|", "x", "a-b__c-d-5lohcgln4q"},
		{"no dot before the hash", "reviews.", "x", "reviews-5lohcgln4q"},
		{"cut", strings.Repeat("abc|", 30), "x", strings.Repeat("abc-", 13) + "a-5lohcgln4q"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := apisix.ID(tt.readable, tt.identity); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
	if apisix.ID("a", "1") == apisix.ID("a", "2") {
		t.Error("two identities have one id")
	}
}

func FuzzID(f *testing.F) {
	f.Add("outbound|80||x", "y")
	f.Add("", "")
	f.Add(strings.Repeat("-.", 60), "\xff")
	valid := regexp.MustCompile(`^[a-zA-Z0-9-_.]{1,64}$`)
	f.Fuzz(func(t *testing.T, readable, identity string) {
		if id := apisix.ID(readable, identity); !valid.MatchString(id) {
			t.Errorf("got %q", id)
		}
	})
}

func TestName(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"empty", "", ""},
		{"as it is", "outbound|80||x ${{HOME}} \n\x7f", "outbound|80||x ${{HOME}} \n\x7f"},
		{"NUL and bytes", "a\x00b\xff\xfe", "a\ufffdb\ufffd\ufffd"},
		{"256 characters", strings.Repeat("é", 256), strings.Repeat("é", 256)},
		{"257 characters", strings.Repeat("é", 257), strings.Repeat("é", 256)},
		{"257 bytes", strings.Repeat("a", 257), strings.Repeat("a", 256)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := apisix.Name(tt.in); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// Whatever goes in, the name and the label are such as APISIX takes.
func FuzzName(f *testing.F) {
	for _, s := range nasty() {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c := simple()
		c.Routes[0].Name, c.Routes[0].Desc = apisix.Name(s), apisix.Name(s)
		if value := apisix.LabelValue(s); value != "" {
			c.Routes[0].Labels["k"] = value
		} else if s != "" {
			t.Errorf("the label of %q is empty", s)
		}
		for _, p := range c.Validate(apisix.Block) {
			t.Errorf("%q: %v", s, p)
		}
	})
}

func TestLabelValue(t *testing.T) {
	for in, want := range map[string]string{
		"":                       "",
		"/apis/x/ns/y":           "/apis/x/ns/y",
		"a b\tc\nd\u00a0e\u0085": "a_b_c_d_e_",
		"\x00":                   "\ufffd",
		strings.Repeat(" ", 300): strings.Repeat("_", 256),
	} {
		if got := apisix.LabelValue(in); got != want {
			t.Errorf("LabelValue(%q): got %q, want %q", in, got, want)
		}
	}
}

func TestLiteral(t *testing.T) {
	const dollar = "${mesh_nil ?? $}"
	for in, want := range map[string]string{
		"":             "",
		"plain":        "plain",
		"$host":        dollar + "host",
		"${host}":      dollar + "{host}",
		"a$1b$":        "a" + dollar + "1b" + dollar,
		"$$x":          dollar + dollar + "x",
		"$env://HOME":  dollar + "env://HOME",
		"$SECRET://x":  dollar + "SECRET://x",
		"${{HOME}}":    dollar + "{{HOME}}",
		`\$host`:       `\$host`,
		`\\$host $x`:   `\\$host ` + dollar + `x`,
		"\xff$\u00e9$": "\xff" + dollar + "é" + dollar,
	} {
		if got := apisix.Literal(in); got != want {
			t.Errorf("Literal(%q): got %q, want %q", in, got, want)
		}
	}
}

// interpolate is APISIX's: every $name or ${name} without a backslash before it becomes a variable's value, or what
// follows ?? when there is no such variable.
func interpolate(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		m := variable.FindStringSubmatch(s[i:])
		if m == nil || i > 0 && s[i-1] == '\\' {
			b.WriteByte(s[i])
			i++
			continue
		}
		if _, alternative, ok := strings.Cut(m[1], " ?? "); ok {
			b.WriteString(alternative)
		}
		i += len(m[0])
	}
	return b.String()
}

var variable = regexp.MustCompile(`^\$(?:\{\s*([^}]+?)\s*\}|[\w.]+)`)

func FuzzLiteral(f *testing.F) {
	for _, s := range nasty() {
		f.Add(s)
	}
	f.Add(`a\$b$c\\$d${e}$$f`)
	f.Fuzz(func(t *testing.T, s string) {
		got := apisix.Literal(s)
		if interpolate(got) != s {
			t.Errorf("APISIX makes %q of %q, want %q", interpolate(got), got, s)
		}
		c := simple()
		c.Routes[0].Plugins.FaultInjection.Abort.Body = got
		for _, p := range c.Validate(apisix.Block) {
			if utf8.ValidString(s) && !strings.Contains(s, "\x00") {
				t.Errorf("%q: %v", got, p)
			}
		}
	})
}

func FuzzQuoteRegex(f *testing.F) {
	for _, s := range nasty() {
		if len(s) < 100 {
			f.Add(s, "x")
		}
	}
	f.Add(`/a.b/(c)[d]{2}^$|?*+\#-`, "/aXb/c")
	f.Fuzz(func(t *testing.T, s, other string) {
		quoted := apisix.QuoteRegex(s)
		if strings.Contains(quoted, "${{") || strings.Contains(quoted, "\x00") || !utf8.ValidString(quoted) {
			t.Errorf("%q quotes as %q", s, quoted)
		}
		re, err := regexp.Compile(`\A(?s:` + quoted + `)\z`)
		if err != nil {
			t.Fatal(err)
		}
		s = strings.Map(func(r rune) rune { return r }, s)
		if !re.MatchString(s) {
			t.Errorf("%q does not match %q", quoted, s)
		}
		if other != s && utf8.ValidString(other) && re.MatchString(other) {
			t.Errorf("%q matches %q too", quoted, other)
		}
	})
}
