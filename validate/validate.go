// Package validate says what is wrong with a file of APISIX's: what APISIX would refuse, what it would drop, what it would
// answer with an error, and what it would take but hardly as it was meant.
//
// It goes in as a file that package standalone has read, and comes out as problems, each with its place in the text. What is
// said rests on how APISIX 3.18 in standalone mode with its router radixtree_host_uri behaves. The package does no I/O.
package validate

import (
	"fmt"
	"slices"

	"github.com/amesh-render/amesh-render/render/apisix"
	"github.com/amesh-render/amesh-render/standalone"
)

// Options are what is known of the APISIX that is to read the file.
type Options struct {
	// Schemas are its own schemas. Without, those plugins that package render/apisix has types for are checked in full, and
	// of the others only what all plugins have in common.
	Schemas *Schemas
}

// Check returns all problems of a file, by position: those that reading it has found, too.
func Check(f *standalone.File, o Options) []standalone.Problem {
	c := newChecker(f, o)
	for _, list := range c.objects {
		for _, x := range list {
			c.schema(x)
			c.identity(x)
		}
	}
	for _, list := range c.objects {
		for _, x := range list {
			c.object(x)
		}
	}
	c.order()
	return standalone.SortProblems(append(c.problems, c.unsaid(f.Problems)...))
}

// object checks one object for what no schema says.
func (c *checker) object(x *object) {
	switch x.section {
	case "routes":
		c.route(x)
	case "services":
		c.each(x, "hosts", x.node.Get("hosts"), hostFlaw)
	case "upstreams":
		c.upstream(x, "", x.node)
	case "ssls":
		c.ssl(x)
	}
	if x.section != "upstreams" {
		c.upstream(x, "upstream", x.node.Get("upstream"))
	}
	c.references(x)
	c.plugins(x)
	c.conditions(x, "vars", x.node.Get("vars"))
}

// An object is an object of the file.
type object struct {
	section, kind, id string
	node              *standalone.Node
	tree              any
	// dropped tells that APISIX does not take it, and replaced that it takes another of the same id.
	dropped, replaced bool
}

// live reports whether APISIX has the object once it has loaded the file.
func (x *object) live() bool { return !x.dropped && !x.replaced }

// checker collects the problems of a file.
type checker struct {
	file     *standalone.File
	options  Options
	known    standalone.Known
	objects  [][]*object                   // by section, in the order of the file
	byID     map[string]map[string]*object // by section and id: the last one that APISIX takes
	dropped  map[string]map[string]*object // the same of those that it drops
	problems []standalone.Problem
	// errors are the places of errors.
	errors map[[2]int]bool
	// numbered are the conditions of routes, each with a number.
	numbered map[string]int
}

func newChecker(f *standalone.File, o Options) *checker {
	c := &checker{
		file: f, options: o, byID: map[string]map[string]*object{}, dropped: map[string]map[string]*object{}, errors: map[[2]int]bool{}, numbered: map[string]int{},
		known: standalone.Known{Plugins: apisix.EveryPluginName, StreamPlugins: apisix.EveryStreamPluginName},
	}
	if o.Schemas != nil {
		c.known = o.Schemas.Known()
	}
	for _, s := range f.Sections {
		if s.Name == "plugins" && len(s.Objects) > 0 {
			c.enabled(s)
		}
		var list []*object
		for i, n := range s.Objects {
			if kind := standalone.Kind(s.Name); kind != "" && n.Kind == standalone.Map {
				list = append(list, &object{section: s.Name, kind: kind, id: standalone.ID(n, i), node: n, tree: f.Tree(n)})
			}
		}
		c.objects = append(c.objects, list)
		c.byID[s.Name], c.dropped[s.Name] = map[string]*object{}, map[string]*object{}
	}
	return c
}

// enabled reads the section plugins, which replaces the list in APISIX's config.yaml.
func (c *checker) enabled(s standalone.Section) {
	c.known = standalone.Known{}
	c.add(standalone.Problem{Line: s.Key.Line, Column: s.Key.Column, Level: standalone.Warning, Kind: "plugins",
		Message: "APISIX keeps to this list when it leaves the file, until it is restarted: config.yaml is the place for it"})
	for _, n := range s.Objects {
		name := n.Get("name")
		switch stream := n.Get("stream"); {
		case name == nil || name.Kind != standalone.String:
			c.add(standalone.Problem{Line: n.Line, Column: n.Column, Level: standalone.Error, Kind: "plugins",
				Message: "is no map with the name of a plugin: APISIX keeps the plugins that it has"})
		case stream != nil && stream.Bool:
			c.known.StreamPlugins = append(c.known.StreamPlugins, name.Text)
		default:
			c.known.Plugins = append(c.known.Plugins, name.Text)
		}
	}
}

func (c *checker) add(p standalone.Problem) {
	if p.Level == standalone.Error {
		c.errors[[2]int{p.Line, p.Column}] = true
	}
	c.problems = append(c.problems, p)
}

// tell adds a problem of an object, at the value of a field or as deep as the path leads.
func (c *checker) tell(x *object, level standalone.Level, field, message string, args ...any) {
	c.tellAt(x, x.node.At(field), level, field, message, args...)
}

func (c *checker) tellAt(x *object, at *standalone.Node, level standalone.Level, field, message string, args ...any) {
	c.add(standalone.Problem{Line: at.Line, Column: at.Column, Level: level, Kind: x.kind, ID: x.id, Field: field,
		Message: fmt.Sprintf(message, args...)})
}

// unsaid are problems of which nothing has been said yet: warnings about values that are errors for other reasons are
// left out.
func (c *checker) unsaid(problems []standalone.Problem) []standalone.Problem {
	return slices.DeleteFunc(slices.Clone(problems), func(p standalone.Problem) bool {
		return p.Level == standalone.Warning && c.errors[[2]int{p.Line, p.Column}]
	})
}

// find is the object that an id refers to; nil when there is none, or the id is not known.
func (c *checker) find(section string, id *standalone.Node) *object {
	return c.byID[section][standalone.IDText(id)]
}

func join(field, next string) string {
	if field == "" {
		return next
	}
	return field + "." + next
}
