package apisix_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// What the read-back tests write, and how they read it: as trees of maps, lists, strings and float64s.

// nasty are strings that some reader of APISIX, or some writer that it was tried with, gets wrong.
func nasty() []string {
	xs := []string{
		"", " ", "${{HOME}}", "$${{HOME:=x}}", "${", "$", "${{", "${ {", "$ENV://PATH", "$secret://x", "_1", "_1.5", "0x1.8", "0:90", "1e3",
		"<<", "yes", "no", "on", "y", "null", "~", "true", ".nan", "=", "\"\n", "'", `\`, `\\"`, `\u0024`, "a\nb\r\n\tc", " lead and trail ",
		"#END", "\n#END\n", "# x", "a: b", "- a", "{a}", "[a]", "&a *b !c %d @e `f", "---", "...", "?", "ünïcödé", "日本語",
		"😀", "\U0010ffff", "\U0001fffe", "\u0085", "\u00a0", "\u2028", "\u2029", "\ufeff", "a\ufeffb", "\ufffd", "\ufffe", "\uffff", "\ufdd0", "\ue000",
		"\x7f", "\xff", "a\xc3", "\xed\xa0\x80", "\xed\xb0\x80x", "\xc0\x80", strings.Repeat("a", 100_000), strings.Repeat("é\"", 2_000),
	}
	for c := range rune(0xa0) {
		if c < ' ' || c >= 0x7f {
			xs = append(xs, fmt.Sprintf("c%cd", c))
		}
	}
	return xs
}

// fill returns a configuration that APISIX's types allow, with s in every string, key as a label's key, and the numbers.
func fill(s, key string, i int, x float64) *apisix.Config {
	c := everything()
	fillStrings(reflect.ValueOf(c).Elem(), s)
	for _, r := range c.Routes {
		r.Labels = map[string]string{key: s, "other": "x"}
		r.Priority = i
	}
	c.Routes[1].Timeout = &apisix.Timeout{Connect: x, Send: -x, Read: x / 3}
	c.Routes[1].Vars = []apisix.Expr{
		apisix.Compare(s, apisix.OpEqual, s),
		apisix.Or(apisix.Compare("n", apisix.OpLess, x), apisix.Not(apisix.Compare(key, s, []any{s, i, x, true}))),
		apisix.Compare("any", apisix.OpHas, map[string]any{key: []any{s, map[string]any{}, []any{[]any{}}}, "x": x}),
	}
	return c
}

func fillStrings(v reflect.Value, s string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(s)
	case reflect.Pointer:
		if !v.IsNil() {
			fillStrings(v.Elem(), s)
		}
	case reflect.Slice:
		for i := range v.Len() {
			fillStrings(v.Index(i), s)
		}
	case reflect.Struct:
		if v.Type() != reflect.TypeFor[apisix.Expr]() {
			for i := range v.NumField() {
				fillStrings(v.Field(i), s)
			}
		}
	}
}

// wanted is the tree that readers must find: encoding/json's, which knows nothing of our encoder but for expressions,
// with what no reader keeps replaced.
func wanted(t *testing.T, c *apisix.Config) any {
	t.Helper()
	c = &apisix.Config{Routes: slices.Clone(c.Routes), Upstreams: slices.Clone(c.Upstreams)}
	slices.SortStableFunc(c.Routes, func(a, b *apisix.Route) int { return strings.Compare(a.ID, b.ID) })
	slices.SortStableFunc(c.Upstreams, func(a, b *apisix.Upstream) int { return strings.Compare(a.ID, b.ID) })
	data, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	tree := readJSON(t, data)
	for _, u := range tree.(map[string]any)["upstreams"].([]any) {
		if u := u.(map[string]any); u["nodes"] == nil {
			u["nodes"] = []any{}
		}
	}
	return replaceNUL(tree)
}

