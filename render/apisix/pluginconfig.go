package apisix

import "encoding/json"

// Effective are the plugins of the route as APISIX runs them: its own, and those of its plugin_config that it has none of
// the name of. It is not ok when the plugin_config is missing: requests to the route are answered 503.
func (c *Config) Effective(r *Route) (plugins *Plugins, ok bool) {
	if r.PluginConfigID == "" {
		return r.Plugins, true
	}
	for _, o := range c.Others["plugin_configs"] {
		if o.ID("plugin_configs") == r.PluginConfigID {
			plugins, ok = readPlugins(o["plugins"]), true
		}
	}
	if !ok {
		return r.Plugins, false
	}
	return r.Plugins.over(plugins), true
}

// readPlugins are plugins as an object without a struct holds them.
func readPlugins(value any) *Plugins {
	var p Plugins
	text, err := json.Marshal(value)
	if err != nil || json.Unmarshal(text, &p) != nil {
		return &Plugins{}
	}
	return &p
}

// over is p with those of base that p has none of the name of.
func (p *Plugins) over(base *Plugins) *Plugins {
	merged := base.Clone()
	own := p.Clone()
	for _, name := range own.Names() {
		delete(merged.Other, name)
		if conf, ok := own.Other[name]; ok {
			merged.Put(name, conf)
		}
	}
	own.eachField(func(index int) {
		if from := own.field(index); !from.IsNil() {
			merged.field(index).Set(from)
		}
	})
	return merged
}
