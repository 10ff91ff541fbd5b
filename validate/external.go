package validate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/amesh-render/amesh-render/standalone"
)

// Schemas are what an APISIX prints as its schemas at /v1/schema of its control API.
type Schemas struct {
	kinds, plugins, consumers, metadata, streams map[string]*jsonschema.Schema
}

// ParseSchemas reads the schemas. Patterns that only PCRE understands are not checked.
func ParseSchemas(text []byte) (*Schemas, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft7)
	compiler.AssertFormat()
	compiler.UseLoader(noLoader{})
	compiler.UseRegexpEngine(compilePattern)
	if err := compiler.AddResource("apisix.json", doc); err != nil {
		return nil, err
	}
	r := schemaReader{compiler: compiler, doc: doc}
	s := &Schemas{
		kinds: r.all("main", ""), plugins: r.all("plugins", "schema"), consumers: r.all("plugins", "consumer_schema"),
		metadata: r.all("plugins", "metadata_schema"), streams: r.all("stream_plugins", "schema"),
	}
	if r.err == nil && (len(s.kinds) == 0 || len(s.plugins) == 0) {
		r.err = errors.New("there are no schemas in it: it should be what APISIX's control API prints at /v1/schema")
	}
	return s, r.err
}

// noLoader keeps schemas from naming files and addresses.
type noLoader struct{}

func (noLoader) Load(url string) (any, error) {
	return nil, fmt.Errorf("%s is not in the schemas", url)
}

// compilePattern compiles a pattern that is meant for PCRE; one that Go does not know matches anything.
func compilePattern(pattern string) (jsonschema.Regexp, error) {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return regexp.MustCompile(""), nil
	}
	return re, nil
}

type schemaReader struct {
	compiler *jsonschema.Compiler
	doc      any
	err      error
}

// all compiles the schemas of one part of the document, each at a key below its name.
func (r *schemaReader) all(part, key string) map[string]*jsonschema.Schema {
	out := map[string]*jsonschema.Schema{}
	doc, _ := r.doc.(map[string]any)
	entries, _ := doc[part].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		pointer := "apisix.json#/" + part + "/" + strings.NewReplacer("~", "~0", "/", "~1", "%", "%25").Replace(name)
		if key != "" {
			inner, _ := entries[name].(map[string]any)
			if inner[key] == nil {
				continue
			}
			pointer += "/" + key
		}
		s, err := r.compiler.Compile(pointer)
		if err != nil {
			r.err = errors.Join(r.err, err)
			continue
		}
		out[name] = s
	}
	return out
}

// Known are the plugins that have a schema.
func (s *Schemas) Known() standalone.Known {
	return standalone.Known{Plugins: slices.Sorted(maps.Keys(s.plugins)), StreamPlugins: slices.Sorted(maps.Keys(s.streams))}
}

// external checks an object, and its plugins, by APISIX's own schemas, but for the parts of which something has been said.
func (c *checker) external(x *object, said map[string]bool) {
	s := c.options.Schemas
	if x.section == "plugin_metadata" {
		c.externally(x, s.metadata[x.id], "", x.node)
		return
	}
	if !said[""] {
		c.externally(x, s.kinds[x.kind], "", x.node)
	}
	plugins := s.plugins
	if x.section == "stream_routes" {
		plugins = s.streams
	}
	if n := x.node.Get("plugins"); n != nil {
		for _, e := range n.Entries {
			schema := plugins[e.Name()]
			if consumer := s.consumers[e.Name()]; consumer != nil && x.section == "consumers" {
				schema = consumer
			}
			if field := "plugins." + e.Name(); !said[field] {
				c.externally(x, schema, field, e.Value)
			}
		}
	}
}

func (c *checker) externally(x *object, schema *jsonschema.Schema, field string, n *standalone.Node) {
	if schema == nil || holdsEnv(n) {
		return
	}
	var wrong *jsonschema.ValidationError
	if err := schema.Validate(plain(n)); !errors.As(err, &wrong) {
		return
	}
	for _, unit := range leaves(wrong) {
		at, path := n, field
		for _, step := range unit.InstanceLocation {
			at, path = descend(at, path, step)
		}
		if at.Kind >= standalone.List && len(at.Items)+len(at.Entries) == 0 && strings.HasPrefix(unit.message, "got ") {
			continue // for Lua an empty list is an empty map
		}
		x.dropped = true
		c.tellAt(x, at, standalone.Error, path, "%s", unit.message)
	}
}

// plain is a value as jsonschema takes it.
func plain(n *standalone.Node) any {
	data, err := json.Marshal(n.Any())
	if err != nil {
		return nil
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return nil
	}
	return v
}

// A leaf is a reason for which a schema refuses a value.
type leaf struct {
	InstanceLocation []string
	message          string
}

// leaves are the reasons at the bottom of an error; of alternatives that all fail the first.
func leaves(e *jsonschema.ValidationError) []leaf {
	if len(e.Causes) == 0 {
		message := e.BasicOutput().Error
		text := e.Error()
		if message != nil {
			text = message.String()
		}
		return []leaf{{e.InstanceLocation, text}}
	}
	causes := e.Causes
	if keyword := e.ErrorKind.KeywordPath(); len(keyword) > 0 && (keyword[len(keyword)-1] == "anyOf" || keyword[len(keyword)-1] == "oneOf") {
		causes = causes[:1]
	}
	var out []leaf
	for _, cause := range causes {
		out = append(out, leaves(cause)...)
	}
	return out
}

// descend takes one step of a path.
func descend(n *standalone.Node, path, step string) (*standalone.Node, string) {
	if n.Kind == standalone.List {
		step = "[" + step + "]"
		return n.At(step), path + step
	}
	if next := n.Get(step); next != nil {
		return next, join(path, step)
	}
	return n, path
}
