// Package schematest checks configurations against APISIX's own JSON schemas in tests. The schemas are what APISIX's
// control API prints as /v1/schema, in the file shared/apisix-schema.json beside the repository; a test that finds none
// is skipped.
package schematest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// Schemas are the JSON schemas of APISIX's objects and plugins.
type Schemas struct {
	route, upstream *jsonschema.Schema
	plugins         map[string]*jsonschema.Schema
	skipped         []string
}

// Load reads the schemas. It skips the test if there are none.
func Load(t testing.TB) *Schemas {
	t.Helper()
	data, err := os.ReadFile(find(t))
	if os.IsNotExist(err) {
		t.Skip("no ../shared/apisix-schema.json beside the repository: not checked against APISIX's schemas")
	}
	if err != nil {
		t.Fatal(err)
	}
	s, err := parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// find returns where the schemas would be: ../shared, seen from the directory of go.mod.
func find(t testing.TB) string {
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
	}
	return filepath.Join(dir, "..", "shared", "apisix-schema.json")
}

func parse(data []byte) (*Schemas, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("schemas: %w", err)
	}
	s := &Schemas{plugins: map[string]*jsonschema.Schema{}}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft7)
	c.UseRegexpEngine(s.compileRegexp)
	if err := c.AddResource("apisix.json", doc); err != nil {
		return nil, fmt.Errorf("schemas: %w", err)
	}
	if s.route, err = c.Compile("apisix.json#/main/route"); err != nil {
		return nil, err
	}
	if s.upstream, err = c.Compile("apisix.json#/main/upstream"); err != nil {
		return nil, err
	}
	for name := range doc.(map[string]any)["plugins"].(map[string]any) {
		s.plugins[name], err = c.Compile("apisix.json#/plugins/" + name + "/schema")
		if err != nil {
			return nil, err
		}
	}
	return s, nil
}

// compileRegexp compiles a pattern of the schemas, which are meant for PCRE. One that Go does not know matches anything
// and is listed by Skipped.
func (s *Schemas) compileRegexp(pattern string) (jsonschema.Regexp, error) {
	re, err := regexp.Compile(pattern)
	if err == nil {
		return re, nil
	}
	if !slices.Contains(s.skipped, pattern) {
		s.skipped = append(s.skipped, pattern)
	}
	return regexp.MustCompile(""), nil
}

// Skipped returns the patterns that are not checked, because Go's regexp does not know their syntax.
func (s *Schemas) Skipped() []string { return slices.Sorted(slices.Values(s.skipped)) }

// Check fails the test for every object of cfg, and for every plugin's configuration in it, that its schema refuses.
func (s *Schemas) Check(t testing.TB, cfg *apisix.Config) {
	t.Helper()
	for _, err := range s.Errors(cfg) {
		t.Error(err)
	}
}

// Errors returns what Check reports. It looks at what Encode writes as JSON, and decodes that on its own.
func (s *Schemas) Errors(cfg *apisix.Config) []error {
	var file struct {
		Routes    []map[string]json.RawMessage `json:"routes"`
		Upstreams []json.RawMessage            `json:"upstreams"`
	}
	if err := json.Unmarshal(apisix.Encode(cfg, apisix.EncodeOptions{Format: apisix.JSON}), &file); err != nil {
		return []error{err}
	}
	var errs []error
	for _, u := range file.Upstreams {
		errs = appendError(errs, "upstream", s.upstream, u)
	}
	for _, r := range file.Routes {
		whole, err := json.Marshal(r)
		if err != nil {
			return append(errs, err)
		}
		errs = appendError(errs, "route", s.route, whole)
		errs = append(errs, s.pluginErrors(string(r["id"]), r["plugins"])...)
	}
	return errs
}

func (s *Schemas) pluginErrors(route string, data json.RawMessage) []error {
	if data == nil {
		return nil
	}
	var plugins map[string]json.RawMessage
	if err := json.Unmarshal(data, &plugins); err != nil {
		return []error{fmt.Errorf("route %s: plugins: %w", route, err)}
	}
	var errs []error
	for name, conf := range plugins {
		schema := s.plugins[name]
		if schema == nil {
			errs = append(errs, fmt.Errorf("route %s: APISIX has no plugin %q", route, name))
			continue
		}
		errs = appendError(errs, "plugin "+name+" of route "+route, schema, conf)
	}
	return errs
}

// appendError appends the reason for which schema refuses data, if it does.
func appendError(errs []error, what string, schema *jsonschema.Schema, data []byte) []error {
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err == nil {
		err = schema.Validate(v)
	}
	if err != nil {
		errs = append(errs, fmt.Errorf("%s: %w\n%s", what, err, data))
	}
	return errs
}
