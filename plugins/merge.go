package plugins

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A Pod is whose routes are rendered.
type Pod struct {
	Namespace string // empty if nobody knows
	Labels    map[string]string
}

// For reports whether the configuration is for a pod; if not, why says it in words.
func (c *Config) For(pod Pod) (ok bool, why string) {
	switch {
	case c.Disabled:
		return false, "it is disabled"
	case c.Namespace != "" && pod.Namespace == "":
		return false, fmt.Sprintf("it is for the namespace %q, and nobody knows in which the pod is", c.Namespace)
	case c.Namespace != "" && c.Namespace != pod.Namespace:
		return false, fmt.Sprintf("it is for the namespace %q, and the pod is in %q", c.Namespace, pod.Namespace)
	case !c.Selector.Matches(pod.Labels):
		return false, fmt.Sprintf("it is for pods with %s, and this one has %s", c.Selector, labelText(pod.Labels))
	}
	return true, ""
}

func labelText(labels map[string]string) string {
	if len(labels) == 0 {
		return "no labels"
	}
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		parts = append(parts, key+"="+labels[key])
	}
	return strings.Join(parts, ",")
}

// Resource is how findings name the configuration, read by a pod of that namespace.
func (c *Config) Resource(namespace string) string {
	if c.Namespace != "" {
		namespace = c.Namespace
	}
	if namespace == "" {
		return "plugin_config/" + c.Name
	}
	return "plugin_config/" + namespace + "/" + c.Name
}

// Sort orders configurations as they are merged: by namespace and name. One without a namespace is in that of the pod.
func Sort(configs []*Config, pod Pod) {
	slices.SortStableFunc(configs, func(a, b *Config) int {
		x, y := *a, *b
		for _, c := range []*Config{&x, &y} {
			if c.Namespace == "" {
				c.Namespace = pod.Namespace
			}
		}
		return x.compare(&y)
	})
}

// A Source is an entry of a configuration's plugins.
type Source struct {
	Config *Config
	Index  int // in its plugins
}

// Field is the path of the entry.
func (s Source) Field() string { return fmt.Sprintf("spec.plugins[%d]", s.Index) }

// A Merged is one plugin of APISIX, as several configurations together have it.
type Merged struct {
	Config map[string]any
	// From are the entries that it comes from: one, or several that a runner's plugin runs.
	From []Source
}

// A Conflict is an entry that has no effect, as a later one is of the same plugin.
type Conflict struct{ Lost, By Source }

// Merge is what configurations, in the order of Sort, come to together: of two entries of one plugin the later is in
// force, alone.
func Merge(configs []*Config) (map[string]Merged, []Conflict) {
	type key struct{ kind, name string }
	last := map[key]Source{}
	var order []key
	var conflicts []Conflict
	for _, c := range configs {
		for i, p := range c.Plugins {
			k, s := key{p.Type, p.Name}, Source{c, i}
			if before, ok := last[k]; ok {
				conflicts = append(conflicts, Conflict{before, s})
			} else {
				order = append(order, k)
			}
			last[k] = s
		}
	}
	merged := map[string]Merged{}
	for _, k := range order {
		if s := last[k]; k.kind == "" {
			merged[k.name] = Merged{s.plugin().Config, []Source{s}}
		}
	}
	for _, k := range order {
		if s := last[k]; k.kind != "" {
			merged[runnerPlugins[k.kind]] = merged[runnerPlugins[k.kind]].with(s)
		}
	}
	return merged, conflicts
}

func (s Source) plugin() Plugin { return s.Config.Plugins[s.Index] }

// with is the plugin that calls a runner, with one more of the runner's plugins.
func (m Merged) with(s Source) Merged {
	conf := maps.Clone(m.Config)
	if conf == nil {
		conf = map[string]any{}
	}
	list, _ := conf["conf"].([]any)
	p := s.plugin()
	conf["conf"] = append(slices.Clone(list), map[string]any{"name": p.Name, "value": p.Value})
	return Merged{conf, append(slices.Clone(m.From), s)}
}
