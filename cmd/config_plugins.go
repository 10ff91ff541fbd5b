package cmd

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// pluginName is what APISIX can take for the name of a plugin: a part of a Lua module's name.
var pluginName = regexp.MustCompile(`^[a-zA-Z0-9_-]+(\.[a-zA-Z0-9_-]+)*$`)

// pluginList is APISIX's list of plugins, sorted; ours and the user's come last.
func (f *configFlags) pluginList() ([]string, error) {
	list := apisix.RenderedPluginNames()
	if f.plugins == "all" {
		list = slices.DeleteFunc(slices.Clone(apisix.PluginNames), func(name string) bool {
			return apisix.UnlistedPlugins[name] != ""
		})
	}
	if f.lua == "on" {
		list = append(list, apisix.LuaPluginNames...)
	}
	for _, name := range f.custom {
		switch {
		case !pluginName.MatchString(name):
			return nil, fmt.Errorf("--custom-plugin %q is not the name of a plugin", name)
		case name == "ai":
			return nil, fmt.Errorf("--custom-plugin ai: this plugin %s", apisix.UnlistedPlugins[name])
		case !slices.Contains(list, name):
			list = append(list, name)
		}
	}
	return list, nil
}

// streamPluginList is the list for stream routes.
func (f *configFlags) streamPluginList() []string {
	list := apisix.RenderedStreamPluginNames()
	if f.plugins == "all" {
		list = slices.Clone(apisix.StreamPluginNames)
	}
	if f.lua == "on" {
		list = append(list, apisix.LuaStreamPluginNames...)
	}
	return list
}
