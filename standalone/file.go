// Package standalone reads the files that Apache APISIX in standalone mode reads, apisix.yaml and apisix.json, as APISIX
// 3.18 itself would: with YAML 1.1's idea of types, the substitution of environment variables, and the way in which it
// passes over what it does not understand. Every value keeps its place in the text.
//
// It goes in as text, and comes out as a tree of nodes, as objects by section, or as the configuration that is left once
// all references are resolved. The package knows what APISIX's readers do; what its schemas demand is in package schema,
// and what else may be wrong with a file in package validate. It does no I/O.
package standalone

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// File is one apisix.yaml or apisix.json.
type File struct {
	Name string
	// JSON tells that it was read by the rules of apisix.json.
	JSON bool
	// Sections are the lists of the file, in its order. A section that APISIX would take for empty has no objects.
	Sections []Section
	// Problems are what is wrong with the text, the sections, and the types of values as APISIX reads them; by position.
	Problems []Problem

	root *Node
}

// Section is one list of a file: "routes", "upstreams", or one that APISIX does not know.
type Section struct {
	Name string
	Key  *Node // the name in the text
	// Objects are all the items of the list, also those that are no maps, which APISIX passes over.
	Objects []*Node
}

// Level says how bad a problem is.
type Level string

const (
	// Error means that APISIX refuses the file, drops the object, or answers its requests with an error.
	Error Level = "error"
	// Warning means that APISIX takes it, but hardly as it was meant.
	Warning Level = "warning"
)

// Problem is something in a file that APISIX refuses, or that hardly does what was meant.
type Problem struct {
	Line, Column int // from 1; Column counts characters
	Level        Level
	Kind, ID     string // of the object, as people call it: "route"; both empty when it is about the file
	Field        string // path of the value in the object: "hosts[0]"; may be empty
	Message      string

	substitution bool // of a variable in the raw text: the object is not known yet
}

// String is the problem as people read it, without its place: route/r1: hosts[0]: …
func (p Problem) String() string {
	parts := []string{p.Kind, p.Field, p.Message}
	if p.ID != "" {
		parts[0] += "/" + p.ID
	}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ": ")
}

// SortProblems sorts by position and removes repetitions.
func SortProblems(problems []Problem) []Problem {
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Level, b.Level),
			cmp.Compare(a.Field, b.Field), cmp.Compare(a.Message, b.Message))
	})
	return slices.Compact(problems)
}

// A SyntaxError is a text that APISIX cannot parse: it refuses the whole file, and does not start with it.
type SyntaxError struct {
	Name         string
	Line, Column int // Column is 0 where it is not known
	Message      string
}

func (e *SyntaxError) Error() string {
	if e.Column == 0 {
		return fmt.Sprintf("%s:%d: %s", e.Name, e.Line, e.Message)
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.Name, e.Line, e.Column, e.Message)
}

// Read reads a file. The name decides between the rules of apisix.json and those of apisix.yaml, and stands in errors;
// nothing is opened by it. A text that APISIX cannot parse is a *SyntaxError; whatever else is wrong is in File.Problems.
func Read(name string, text []byte) (*File, error) {
	r := reader{file: &File{Name: name, JSON: isJSON(name, text)}}
	if err := r.read(text); err != nil {
		err.Name = name
		return nil, err
	}
	return r.file, nil
}

// Section returns the section of that name; its zero value when there is none.
func (f *File) Section(name string) Section {
	for _, s := range f.Sections {
		if s.Name == name {
			return s
		}
	}
	return Section{}
}

// kinds are what people call an object of each section.
var kinds = map[string]string{
	"routes": "route", "upstreams": "upstream", "services": "service", "plugin_configs": "plugin_config",
	"global_rules": "global_rule", "plugin_metadata": "plugin_metadata", "consumers": "consumer",
	"consumer_groups": "consumer_group", "ssls": "ssl", "stream_routes": "stream_route", "protos": "proto", "secrets": "secret",
}

// Plugins are the objects of the section plugins, the list of those that are switched on; there says whether it is there.
func (f *File) Plugins() (list []apisix.Object, there bool) {
	list = []apisix.Object{}
	for _, s := range f.Sections {
		if s.Name != "plugins" {
			continue
		}
		there = true
		for _, o := range s.Objects {
			if m, ok := o.Any().(map[string]any); ok {
				list = append(list, m)
			}
		}
	}
	return list, there
}

// Kind is what people call an object of that section: "route". It is empty for a section that APISIX does not know.
func Kind(section string) string { return kinds[section] }

// ID is the id by which APISIX knows the item at index i of a section, from 0: its id, else its username, else its place.
func ID(o *Node, i int) string {
	for _, key := range []string{"id", "username"} {
		if text := IDText(o.Get(key)); text != "" {
			return text
		}
	}
	return fmt.Sprintf("arr_%d", i+1)
}

// IDText is an id, or a reference to one, in the form in which APISIX keeps it: a number is its decimal digits. It is empty
// for what is none, nil included.
func IDText(n *Node) string {
	switch {
	case n == nil || n.Kind == Null || n.Kind >= List:
		return ""
	case n.Kind == Number:
		return strconv.FormatFloat(n.Number, 'f', -1, 64)
	}
	return n.Text
}

// Objects are the objects by section, in the order of the file. Items that are no maps are left out, and sections that
// APISIX does not know.
func (f *File) Objects() map[string][]apisix.Object {
	out := map[string][]apisix.Object{}
	for _, s := range f.Sections {
		for _, o := range s.Objects {
			if m, ok := o.Any().(map[string]any); ok && kinds[s.Name] != "" {
				out[s.Name] = append(out[s.Name], m)
			}
		}
	}
	return out
}
