package plugins_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/amesh-render/amesh-render/plugins"
)

// sample is the manifest of Amesh's own documentation.
const sample = `apiVersion: apisix.apache.org/v1alpha1
kind: AmeshPluginConfig
metadata:
  name: ameshpluginconfig-sample
spec:
  plugins:
    - name: response-rewrite
      type: ""
      config: '{"body": "BODY_REWRITE", "headers": {"X-Header":"Rewrite"}}'
`

// manifest is one with a spec.
func manifest(spec string) string {
	return "{apiVersion: apisix.apache.org/v1alpha1, kind: AmeshPluginConfig, metadata: {name: n}, spec: " + spec + "}"
}

func parse(t *testing.T, text string) *plugins.File {
	t.Helper()
	file, err := plugins.Parse("f.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// one is the only configuration in a file.
func one(t *testing.T, text string) *plugins.Config {
	t.Helper()
	file := parse(t, text)
	if len(file.Configs) != 1 {
		t.Fatalf("got %d configurations, want 1", len(file.Configs))
	}
	return file.Configs[0]
}

func TestParseSample(t *testing.T) {
	want := plugins.Plugin{Name: "response-rewrite",
		Config: map[string]any{"body": "BODY_REWRITE", "headers": map[string]any{"X-Header": "Rewrite"}}}
	asJSON := `{"apiVersion":"apisix.apache.org/v1alpha1","kind":"AmeshPluginConfig",
	"metadata":{"name":"ameshpluginconfig-sample","annotations":{"a":"b"},"generation":2},
	"spec":{"plugins":[{"name":"response-rewrite","config":"{\"body\": \"BODY_REWRITE\", \"headers\": {\"X-Header\":\"Rewrite\"}}"}]},
	"status":{"conditions":[{"type":"Sync"}]}}`
	structured := strings.Replace(sample, `'{"body"`, `{"body"`, 1)
	structured = strings.Replace(structured, `}}'`, `}}`, 1)
	for name, text := range map[string]string{"YAML": sample, "JSON": asJSON, "structured": structured} {
		t.Run(name, func(t *testing.T) {
			c := one(t, text)
			if c.Name != "ameshpluginconfig-sample" || c.Namespace != "" || len(c.Plugins) != 1 || !reflect.DeepEqual(c.Plugins[0], want) {
				t.Errorf("got %+v", c)
			}
			if len(c.Problems) > 0 {
				t.Errorf("got problems %+v", c.Problems)
			}
		})
	}
}

func TestParseSeveral(t *testing.T) {
	file := parse(t, "---\n"+sample+"---\n# nothing\n---\nkind: Service\napiVersion: v1\n---\nkind: List\napiVersion: v1\nitems:\n- "+
		manifest("{plugins: [{name: cors}]}")+"\n- "+manifest("{plugins: [{name: gzip, conf: {}}], extra: 1}")+"\n")
	if len(file.Configs) != 3 || file.Configs[2].Plugins[0].Name != "gzip" {
		t.Fatalf("got %+v", file.Configs)
	}
	if len(file.Problems) != 1 || file.Problems[0].Lost || !strings.Contains(file.Problems[0].Message, "a Service of \"v1\" is passed over") {
		t.Errorf("got %+v", file.Problems)
	}
	var fields []string
	for _, p := range file.Configs[2].Problems {
		fields = append(fields, p.Field)
	}
	if !reflect.DeepEqual(fields, []string{"spec.plugins[0].conf", "spec.extra"}) {
		t.Errorf("the unknown fields are %q", fields)
	}
}

func TestParseValues(t *testing.T) {
	c := one(t, "x: &x {count: 1, rate: 0.5}\n"+`
apiVersion: apisix.apache.org/v1alpha1
kind: AmeshPluginConfig
metadata: {name: n}
spec:
  plugins:
  - name: limit-req
    config: {<<: *x, count: 2, date: 2024-01-01, list: [1, true, text], nested: *x, big: 9007199254740993.5}
  - {name: echo, config: '{"a": 1, "b": 1.5, "c": [2, "x"], "d": 1e3}'}
  - {name: runner, type: pre-req, config: 'not JSON'}
  - {name: runner, type: post-req, config: {level: 3}}
`)
	x := map[string]any{"count": 1, "rate": 0.5}
	want := []plugins.Plugin{
		{Name: "limit-req", Config: map[string]any{"count": 2, "rate": 0.5, "date": "2024-01-01", "list": []any{1, true, "text"},
			"nested": x, "big": 9007199254740993.5}},
		{Name: "echo", Config: map[string]any{"a": 1, "b": 1.5, "c": []any{2, "x"}, "d": 1000}},
		{Name: "runner", Type: "pre-req", Value: "not JSON"},
		{Name: "runner", Type: "post-req", Value: `{"level":3}`},
	}
	if !reflect.DeepEqual(c.Plugins, want) {
		t.Errorf("got  %#v\nwant %#v", c.Plugins, want)
	}
}

func TestParseErrors(t *testing.T) {
	for text, want := range map[string]string{
		"a: [":                    "f.yaml:1: is not YAML: did not find expected node content",
		"- a":                     `f.yaml:1: is a list, not a mapping`,
		"text":                    `f.yaml:1: is "text", not a mapping`,
		"a: 1":                    "f.yaml:1: kind: is missing: expected AmeshPluginConfig",
		"kind: [x]":               "f.yaml:1: kind: is a list, not a string",
		"kind: AmeshPluginConfig": "f.yaml:1: apiVersion: is missing: expected apisix.apache.org/v1alpha1",
		"{apiVersion: apisix.apache.org/v1alpha1, kind: AmeshPluginConfig, spec: {}}":            "f.yaml:1: metadata.name: is missing",
		"{apiVersion: apisix.apache.org/v1alpha1, kind: AmeshPluginConfig, metadata: {name: a}}": "f.yaml:1: spec: is missing",
		manifest("{plugins: {}}"):                                            "f.yaml:1: spec.plugins: is a mapping, not a list",
		manifest("{plugins: [a]}"):                                           `f.yaml:1: spec.plugins[0]: is "a", not a mapping`,
		manifest("{plugins: [{config: '{}'}]}"):                              "f.yaml:1: spec.plugins[0].name: is missing",
		manifest("{plugins: [{name: a},\n\n\n{name: b, config: '{'}]}"):      "f.yaml:4: spec.plugins[1].config: is not JSON: unexpected EOF",
		manifest("{plugins: [{name: a, config: '[]'}]}"):                     "f.yaml:1: spec.plugins[0].config: is JSON, but not an object",
		manifest("{plugins: [{name: a, config: '{} {}'}]}"):                  "f.yaml:1: spec.plugins[0].config: has something after the JSON object",
		manifest(`{plugins: [{name: a, config: '{"a": {"b": null}}'}]}`):     "f.yaml:1: spec.plugins[0].config: a: b: is null, which APISIX would take for an empty table",
		manifest("{plugins: [{name: a, config: {b: null}}]}"):                "f.yaml:1: spec.plugins[0].config.b: is null, which APISIX would take for an empty table",
		manifest("{plugins: [{name: a, config: {b: .nan}}]}"):                "f.yaml:1: spec.plugins[0].config.b: .nan is no number for APISIX",
		manifest("{plugins: [{name: a, config: [1]}]}"):                      "f.yaml:1: spec.plugins[0].config: is a list: it is JSON in a string, or a mapping",
		manifest("{plugins: [{name: a, config: {b: 1, b: 2}}]}"):             `f.yaml:1: spec.plugins[0].config: has the key "b" twice`,
		manifest("{plugins: [{name: a, type: sometimes}]}"):                  `f.yaml:1: spec.plugins[0].type: is "sometimes": it is "", "pre-req" or "post-req"`,
		manifest("{plugins: [{name: a, type: pre-req}]}"):                    "f.yaml:1: spec.plugins[0].config: is missing: a runner's plugin has one",
		manifest("{disabled: 'yes'}"):                                        `f.yaml:1: spec.disabled: is "yes", neither true nor false`,
		manifest("{selector: {matchLabels: {a: 1}}}"):                        `f.yaml:1: spec.selector.matchLabels.a: is "1", not a string: the value of a label is one`,
		manifest("{selector: {matchExpressions: [{key: a, operator: Is}]}}"): `f.yaml:1: spec.selector.matchExpressions[0].operator: is "Is": it is In, NotIn, Exists or DoesNotExist`,
		manifest("{selector: {matchExpressions: [{key: a, operator: In}]}}"): "f.yaml:1: spec.selector.matchExpressions[0].values: In and NotIn have values, Exists and DoesNotExist have none",
		manifest("{targets: [{ports: [80, http]}]}"):                         `f.yaml:1: spec.targets[0].ports[1]: is "http", not a port`,
		manifest("{targets: [{direction: up}]}"):                             `f.yaml:1: spec.targets[0].direction: is "up": it is inbound or outbound`,
		manifest("{targets: [{paths: [a]}]}"):                                `f.yaml:1: spec.targets[0].paths[0]: is "a", which does not begin with /`,
		manifest("{pluginMetadata: {a: text}}"):                              `f.yaml:1: spec.pluginMetadata.a: is "text": it is JSON in a string, or a mapping`,
		"a: &a {<<: [*a, *a, *a]}\n<<: *a":                                   "f.yaml:1: merges too many mappings",
		manifest(`{plugins: [{name: a, config: {"\e[31m": ~}}]}`):            "f.yaml:1: spec.plugins[0].config.\ufffd[31m: is null, which APISIX would take for an empty table",
		"a: &a [*a]": "f.yaml:1: kind: is missing: expected AmeshPluginConfig",
	} {
		_, err := plugins.Parse("f.yaml", []byte(text))
		var e *plugins.Error
		if !errors.As(err, &e) || e.Error() != want {
			t.Errorf("%s\n got %v\nwant %s", text, err, want)
		}
	}
}

// Aliases make a small file a huge value.
func TestParseBomb(t *testing.T) {
	text := "a0: &a0 [x, x]\n"
	for i, c := range "123456789abcdefghijklmnopqrstuv" {
		before := string("0123456789abcdefghijklmnopqrstuv"[i])
		text += "a" + string(c) + ": &a" + string(c) + " [*a" + before + ", *a" + before + "]\n"
	}
	text += strings.ReplaceAll(sample, `'{"body": "BODY_REWRITE", "headers": {"X-Header":"Rewrite"}}'`, "{x: *av}")
	if _, err := plugins.Parse("f.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), "holds too much") {
		t.Errorf("got %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(sample)
	f.Add(manifest("{plugins: [{name: a, type: pre-req, config: {b: [1, 0x1F, 1e3, ~]}}], targets: [{hosts: ['*.a'], ports: [80], paths: [/a*]}]}"))
	f.Add(manifest("{selector: {app: a, matchLabels: {b: c}, matchExpressions: [{key: d, operator: NotIn, values: [e]}]}, pluginMetadata: {x: {}}}"))
	f.Add("a: &a {<<: *a}")
	f.Fuzz(func(t *testing.T, text string) {
		file, err := plugins.Parse("f", []byte(text))
		if err != nil {
			if e := (*plugins.Error)(nil); !errors.As(err, &e) || e.File != "f" {
				t.Errorf("the error does not name the file: %v", err)
			}
			return
		}
		plugins.Sort(file.Configs, plugins.Pod{Namespace: "a"})
		merged, _ := plugins.Merge(file.Configs)
		for name, m := range merged {
			if len(m.From) == 0 || m.Config == nil {
				t.Errorf("%q comes from nowhere, or is nothing: %+v", name, m)
			}
		}
		for _, c := range file.Configs {
			c.For(plugins.Pod{})
			c.Covers(plugins.Route{Hosts: []string{"a"}, Path: "/"})
		}
	})
}
