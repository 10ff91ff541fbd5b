// Package schematest checks configurations against APISIX's own JSON schemas in tests. The schemas are what APISIX's
// control API prints as /v1/schema, in the file shared/apisix-schema.json beside the repository; a test that finds none
// is skipped.
package schematest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
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
	objects   map[string]*jsonschema.Schema // by section
	plugins   map[string]*jsonschema.Schema
	consumers map[string]*jsonschema.Schema // those of plugins in consumers, where they differ
	metadata  map[string]*jsonschema.Schema // those of plugin_metadata, by plugin
	skipped   []string
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
	s := &Schemas{objects: map[string]*jsonschema.Schema{}, plugins: map[string]*jsonschema.Schema{},
		consumers: map[string]*jsonschema.Schema{}, metadata: map[string]*jsonschema.Schema{}}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft7)
	c.UseRegexpEngine(s.compileRegexp)
	if err := c.AddResource("apisix.json", doc); err != nil {
		return nil, fmt.Errorf("schemas: %w", err)
	}
	main := doc.(map[string]any)["main"].(map[string]any)
	for _, section := range apisix.Sections {
		if kind := apisix.KindOf(section); main[kind] != nil {
			if s.objects[section], err = c.Compile("apisix.json#/main/" + kind); err != nil {
				return nil, err
			}
		}
	}
	for name, plugin := range doc.(map[string]any)["plugins"].(map[string]any) {
		for key, into := range map[string]map[string]*jsonschema.Schema{
			"schema": s.plugins, "consumer_schema": s.consumers, "metadata_schema": s.metadata,
		} {
			if plugin.(map[string]any)[key] == nil {
				continue
			}
			if into[name], err = c.Compile("apisix.json#/plugins/" + name + "/" + key); err != nil {
				return nil, err
			}
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
	var file map[string][]map[string]json.RawMessage
	if err := json.Unmarshal(apisix.Encode(cfg, apisix.EncodeOptions{Format: apisix.JSON}), &file); err != nil {
		return []error{err}
	}
	var errs []error
	for _, section := range slices.Sorted(maps.Keys(file)) {
		for _, object := range file[section] {
			errs = append(errs, s.objectErrors(section, object)...)
		}
	}
	return errs
}

// objectErrors checks an object, and the plugins in it.
func (s *Schemas) objectErrors(section string, object map[string]json.RawMessage) []error {
	what := apisix.KindOf(section) + " " + string(object["id"])
	schema := s.objects[section]
	if section == "plugin_metadata" {
		var plugin string
		if err := json.Unmarshal(object["id"], &plugin); err != nil {
			return []error{fmt.Errorf("%s: %w", what, err)}
		}
		if schema = s.metadata[plugin]; schema == nil {
			return []error{fmt.Errorf("%s: the plugin has no metadata", what)}
		}
		object = maps.Clone(object)
		delete(object, "id")
	}
	whole, err := json.Marshal(object)
	if err != nil {
		return []error{err}
	}
	var errs []error
	if schema != nil {
		errs = appendError(errs, what, schema, whole)
	}
	if section == "stream_routes" {
		return errs
	}
	return append(errs, s.pluginErrors(what, object["plugins"], section == "consumers")...)
}

func (s *Schemas) pluginErrors(what string, data json.RawMessage, ofConsumer bool) []error {
	if data == nil {
		return nil
	}
	var plugins map[string]json.RawMessage
	if err := json.Unmarshal(data, &plugins); err != nil {
		return []error{fmt.Errorf("%s: plugins: %w", what, err)}
	}
	var errs []error
	for name, conf := range plugins {
		schema := s.plugins[name]
		if ofConsumer && s.consumers[name] != nil {
			schema = s.consumers[name]
		}
		if slices.Contains(apisix.LuaPluginNames, name) {
			continue // not APISIX's own
		}
		if schema == nil {
			errs = append(errs, fmt.Errorf("%s: APISIX has no plugin %q", what, name))
			continue
		}
		errs = appendError(errs, "plugin "+name+" of "+what, schema, conf)
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
