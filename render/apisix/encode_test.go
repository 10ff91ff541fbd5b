package apisix_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/amesh-render/amesh-render/render/apisix"
)

var update = flag.Bool("update", false, "write the goldens")

var allFormats = []apisix.Format{apisix.Block, apisix.Lines, apisix.JSON}

func TestEncodeGolden(t *testing.T) {
	for file, f := range map[string]apisix.Format{
		"everything.block.yaml": apisix.Block,
		"everything.lines.yaml": apisix.Lines,
		"everything.json":       apisix.JSON,
	} {
		t.Run(file, func(t *testing.T) {
			got := apisix.Encode(everything(), apisix.EncodeOptions{Format: f, Header: "amesh-render v1.2.3"})
			path := filepath.Join("testdata", file)
			if *update {
				if err := os.WriteFile(path, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// The goldens are only worth their name if they show every field.
func TestEverythingSetsEveryField(t *testing.T) {
	set, all := map[string]bool{}, map[string]bool{}
	var walk func(v reflect.Value)
	walk = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.Pointer:
			if !v.IsNil() {
				walk(v.Elem())
			}
		case reflect.Slice:
			for i := range v.Len() {
				walk(v.Index(i))
			}
		case reflect.Struct:
			for i := range v.NumField() {
				name := v.Type().Name() + "." + v.Type().Field(i).Name
				all[name] = true
				set[name] = set[name] || !v.Field(i).IsZero()
				walk(v.Field(i))
			}
		}
	}
	walk(reflect.ValueOf(everything()))
	for _, name := range []string{"Config.Others", "Plugins.Other", "Route.Raw", "Upstream.Raw", "Route.PluginConfigID"} {
		set[name] = true // those have TestEncodeOthers and TestEncodeRaw
	}
	for name := range all {
		if !set[name] {
			t.Errorf("%s is set nowhere in everything()", name)
		}
	}
}

func TestEncodeOrder(t *testing.T) {
	for _, f := range allFormats {
		want := apisix.Encode(everything(), apisix.EncodeOptions{Format: f})
		c := everything()
		slices.Reverse(c.Routes)
		slices.Reverse(c.Upstreams)
		routes := slices.Clone(c.Routes)
		if got := apisix.Encode(c, apisix.EncodeOptions{Format: f}); !bytes.Equal(got, want) {
			t.Errorf("%v: the text depends on the order of the objects: got\n%s\nwant\n%s", f, got, want)
		}
		if !slices.Equal(c.Routes, routes) {
			t.Errorf("%v: Encode reordered its input", f)
		}
		before, _ := json.Marshal(everything())
		slices.Reverse(c.Routes)
		slices.Reverse(c.Upstreams)
		if after, _ := json.Marshal(c); !bytes.Equal(after, before) {
			t.Errorf("%v: Encode changed its input", f)
		}
	}
}

func TestEncodeLeavesOutNil(t *testing.T) {
	want := apisix.Encode(everything(), apisix.EncodeOptions{})
	c := everything()
	c.Routes = append([]*apisix.Route{nil}, c.Routes...)
	if got := apisix.Encode(c, apisix.EncodeOptions{}); !bytes.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestEncodeEmpty(t *testing.T) {
	for f, want := range map[apisix.Format]string{
		apisix.Block: "# h\nroutes: []\nupstreams: []\n#END\n",
		apisix.Lines: "# h\n{\n\"routes\":[\n],\n\"upstreams\":[\n]\n}\n#END\n",
		apisix.JSON:  "{\n  \"routes\": [],\n  \"upstreams\": []\n}\n",
	} {
		got := string(apisix.Encode(&apisix.Config{}, apisix.EncodeOptions{Format: f, Header: "h"}))
		if got != want {
			t.Errorf("%v: got %q, want %q", f, got, want)
		}
	}
}

func TestEncodeHeader(t *testing.T) {
	const header = "tool 1\nroutes: []\r\u2028${{HOME}}\x7f\xff#END"
	const want = "# tool 1?routes: []???{{HOME}}??#END"
	for _, f := range []apisix.Format{apisix.Block, apisix.Lines} {
		got, _, _ := strings.Cut(string(apisix.Encode(everything(), apisix.EncodeOptions{Format: f, Header: header})), "\n")
		if got != want {
			t.Errorf("%v: got %q, want %q", f, got, want)
		}
	}
}

// An object's line in Lines is its fragment, whatever else is in the file.
func TestLinesAreFragments(t *testing.T) {
	c := everything()
	text := string(apisix.Encode(c, apisix.EncodeOptions{Format: apisix.Lines}))
	lines := strings.Split(strings.ReplaceAll(text, "},\n", "}\n"), "\n")
	for _, r := range c.Routes {
		if line := string(apisix.AppendObject(nil, r, apisix.Lines)); !slices.Contains(lines, line) {
			t.Errorf("the file has no line %s", line)
		}
	}
	for _, u := range c.Upstreams {
		if line := string(apisix.AppendObject(nil, u, apisix.Lines)); !slices.Contains(lines, line) {
			t.Errorf("the file has no line %s", line)
		}
	}
}

// Fragments that were encoded before, joined, are the file.
func TestJoin(t *testing.T) {
	c := everything()
	slices.SortFunc(c.Routes, func(a, b *apisix.Route) int { return strings.Compare(a.ID, b.ID) })
	slices.SortFunc(c.Upstreams, func(a, b *apisix.Upstream) int { return strings.Compare(a.ID, b.ID) })
	for _, f := range allFormats {
		o := apisix.EncodeOptions{Format: f, Header: "joined"}
		got := apisix.Join([]apisix.Section{
			kept("routes", c.Routes, f),
			kept("upstreams", c.Upstreams, f),
		}, o)
		if want := apisix.Encode(c, o); !bytes.Equal(got, want) {
			t.Errorf("%v: got\n%s\nwant\n%s", f, got, want)
		}
	}
}

func kept[T any](kind string, objects []*T, f apisix.Format) apisix.Section {
	var texts [][]byte
	for _, x := range objects {
		texts = append(texts, apisix.AppendObject(nil, x, f))
	}
	return apisix.Section{Kind: kind, Len: len(texts), Append: func(dst []byte, i int) []byte {
		return append(dst, texts[i]...)
	}}
}

func TestParseFormat(t *testing.T) {
	for _, tt := range []struct {
		format, style string
		want          string
	}{
		{"yaml", "", "block"},
		{"yaml", "block", "block"},
		{"yaml", "lines", "lines"},
		{"json", "", "json"},
		{"json", "lines", `format "json" has no styles, got style "lines"`},
		{"toml", "", `unknown format "toml": want yaml or json`},
		{"yaml", "flow", `unknown style "flow": want block or lines`},
	} {
		f, err := apisix.ParseFormat(tt.format, tt.style)
		got := f.String()
		if err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("ParseFormat(%q, %q): got %s, want %s", tt.format, tt.style, got, tt.want)
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	c := mesh(1000)
	for _, f := range allFormats {
		b.Run(f.String(), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(apisix.Encode(c, apisix.EncodeOptions{Format: f}))))
			for b.Loop() {
				apisix.Encode(c, apisix.EncodeOptions{Format: f})
			}
		})
	}
}

func BenchmarkValidate(b *testing.B) {
	c := mesh(1000)
	b.ReportAllocs()
	for b.Loop() {
		if problems := c.Validate(apisix.Lines); len(problems) > 0 {
			b.Fatal(problems[0])
		}
	}
}
