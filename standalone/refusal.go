package standalone

import (
	"fmt"
	"slices"

	"github.com/amesh-render/amesh-render/render/apisix"
	"github.com/amesh-render/amesh-render/standalone/schema"
)

// Tree is the value of a node as package schema looks at it: as Any, with substitutions that may be anything, and YAML's null,
// which APISIX's reader makes a table.
func (f *File) Tree(n *Node) any {
	unknown := func(string) any { return schema.Anything{} }
	if f.JSON {
		return n.tree(unknown, nil)
	}
	return n.tree(unknown, schema.Table{})
}

// refusal is the first reason for which APISIX would drop an object of a section.
func (f *File) refusal(section string, n *Node) (schema.Fault, bool) {
	for _, fault := range Refusals(section, f.Tree(n)) {
		return fault, true
	}
	return schema.Fault{}, false
}

// Refusals are the reasons for which APISIX would drop an object of a section, given as [File.Tree] makes it: of its own
// fields, then of its plugins in the order of their names.
func Refusals(section string, tree any) []schema.Fault {
	faults := Faults(section, tree, Known{apisix.EveryPluginName, apisix.EveryStreamPluginName})
	return slices.DeleteFunc(faults, func(f schema.Fault) bool { return f.Ignored })
}

// Known are the names of the plugins that an APISIX has.
type Known struct{ Plugins, StreamPlugins []string }

// Faults are what APISIX's schemas say against an object of a section: of its own fields, then of its plugins.
func Faults(section string, tree any, all Known) []schema.Fault {
	faults := schema.Object(section, tree)
	m, _ := tree.(map[string]any)
	known := all.Plugins
	if section == "stream_routes" {
		known = all.StreamPlugins
	}
	plugins, _ := m["plugins"].(map[string]any)
	for _, name := range sortedKeys(plugins) {
		path := "plugins." + name
		if !slices.Contains(known, name) {
			faults = append(faults, schema.Fault{Path: path, Key: true, Message: fmt.Sprintf("APISIX has no plugin of the name %.60q%s", name, elsewhere(all, section, name))})
			continue
		}
		if section == "stream_routes" {
			continue // the plugins of streams have schemas of their own
		}
		for _, fault := range schema.Plugin(name, plugins[name]) {
			fault.Path = join(path, fault.Path)
			faults = append(faults, fault)
		}
	}
	return faults
}

// elsewhere is a hint for a plugin that there is, but not for streams.
func elsewhere(all Known, section, name string) string {
	if section == "stream_routes" && slices.Contains(all.Plugins, name) {
		return " for streams"
	}
	return ""
}
