// Package crd tests the custom resource definition against the code by which the API server reads it.
package crd

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	schemavalidation "k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/yaml"
)

// crd is the schema of AmeshPluginConfig, as the API server uses it.
type crd struct {
	structural *schema.Structural
	validator  schemavalidation.SchemaValidator
}

// readCRD reads the manifest and checks it as the API server does when it is applied.
func readCRD(t *testing.T) crd {
	t.Helper()
	text, err := os.ReadFile("../../../charts/amesh/crds/ameshpluginconfigs.yaml")
	if err != nil {
		t.Fatal(err)
	}
	v1 := &apiextensionsv1.CustomResourceDefinition{}
	if err := yaml.UnmarshalStrict(text, v1); err != nil {
		t.Fatal(err)
	}
	apiextensionsv1.SetDefaults_CustomResourceDefinition(v1)
	apiextensionsv1.SetDefaults_CustomResourceDefinitionSpec(&v1.Spec)
	internal := &apiextensions.CustomResourceDefinition{}
	if err := apiextensionsv1.Convert_v1_CustomResourceDefinition_To_apiextensions_CustomResourceDefinition(v1, internal, nil); err != nil {
		t.Fatal(err)
	}
	internal.Status.StoredVersions = []string{"v1alpha1"}
	for _, err := range validation.ValidateCustomResourceDefinition(context.Background(), internal) {
		t.Error(err)
	}
	validated := internal.Spec.Versions[0].Schema
	if validated == nil {
		validated = internal.Spec.Validation
	}
	structural, err := schema.NewStructural(validated.OpenAPIV3Schema)
	if err != nil {
		t.Fatal(err)
	}
	validator, _, err := schemavalidation.NewSchemaValidator(validated.OpenAPIV3Schema)
	if err != nil {
		t.Fatal(err)
	}
	return crd{structural, validator}
}

// check is what the API server says of an object: its errors, and the fields that it would drop.
func (c crd) check(object map[string]any) []string {
	var out []string
	for _, err := range schemavalidation.ValidateCustomResource(nil, object, c.validator) {
		out = append(out, err.Error())
	}
	const budget = 10_000_000
	errs, _ := cel.NewValidator(c.structural, true, budget).Validate(context.Background(), field.NewPath(""), c.structural, object, nil, budget)
	for _, err := range errs {
		out = append(out, err.Error())
	}
	for _, path := range pruning.PruneWithOptions(object, c.structural, true, schema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true}) {
		out = append(out, path+": there is no such field")
	}
	return out
}

// TestCRD applies Amesh's own manifests and all of our examples to the schema, as the API server would.
func TestCRD(t *testing.T) {
	c := readCRD(t)
	examples, err := filepath.Glob("../../../examples/plugins/*.yaml")
	if err != nil || len(examples) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, path := range examples {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, doc := range strings.Split(string(text), "\n---\n") {
			checkManifest(t, c, filepath.Base(path), doc, "")
		}
	}
	const head = "{apiVersion: apisix.apache.org/v1alpha1, kind: AmeshPluginConfig, metadata: {name: ameshpluginconfig-sample}, spec: %s}"
	for spec, want := range map[string]string{
		`{plugins: [{name: response-rewrite, type: "", config: '{"body": "BODY_REWRITE", "headers": {"X-Header":"Rewrite"}}'}]}`: "",
		`{plugins: [{name: a, type: pre-req, config: "{}"}], selector: {matchLabels: {a: b}, matchExpressions: [{key: a, operator: Exists}]}}`: "",
		`{plugins: [{name: a, config: {b: [1, {c: true}]}}], selector: {app: shop}}`: "",
		`{plugins: [{name: a, type: later, config: "{}"}]}`:                           "Unsupported value",
		`{plugins: [{name: "", config: "{}"}]}`:                                       "at least 1 chars",
		`{plugins: [{config: "{}"}]}`:                                                 "every plugin has a name",
		`{plugins: []}`:                                                               "at least 1 items",
		`{global: true, targets: [{ports: [80]}], plugins: [{name: a}]}`:              "a global rule is for all requests",
		`{targets: [{ports: [0]}], plugins: [{name: a}]}`:                             "greater than or equal to 1",
		`{targets: [{direction: up}], plugins: [{name: a}]}`:                          "Unsupported value",
		`{targets: [{paths: [a]}], plugins: [{name: a}]}`:                             "should match",
		`{pluginMetadata: {http-logger: text}}`:                                       "must be of type object",
		`{plugins: [{name: a, conf: "{}"}]}`:                                          "there is no such field",
	} {
		checkManifest(t, c, spec, fmt.Sprintf(head, spec), want)
	}
}

func checkManifest(t *testing.T, c crd, name, text, want string) {
	t.Helper()
	object := map[string]any{}
	if err := yaml.Unmarshal([]byte(text), &object); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	got := strings.Join(c.check(object), "; ")
	if (got == "") != (want == "") || !strings.Contains(got, want) {
		t.Errorf("%s: got %q, want %q", name, got, want)
	}
}
