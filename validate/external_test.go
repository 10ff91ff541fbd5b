package validate_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/amesh-render/amesh-render/standalone"
	"github.com/amesh-render/amesh-render/validate"
)

// ownSchemas are the schemas of an APISIX with a plugin of its own.
const ownSchemas = `{
  "main": {
    "route": {"type": "object", "properties": {"vip": {"type": "string"}, "labels": {"type": "object"}}},
    "consumer": {"type": "object"}
  },
  "plugins": {
    "our-plugin": {"schema": {"type": "object", "required": ["level"], "properties": {
      "level": {"type": "integer", "minimum": 1}, "list": {"type": "array", "items": {"type": "string"}},
      "who": {"anyOf": [{"type": "string", "pattern": "^a"}, {"type": "integer"}]},
      "odd": {"type": "string", "pattern": "^(?!x)"}}}},
    "key-auth": {"schema": {"type": "object"}, "consumer_schema": {"type": "object", "required": ["key"]}}
  },
  "stream_plugins": {"mqtt-proxy": {"schema": {"type": "object", "required": ["protocol_name"]}}}
}`

func checked(t *testing.T, schemas, text string) (out []string) {
	t.Helper()
	s, err := validate.ParseSchemas([]byte(schemas))
	if err != nil {
		t.Fatal(err)
	}
	f, err := standalone.Read("apisix.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range validate.Check(f, validate.Options{Schemas: s}) {
		out = append(out, fmt.Sprintf("%d:%d: %s: %s", p.Line, p.Column, p.Level, p))
	}
	return out
}

// An APISIX's own schemas say what plugins it has, and what their configurations are.
func TestOwnSchemas(t *testing.T) {
	got := checked(t, ownSchemas, `routes:
- id: good
  uri: /a
  upstream: {nodes: []}
  plugins: {our-plugin: {level: 1, list: {}, odd: x}}
- id: bad
  uri: /b
  upstream: {nodes: []}
  plugins:
    our-plugin:
      level: 0
      list: [a, 1]
      who: [b]
    cors: {}
- id: without
  uri: /c
  upstream: {nodes: []}
  plugins: {our-plugin: {}}
- {id: variable, uri: /d, upstream: {nodes: []}, plugins: {our-plugin: {level: "${{X:=1}}"}}}
consumers:
- username: c
  plugins:
    key-auth: {}
stream_routes:
- id: s
  upstream: {nodes: []}
  plugins:
    mqtt-proxy: {protocol: a}
#END
`)
	want := []string{
		"11:14: error: route/bad: plugins.our-plugin.level: minimum: got 0, want 1",
		"12:17: error: route/bad: plugins.our-plugin.list[1]: got number, want string",
		"13:12: error: route/bad: plugins.our-plugin.who: got array, want string",
		`14:5: error: route/bad: plugins.cors: APISIX has no plugin of the name "cors"`,
		"18:25: error: route/without: plugins.our-plugin: missing property 'level'",
		`19:81: warning: route/variable: APISIX replaces ${{X}} by the environment variable, or else by "1"`,
		"23:15: error: consumer/c: plugins.key-auth: missing property 'key'",
		"28:17: error: stream_route/s: plugins.mqtt-proxy: missing property 'protocol_name'",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestParseSchemas(t *testing.T) {
	for text, want := range map[string]string{
		`{`:  "unexpected EOF",
		`{}`: "there are no schemas in it",
		`[]`: "there are no schemas in it",
		`{"main": {"route": {"type": 7}}, "plugins": {"a": {"schema": {}}}}`:                    "",
		`{"main": {"route": {"$ref": "file:///etc/passwd"}}, "plugins": {"a": {"schema": {}}}}`: "is not in the schemas",
	} {
		if _, err := validate.ParseSchemas([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}

// The schemas of APISIX 3.18 find nothing in what the renderer writes either, and say no more of planted mistakes than is
// known already.
func TestReferenceSchemas(t *testing.T) {
	schemas, err := os.ReadFile("../../shared/apisix-schema.json")
	if os.IsNotExist(err) {
		t.Skip("no ../shared/apisix-schema.json beside the repository: not checked with APISIX's schemas")
	}
	if err != nil {
		t.Fatal(err)
	}
	s, err := validate.ParseSchemas(schemas)
	if err != nil {
		t.Fatal(err)
	}
	check := func(path string, text []byte) (out []string) {
		f, err := standalone.Read(path, text)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range validate.Check(f, validate.Options{Schemas: s}) {
			ours := strings.Contains(p.String(), `APISIX has no plugin of the name "amesh-`) // those of templates/lua
			if !ours && !expected[path+": "+p.String()] {
				out = append(out, fmt.Sprintf("%d: %s: %s", p.Line, p.Level, p))
			}
		}
		return out
	}
	for path, text := range goldens(t) {
		if got := check(path, text); len(got) > 0 {
			t.Errorf("%s: %q", path, got)
		}
	}
	for _, tt := range planted {
		text, line := frame(tt.text)
		if got, want := check("apisix.yaml", []byte(text)), fmt.Sprintf("%d: %s", line, tt.want); len(got) != 1 || got[0] != want {
			t.Errorf("%s: got %q, want %q", tt.name, got, want)
		}
	}
}
