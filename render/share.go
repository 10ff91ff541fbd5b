package render

import (
	"maps"
	"slices"
	"strings"

	"github.com/amesh-render/amesh-render/plugins"
	"github.com/amesh-render/amesh-render/render/apisix"
)

// share is the id of the plugin_config that holds the plugins. It depends on where the plugins come from, not
// on what they say: routes need not change when that does.
func (u *userPlugins) share(shared map[string]plugins.Merged) string {
	var identity, names []string
	all := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(shared)) {
		all[name] = shared[name].Config
		identity = append(identity, name)
		for _, s := range shared[name].From {
			identity = append(identity, u.names[s.Config]+" "+s.Field())
			names = append(names, u.names[s.Config])
		}
	}
	slices.Sort(names)
	text := strings.Join(slices.Compact(names), " ")
	id := apisix.ID(text, strings.Join(identity, "\x00"))
	u.objects[id] = apisix.Object{"id": id, "desc": label("AmeshPluginConfig " + text), "plugins": all}
	return id
}

// addRoute adds a route.
func (r *renderer) addRoute(route *apisix.Route) { r.config.Routes = append(r.config.Routes, route) }

// addObject adds an object of a section.
func (r *renderer) addObject(section string, o apisix.Object) {
	if r.config.Others == nil {
		r.config.Others = map[string][]apisix.Object{}
	}
	r.config.Others[section] = append(r.config.Others[section], o)
}

// globalRules renders the configurations that ask for one.
func (u *userPlugins) globalRules(configs []*plugins.Config) {
	q := questionOf(u.config.Routes...)
	for _, c := range configs {
		if !c.Global {
			continue
		}
		all := map[string]any{}
		for name, m := range u.merge([]*plugins.Config{c}) {
			if reason := unfitForAll(name, m.Config, q); reason != "" {
				u.lost(m, "", "%s", reason)
				continue
			}
			all[name] = m.Config
		}
		if len(all) == 0 {
			continue
		}
		u.addObject("global_rules", apisix.Object{"id": apisix.ID(u.names[c], "global rule\x00"+u.names[c]), "plugins": all})
	}
}

// metadata renders the plugin_metadata of configurations: of two for one plugin the later is in force.
func (u *userPlugins) metadata(configs []*plugins.Config) {
	last := map[string]*plugins.Config{}
	for _, c := range configs {
		for _, name := range slices.Sorted(maps.Keys(c.Metadata)) {
			field := "spec.pluginMetadata." + name
			if !u.known(name) {
				u.findings.dropped(u.at(c), field, "APISIX 3.18 has no plugin %q; --custom-plugin names those of your own", name)
				continue
			}
			if before := last[name]; before != nil {
				u.findings.dropped(u.at(before), field, "%s has it too, and comes later: this one has no effect", u.at(c))
			}
			last[name] = c
		}
	}
	for _, name := range slices.Sorted(maps.Keys(last)) {
		o := apisix.Object(maps.Clone(last[name].Metadata[name]))
		o["id"] = name
		u.addObject("plugin_metadata", o)
	}
}
