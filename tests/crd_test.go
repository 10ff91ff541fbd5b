package tests

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"

	"github.com/amesh-render/amesh-render/plugins"
)

// readYAML is a document as JSON would have it.
func readYAML(t *testing.T, text string) any {
	t.Helper()
	var tree, plain any
	if err := yaml.Unmarshal([]byte(text), &tree); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(tree)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &plain); err != nil {
		t.Fatal(err)
	}
	return plain
}

// member walks down a tree.
func member(x any, keys ...string) any {
	for _, key := range keys {
		m, _ := x.(map[string]any)
		x = m[key]
	}
	return x
}

// pruned are the fields of a value that the API server would drop, as no schema names them.
func pruned(schema, value any, path string) []string {
	var out []string
	s, _ := schema.(map[string]any)
	if s["x-kubernetes-preserve-unknown-fields"] == true && s["properties"] == nil {
		return nil
	}
	switch value := value.(type) {
	case map[string]any:
		for key, v := range value {
			inner, ok := member(s, "properties", key), true
			if inner == nil {
				inner = s["additionalProperties"]
				ok = inner != nil || s["x-kubernetes-preserve-unknown-fields"] == true
			}
			if path == "" && key == "metadata" {
				continue
			}
			if !ok {
				out = append(out, path+"."+key)
			} else if inner != nil {
				out = append(out, pruned(inner, v, path+"."+key)...)
			}
		}
	case []any:
		for i, v := range value {
			out = append(out, pruned(s["items"], v, fmt.Sprintf("%s[%d]", path, i))...)
		}
	}
	return out
}

// TestCRD holds manifests against the schema of the custom resource definition, as the API server does, its rules in CEL
// apart: Amesh's own, our examples, those of other tests.
func TestCRD(t *testing.T) {
	text, err := os.ReadFile("../charts/amesh/crds/ameshpluginconfigs.yaml")
	if err != nil {
		t.Fatal(err)
	}
	crd := readYAML(t, string(text))
	if member(crd, "metadata", "name") != "ameshpluginconfigs.apisix.apache.org" || member(crd, "spec", "names", "kind") != plugins.Kind ||
		member(crd, "spec", "group").(string)+"/v1alpha1" != plugins.APIVersion {
		t.Error("the definition is of another kind")
	}
	version := member(crd, "spec", "versions").([]any)[0]
	schema := member(version, "schema", "openAPIV3Schema")
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("crd.json", schema); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("crd.json")
	if err != nil {
		t.Fatal(err)
	}
	check := func(name, manifest, want string) {
		t.Helper()
		object := readYAML(t, manifest)
		got := strings.Join(pruned(schema, object, ""), " ")
		if err := compiled.Validate(object); err != nil {
			got += err.Error()
		}
		if (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	files, err := filepath.Glob("../examples/plugins/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("there are no examples")
	}
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for doc := range strings.SplitSeq(string(text), "\n---\n") {
			check(path, doc, "")
		}
	}
	for spec, want := range map[string]string{
		`{plugins: [{name: response-rewrite, type: "", config: '{"body": "BODY_REWRITE", "headers": {"X-Header":"Rewrite"}}'}]}`:               "",
		`{plugins: [{config: '{"headers": {"X-Header":"Rewrite"}}', name: response-rewrite, type: ""}]}`:                                       "",
		`{plugins: [{name: a, type: pre-req, config: "{}"}], selector: {matchLabels: {a: b}, matchExpressions: [{key: a, operator: Exists}]}}`: "",
		`{plugins: [{name: a, config: {b: [1, {c: true}]}}], selector: {app: shop}}`:                                                           "",
		`{pluginMetadata: {http-logger: {log_format: {a: b}}}, global: true}`:                                                                  "",
		`{plugins: [{name: a, type: later, config: "{}"}]}`:                                                                                    "value must be one of",
		`{plugins: [{name: "", config: "{}"}]}`:                                                                                                "minLength",
		`{plugins: []}`:                                                                                                                        "minItems",
		`{targets: [{ports: [0]}], plugins: [{name: a}]}`:                                                                                      "minimum",
		`{targets: [{direction: up}], plugins: [{name: a}]}`:                                                                                   "value must be one of",
		`{targets: [{paths: [a]}], plugins: [{name: a}]}`:                                                                                      "pattern",
		`{selector: {matchExpressions: [{key: a}]}, plugins: [{name: a}]}`:                                                                     "missing property 'operator'",
		`{pluginMetadata: {http-logger: text}}`:                                                                                                "want object",
		`{plugins: [{name: a, conf: "{}"}]}`:                                                                                                   ".spec.plugins[0].conf",
		`{plugin: []}`:                                                                                                                         ".spec.plugin",
	} {
		check(spec, "{apiVersion: apisix.apache.org/v1alpha1, kind: AmeshPluginConfig, metadata: {name: n}, spec: "+spec+"}", want)
	}
}
