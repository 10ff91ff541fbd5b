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
		if name != "-" && !slices.Contains(apisix.EveryPluginName, name) {
			t.Errorf("APISIX has no plugin %q", name)
		}
	}
}
