package plugins

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// What an AmeshPluginConfig says that it is.
const (
	Kind       = "AmeshPluginConfig"
	group      = "apisix.apache.org"
	APIVersion = group + "/v1alpha1"
)

// Parse reads the manifests of a file, YAML with any number of documents or JSON, lists of objects unpacked. Objects of
// other kinds are passed over, with a Problem. An error is an *Error: the text is not YAML, a field is of the wrong type, a
// plugin has no name, its configuration is not JSON.
func Parse(name string, text []byte) (*File, error) {
	file := &File{Name: name}
	if json.Valid(text) { // YAML but for tabs, which JSON has between values only
		text = bytes.ReplaceAll(text, []byte("\t"), []byte(" "))
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	r := &reader{values: values{left: maxValues}}
	for {
		var doc yaml.Node
		err := decoder.Decode(&doc)
		if errors.Is(err, io.EOF) {
			return file, nil
		}
		if err != nil {
			return nil, yamlError(name, "is not YAML: ", err)
		}
		if err := r.document(file, &doc); err != nil {
			return nil, placed(name, err)
		}
	}
}

// placed is an error with the name of the file.
func placed(name string, err error) *Error {
	var at *nodeError
	if errors.As(err, &at) {
		return &Error{File: name, Line: at.line, Path: at.path, Err: at.err}
	}
	return &Error{File: name, Err: err}
}

// yamlLine is how the YAML reader says where something is.
var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// yamlError is an error of the YAML reader.
func yamlError(name, what string, err error) *Error {
	at := yamlLine.FindStringSubmatch(err.Error())
	if at == nil {
		return &Error{File: name, Err: errors.New(what + err.Error())}
	}
	line, _ := strconv.Atoi(at[1])
	return &Error{File: name, Line: line, Err: errors.New(what + strings.TrimPrefix(err.Error(), at[0]))}
}

// document reads one document.
func (r *reader) document(file *File, doc *yaml.Node) error {
	for _, n := range doc.Content {
		if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
			continue
		}
		r.manifest(file, resolve(n), 0)
	}
	return r.err
}

// manifest reads one object, or those in a list of objects.
func (r *reader) manifest(file *File, n *yaml.Node, depth int) {
	o := r.object(n, "")
	kind, version := o.text("kind"), o.text("apiVersion")
	switch {
	case r.err != nil:
	case kind == "":
		r.fail(failAt(n, "kind", "is missing: expected %s", Kind))
	case kind == "List" || kind == Kind+"List":
		for _, item := range o.list("items") {
			if depth > 3 {
				r.fail(failAt(item, "items", "has lists in lists"))
				return
			}
			r.manifest(file, item, depth+1)
		}
	case kind != Kind || version != APIVersion:
		if version == "" && kind == Kind {
			r.fail(failAt(n, "apiVersion", "is missing: expected %s", APIVersion))
			return
		}
		file.Problems = append(file.Problems, Problem{Field: fmt.Sprintf("line %d", n.Line),
			Message: fmt.Sprintf("a %s of %q is passed over: only %s of %s are read", kind, version, Kind, APIVersion)})
	default:
		r.problems = nil
		if c := r.config(o); r.err == nil {
			c.File, c.Line, c.Problems = file.Name, n.Line, r.problems
			file.Configs = append(file.Configs, c)
		}
	}
}

// config reads an AmeshPluginConfig.
func (r *reader) config(o *object) *Config {
	c := &Config{}
	if meta := o.child("metadata"); meta != nil { // of the rest of it, everything is allowed
		c.Name, c.Namespace = meta.text("name"), meta.text("namespace")
	}
	if c.Name == "" {
		r.fail(failAt(o.node, join(o.path, "metadata.name"), "is missing"))
	}
	o.get("status")
	spec := o.child("spec")
	if spec == nil {
		r.fail(failAt(o.node, join(o.path, "spec"), "is missing"))
		return c
	}
	for i, n := range spec.list("plugins") {
		c.Plugins = append(c.Plugins, r.plugin(r.object(n, fmt.Sprintf("%s.plugins[%d]", spec.path, i))))
	}
	c.Selector = r.selector(spec)
	for i, n := range spec.list("targets") {
		c.Targets = append(c.Targets, r.target(r.object(n, fmt.Sprintf("%s.targets[%d]", spec.path, i))))
	}
	c.Global, c.Disabled = spec.flag("global"), spec.flag("disabled")
	c.Metadata = r.metadata(spec)
	if c.Global && len(c.Targets) > 0 {
		r.problems = append(r.problems, Problem{Lost: true, Field: spec.path + ".targets", Message: "a global rule is " +
			"for all requests"})
	}
	if len(c.Plugins)+len(c.Metadata) == 0 {
		r.problems = append(r.problems, Problem{Lost: true, Field: spec.path, Message: "there are no plugins in it"})
	}
	spec.rest()
	o.rest()
	return c
}

// plugin reads one entry of spec.plugins.
func (r *reader) plugin(o *object) Plugin {
	p := Plugin{Name: o.text("name"), Type: o.text("type")}
	if p.Name == "" {
		r.fail(failAt(o.node, o.path+".name", "is missing"))
	}
	if !slices.Contains([]string{"", PreReq, PostReq}, p.Type) {
		r.fail(failAt(o.get("type"), o.path+".type", `is %q: it is "", %q or %q`, p.Type, PreReq, PostReq))
	}
	n := o.get("config")
	o.rest()
	var err error
	switch {
	case r.err != nil:
	case p.Type != "":
		p.Value, err = r.runnerValue(n, o)
	case n == nil:
		p.Config = map[string]any{}
	case n.Kind == yaml.ScalarNode && n.Tag == "!!str":
		if p.Config, err = parseJSON(n.Value); err != nil {
			err = failAt(n, o.path+".config", "%w", err)
		}
	default:
		p.Config, err = r.structured(n, o.path+".config")
	}
	if err != nil {
		r.fail(err)
	}
	return p
}

// structured is a value that is written as YAML, not as a string.
func (r *reader) structured(n *yaml.Node, path string) (map[string]any, error) {
	if n.Kind != yaml.MappingNode {
		return nil, failAt(n, path, "is %s: it is JSON in a string, or a mapping", describe(n))
	}
	x, err := r.value(n, path)
	if err != nil {
		return nil, err
	}
	return x.(map[string]any), nil
}

// runnerValue is what a runner's plugin gets: the text as it is, a mapping as JSON.
func (r *reader) runnerValue(n *yaml.Node, o *object) (string, error) {
	switch {
	case n == nil:
		return "", failAt(o.node, o.path+".config", "is missing: a runner's plugin has one")
	case n.Kind == yaml.ScalarNode && n.Tag == "!!str":
		return n.Value, nil
	}
	m, err := r.structured(n, o.path+".config")
	if err != nil {
		return "", err
	}
	return toJSON(m), nil
}

// metadata reads spec.pluginMetadata.
func (r *reader) metadata(spec *object) map[string]map[string]any {
	all := spec.child("pluginMetadata")
	if all == nil {
		return nil
	}
	m := map[string]map[string]any{}
	for _, p := range all.pairs {
		path := all.path + "." + p.key
		conf, err := r.structured(resolve(p.value), path)
		if err != nil {
			r.fail(err)
			return nil
		}
		m[p.key] = conf
	}
	return m
}
