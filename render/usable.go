package render

import (
	"maps"
	"slices"
	"strings"

	"github.com/amesh-render/amesh-render/plugins"
	"github.com/amesh-render/amesh-render/render/apisix"
)

// merge is what the configurations come to together on a route, without what APISIX does not have and what is disabled.
func (u *userPlugins) merge(configs []*plugins.Config) map[string]plugins.Merged {
	merged, conflicts := plugins.Merge(configs)
	for _, c := range conflicts {
		u.findings.dropped(u.at(c.Lost.Config), c.Lost.Field(), "%s has this plugin too, and comes later: of the "+
			"routes of both, this one has no effect",
			u.at(c.By.Config).String()+" "+c.By.Field())
	}
	return u.usable(merged)
}

// usable are the plugins that APISIX has and that are not disabled. Of those that are used in an unusual way, it reports it.
func (u *userPlugins) usable(merged map[string]plugins.Merged) map[string]plugins.Merged {
	usable := map[string]plugins.Merged{}
	for name, m := range merged {
		switch {
		case !u.known(name):
			u.lost(m, ".name", "APISIX 3.18 has no plugin %q, and would leave out all that names it; --custom-plugin "+
				"names those of your own", name)
			continue
		case metaOf(m.Config)["disable"] == true:
			continue
		case slices.Contains(offByDefault, name):
			u.near(m, ".name", "APISIX does not load the plugin %q by default: without it in the plugins of its "+
				"config.yaml, the routes answer 503", name)
		}
		if substitutes(m.Config) {
			u.near(m, ".config", "in apisix.json, APISIX replaces ${{…}} by a variable of its environment; in "+
				"apisix.yaml the text stays as it is")
		}
		if slices.Contains(countsLocally, name) && m.Config["policy"] == nil {
			m.Config = maps.Clone(m.Config)
			m.Config["policy"] = "local"
		}
		usable[name] = m
	}
	return usable
}

// countsLocally are plugins of which APISIX's schema asks for a Redis host unless the policy is named, even if it is the one
// by default. Manifests that leave it out have worked before.
var countsLocally = []string{"ai-rate-limiting", "graphql-limit-count", "limit-conn", "limit-count", "limit-req"}

// offByDefault are plugins that are not among those that APISIX loads by default.
var offByDefault = []string{"batch-requests", "brotli", "error-log-logger", "log-rotate", "node-status", "ocsp-stapling",
	"opentelemetry", "server-info", "skywalking"}

func (r *renderer) known(plugin string) bool {
	return slices.Contains(apisix.PluginNames, plugin) || slices.Contains(r.options.CustomPlugins, plugin)
}

// lost and near report something of each of the entries that a plugin comes from.
func (u *userPlugins) lost(m plugins.Merged, field, format string, args ...any) {
	for _, s := range m.From {
		u.findings.dropped(u.at(s.Config), s.Field()+field, format, args...)
	}
}

func (u *userPlugins) near(m plugins.Merged, field, format string, args ...any) {
	for _, s := range m.From {
		u.findings.approximate(u.at(s.Config), s.Field()+field, format, args...)
	}
}

// metaOf is what a configuration says to APISIX of the plugin's use.
func metaOf(conf map[string]any) map[string]any {
	meta, _ := conf["_meta"].(map[string]any)
	return meta
}

// substitutes reports whether a value holds what APISIX's json provider would replace.
func substitutes(x any) bool {
	switch x := x.(type) {
	case string:
		return strings.Contains(x, "${{")
	case []any:
		return slices.ContainsFunc(x, substitutes)
	case map[string]any:
		for key, v := range x {
			if substitutes(key) || substitutes(v) {
				return true
			}
		}
	}
	return false
}
