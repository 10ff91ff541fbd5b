package standalone

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// How trees become the types of package render/apisix.

// decode reads a tree into what v points to. Fields that v has not are left out.
func decode(tree, v any) error {
	data, err := json.Marshal(tree)
	if err != nil {
		return err
	}
	return wrongType(json.Unmarshal(data, v))
}

// wrongType is an error of encoding/json's in words that speak of the file.
func wrongType(err error) error {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return fmt.Errorf("%s is a %s", wrong.Field, wrong.Value)
	}
	if err != nil {
		if field, unknown := strings.CutPrefix(err.Error(), "json: unknown field "); unknown {
			return fmt.Errorf("the field %s", field)
		}
	}
	return err
}

// text is a value that refers to something by its id, which may be a number.
func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return ""
}

// idText makes a field that holds an id a string.
func idText(fields map[string]any, key string) {
	if id := text(fields[key]); id != "" {
		fields[key] = id
	}
}

// nodeList is the list of nodes that stands for the other form, a map from "host:port" to a weight.
func nodeList(v any) []any {
	m, _ := v.(map[string]any)
	nodes := make([]any, 0, len(m))
	for _, address := range sortedKeys(m) {
		host, port := address, 80.0
		if i := strings.LastIndexByte(address, ':'); i > strings.LastIndexByte(address, ']') {
			if p, err := strconv.ParseFloat(address[i+1:], 64); err == nil {
				host, port = address[:i], p
			}
		}
		nodes = append(nodes, map[string]any{"host": host, "port": port, "weight": m[address]})
	}
	return nodes
}

func sortedKeys(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }

// pluginFields are the fields of apisix.Plugins, by the names of their plugins.
var pluginFields = func() map[string]int {
	all := map[string]int{}
	t := reflect.TypeFor[apisix.Plugins]()
	for i := range t.NumField() {
		if name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ","); name != "-" {
			all[name] = i
		}
	}
	return all
}()

// NewPlugin is a pointer to a new value of the type that holds a plugin's configuration; nil when there is none.
func NewPlugin(name string) any {
	i, ok := pluginFields[name]
	if !ok {
		return nil
	}
	return reflect.New(reflect.TypeFor[apisix.Plugins]().Field(i).Type.Elem()).Interface()
}

// decodePlugins turns the plugins of a route into their types. One that its type cannot hold goes to Other.
func (r *resolver) decodePlugins(o object, all map[string]any) *apisix.Plugins {
	out := new(apisix.Plugins)
	for _, name := range sortedKeys(all) {
		configuration, _ := all[name].(map[string]any)
		if disabled(configuration) {
			continue
		}
		if name == "traffic-split" {
			configuration = r.inlineUpstreams(o, configuration)
		}
		plugin := NewPlugin(name)
		if plugin != nil && configuration != nil {
			err := decodeStrictly(withDefaults(name, configuration), plugin)
			if err == nil {
				reflect.ValueOf(out).Elem().Field(pluginFields[name]).Set(reflect.ValueOf(plugin))
				continue
			}
			r.add(o, Warning, "plugins."+name, "what this plugin does is not known in full: %v", err)
		}
		if out.Other == nil {
			out.Other = map[string]any{}
		}
		out.Other[name] = all[name]
	}
	return out
}

// disabled reports whether a plugin's configuration switches the plugin off.
func disabled(configuration map[string]any) bool {
	meta, _ := configuration["_meta"].(map[string]any)
	off, _ := meta["disable"].(bool)
	return off
}

// decodeStrictly is decode where fields that v has not are an error. A Meta without effect is left out.
func decodeStrictly(tree map[string]any, v any) error {
	if meta, ok := tree["_meta"].(map[string]any); ok {
		tree, meta = maps.Clone(tree), maps.Clone(meta)
		delete(meta, "disable")
		tree["_meta"] = meta
		if len(meta) == 0 {
			delete(tree, "_meta")
		}
	}
	data, err := json.Marshal(tree)
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return wrongType(err)
	}
	return nil
}

// pluginDefaults are defaults of APISIX's that the types of package render/apisix do not know, because the renderer always
// writes these fields.
var pluginDefaults = map[string]map[string]any{
	"cors":         {"allow_methods": "*", "allow_headers": "*"},
	"limit-req":    {"policy": "local"},
	"forward-auth": {"keepalive": true},
}

func withDefaults(name string, configuration map[string]any) map[string]any {
	defaults := pluginDefaults[name]
	if defaults == nil {
		return configuration
	}
	out := maps.Clone(defaults)
	maps.Copy(out, configuration)
	return out
}

// inlineUpstreams makes upstreams of their own of those within a traffic-split.
func (r *resolver) inlineUpstreams(o object, configuration map[string]any) map[string]any {
	configuration = deepCopy(configuration).(map[string]any)
	rules, _ := configuration["rules"].([]any)
	for i, rule := range rules {
		rule, _ := rule.(map[string]any)
		weighted, _ := rule["weighted_upstreams"].([]any)
		for j, w := range weighted {
			w, _ := w.(map[string]any)
			if w == nil {
				continue
			}
			setDefault(w, "weight", 1.0)
			idText(w, "upstream_id")
			inline, ok := w["upstream"].(map[string]any)
			id := fmt.Sprintf("route/%s/%d/%d", o.id, i, j)
			field := fmt.Sprintf("plugins.traffic-split.rules[%d].weighted_upstreams[%d].upstream", i, j)
			if ok && w["upstream_id"] == nil && r.upstream(o, field, inline, id) {
				delete(w, "upstream")
				w["upstream_id"] = id
			}
		}
	}
	return configuration
}

// deepCopy is a copy of a tree's maps and lists.
func deepCopy(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, x := range v {
			out[k] = deepCopy(x)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, x := range v {
			out[i] = deepCopy(x)
		}
		return out
	}
	return v
}
