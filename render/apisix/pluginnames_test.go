package apisix_test

import (
	"encoding/json"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// The names are those that APISIX's control API prints.
func TestPluginNames(t *testing.T) {
	data, err := os.ReadFile("../../../shared/apisix-schema.json")
	if os.IsNotExist(err) {
		t.Skip("no ../shared/apisix-schema.json beside the repository: the names of plugins are not checked")
	}
	if err != nil {
		t.Fatal(err)
	}
	var reference struct {
		Plugins       map[string]any `json:"plugins"`
		StreamPlugins map[string]any `json:"stream_plugins"`
	}
	if err := json.Unmarshal(data, &reference); err != nil {
		t.Fatal(err)
	}
	if want := slices.Sorted(maps.Keys(reference.Plugins)); !slices.Equal(apisix.PluginNames, want) {
		t.Errorf("got %v, want %v", apisix.PluginNames, want)
	}
	if want := slices.Sorted(maps.Keys(reference.StreamPlugins)); !slices.Equal(apisix.StreamPluginNames, want) {
		t.Errorf("got %v, want %v", apisix.StreamPluginNames, want)
	}
}

// Every plugin that has a type is one of APISIX's.
func TestPluginTypes(t *testing.T) {
	plugins := reflect.TypeFor[apisix.Plugins]()
	for i := range plugins.NumField() {
		name, _, _ := strings.Cut(plugins.Field(i).Tag.Get("json"), ",")
		if name == "-" || slices.Contains(apisix.LuaPluginNames, name) {
			continue
		}
		if !slices.Contains(apisix.PluginNames, name) {
			t.Errorf("APISIX has no plugin %q", name)
		}
		if !slices.Contains(apisix.RenderedPluginNames(), name) {
			t.Errorf("RenderedPluginNames lacks %q", name)
		}
	}
}

// APISIX finds a plugin by its name alone: one of ours that had the name of one of APISIX's would take its place.
func TestLuaPluginNames(t *testing.T) {
	for ours, theirs := range map[*[]string]*[]string{
		&apisix.LuaPluginNames:       &apisix.PluginNames,
		&apisix.LuaStreamPluginNames: &apisix.StreamPluginNames,
	} {
		if !slices.IsSorted(*ours) {
			t.Errorf("%v is not sorted", *ours)
		}
		for _, name := range *ours {
			if !strings.HasPrefix(name, "amesh-") || slices.Contains(*theirs, name) {
				t.Errorf("%q may be a plugin of APISIX", name)
			}
		}
	}
}