func replaceNUL(v any) any {
	switch v := v.(type) {
	case string:
		return strings.ReplaceAll(v, "\x00", "\ufffd")
	case []any:
		for i := range v {
			v[i] = replaceNUL(v[i])
		}
	case map[string]any:
		clean := map[string]any{}
		for k, x := range v {
			clean[strings.ReplaceAll(k, "\x00", "\ufffd")] = replaceNUL(x)
		}
		return clean
	}
	return v
}

func readJSON(t *testing.T, data []byte) any {
	t.Helper()
	var tree any
	if err := json.Unmarshal(data, &tree); err != nil {
		t.Fatalf("encoding/json: %v in\n%s", err, data)
	}
	return tree
}

func readYAML(t *testing.T, data []byte) any {
	t.Helper()
	var tree any
	if err := yaml.Unmarshal(data, &tree); err != nil {
		t.Fatalf("yaml.v3: %v in\n%s", err, data)
	}
	return floats(tree)
}

// floats makes every number a float64, as it is in JSON and in Lua.
func floats(v any) any {
	switch v := v.(type) {
	case int:
		return float64(v)
	case uint64:
		return float64(v)
	case []any:
		for i := range v {
			v[i] = floats(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = floats(v[k])
		}
	}
	return v
}

func withoutComments(data []byte) []byte {
	var out []byte
	for line := range bytes.Lines(data) {
		if !bytes.HasPrefix(line, []byte("#")) {
			out = append(out, line...)
		}
	}
	return out
}

// checkReadBack checks that every format of c reads as want, and the raw text of it.
func checkReadBack(t *testing.T, c *apisix.Config, want any) {
	t.Helper()
	for _, f := range allFormats {
		text := apisix.Encode(c, apisix.EncodeOptions{Format: f, Header: "amesh-render"})
		checkRaw(t, text, f)
		if f != apisix.JSON {
			checkTree(t, f, "yaml.v3", readYAML(t, text), want)
		}
		if f != apisix.Block {
			checkTree(t, f, "encoding/json", readJSON(t, withoutComments(text)), want)
		}
	}
}

func checkTree(t *testing.T, f apisix.Format, reader string, got, want any) {
	t.Helper()
	if d := difference(got, want); d != "" {
		t.Errorf("%v read by %s: %s", f, reader, d)
	}
}

// difference returns where and how two trees differ first.
func difference(got, want any) string {
	g, gotMap := got.(map[string]any)
	w, wantMap := want.(map[string]any)
	if gotMap && wantMap {
		for _, k := range slices.Sorted(maps.Keys(w)) {
			if d := difference(g[k], w[k]); d != "" {
				return fmt.Sprintf("/%.50q%s", k, d)
			}
		}
	}
	gs, gotList := got.([]any)
	ws, wantList := want.([]any)
	if gotList && wantList && len(gs) == len(ws) {
		for i := range ws {
			if d := difference(gs[i], ws[i]); d != "" {
				return fmt.Sprintf("/%d%s", i, d)
			}
		}
	}
	if !reflect.DeepEqual(got, want) {
		return fmt.Sprintf(": got %.500q, want %.500q", got, want)
	}
	return ""
}

// checkRaw checks what APISIX looks at before it parses, and what libyaml's reader refuses.
func checkRaw(t *testing.T, text []byte, f apisix.Format) {
	t.Helper()
	if bytes.Contains(text, []byte("${{")) {
		t.Errorf("%v: the text holds ${{", f)
	}
	if !utf8.Valid(text) {
		t.Errorf("%v: the text is not UTF-8", f)
	}
	for _, r := range string(text) {
		if r < ' ' && r != '\n' || r >= 0x7f && r < 0xa0 || r >= '\u2028' && r <= '\u2029' || r == '\ufeff' || r == '\ufffe' || r == '\uffff' {
			t.Errorf("%v: the text holds %U", f, r)
		}
	}
	if f != apisix.JSON && !bytes.HasSuffix(text, []byte("\n#END\n")) {
		t.Errorf("%v: the last line is not #END", f)
	}
}
