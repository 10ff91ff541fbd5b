package cmd

import (
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

func TestOverride(t *testing.T) {
	const base = "# head\napisix:\n  # why\n  a: 1\n  m: {x: 1, y: 2}\n  l: [1, 2]\n"
	for _, tc := range []struct {
		set  string
		want string // of section apisix, as YAML
	}{
		{"apisix.a=2", "{a: 2, m: {x: 1, y: 2}, l: [1, 2]}"},
		{"apisix.a=true", "{a: true, m: {x: 1, y: 2}, l: [1, 2]}"},
		{"apisix.a=on", `{a: "on", m: {x: 1, y: 2}, l: [1, 2]}`},
		{"apisix.a=", `{a: "", m: {x: 1, y: 2}, l: [1, 2]}`},
		{"apisix.a=b=c", `{a: "b=c", m: {x: 1, y: 2}, l: [1, 2]}`},
		{"apisix.a='2'", `{a: "2", m: {x: 1, y: 2}, l: [1, 2]}`},
		{"apisix.a=null", "{m: {x: 1, y: 2}, l: [1, 2]}"},
		{"apisix.none=null", "{a: 1, m: {x: 1, y: 2}, l: [1, 2]}"},
		{"apisix.no.ne=null", "{a: 1, m: {x: 1, y: 2}, l: [1, 2]}"},
		{"apisix.m.x=null", "{a: 1, m: {y: 2}, l: [1, 2]}"},
		{"apisix.m={x: null, z: 3}", "{a: 1, m: {y: 2, z: 3}, l: [1, 2]}"},
		{"apisix.l=[3, off]", `{a: 1, m: {x: 1, y: 2}, l: [3, "off"]}`},
		{"apisix.new.deep=1.5", "{a: 1, m: {x: 1, y: 2}, l: [1, 2], new: {deep: 1.5}}"},
		{`apisix.m.service\.name=x`, `{a: 1, m: {x: 1, y: 2, service.name: x}, l: [1, 2]}`},
	} {
		var warnings strings.Builder
		text, err := override([]byte(base), []string{tc.set}, &warnings)
		if err != nil {
			t.Errorf("%s: %v", tc.set, err)
			continue
		}
		var got struct{ Apisix any }
		var want any
		if err := yaml.Unmarshal(text, &got); err != nil {
			t.Fatal(err)
		}
		if err := yaml.Unmarshal([]byte(tc.want), &want); err != nil {
			t.Fatal(err)
		}
		if a, b := marshal(t, got.Apisix), marshal(t, want); a != b {
			t.Errorf("%s: got\n%swant\n%s", tc.set, a, b)
		}
		if !strings.HasPrefix(string(text), "# head\n") || strings.Contains(warnings.String(), "warning") {
			t.Errorf("%s: lost a comment, or warned: %s%s", tc.set, text, &warnings)
		}
	}
}

func marshal(t *testing.T, v any) string {
	t.Helper()
	text, err := yaml.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// APISIX reads YAML 1.1, where these are other things than strings.
func TestOverrideQuotesStrings(t *testing.T) {
	for _, value := range []string{"on", "yes", "No", "0:90", "1_000", "0b1", "~x", "_1", "2001-01-01", "a: b"[:1]} {
		text, err := override([]byte("apisix: {}\n"), []string{"apisix.a=" + value}, new(strings.Builder))
		if err != nil {
			t.Errorf("%s: %v", value, err)
			continue
		}
		var number yaml.Node
		if err := yaml.Unmarshal([]byte(value), &number); err != nil {
			t.Fatal(err)
		}
		if number.Content[0].Tag == "!!int" { // by yaml.v3; in plain digits for APISIX
			continue
		}
		if !strings.Contains(string(text), `a: "`+value+`"`) {
			t.Errorf("%s: not quoted: %s", value, text)
		}
	}
}

func TestOverrideRefuses(t *testing.T) {
	for set, want := range map[string]string{
		"apisix":        "KEY=VALUE",
		"=1":            "empty",
		"apisix..a=1":   "empty",
		"apisix.a.b=1":  "a has no keys",
		"apisix.a=[":    "not YAML",
		"apisix.a=&x 1": "anchors",
		"apisix.a=*x":   "not YAML",
	} {
		if _, err := override([]byte("apisix: {a: 1}\n"), []string{set}, new(strings.Builder)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want an error about %q", set, err, want)
		}
	}
}

func TestOverrideWarns(t *testing.T) {
	var warnings strings.Builder
	if _, err := override([]byte("apisix: {}\n"), []string{"apsix.a=1"}, &warnings); err != nil {
		t.Fatal(err)
	}
	if want := `no section "apsix"; did you mean "apisix"?`; !strings.Contains(warnings.String(), want) {
		t.Errorf("got %q, want %q", warnings.String(), want)
	}
}
