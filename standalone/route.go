package standalone

import (
	"maps"
	"slices"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// route adds a route.
func (r *resolver) route(o object) {
	if status, ok := o.fields["status"].(float64); ok && status == 0 {
		return
	}
	plugins := r.plugins(o)
	for _, field := range []string{"filter_func", "script", "script_id"} {
		if o.fields[field] != nil {
			r.add(o, Warning, field, "what this Lua code does is not known")
		}
	}
	r.service(o, plugins)
	conditions(o.fields)
	fields := maps.Clone(o.fields)
	fields["id"] = o.id
	delete(fields, "plugins")
	if inline, ok := fields["upstream"].(map[string]any); ok && r.upstream(o, "upstream", inline, "route/"+o.id) {
		fields["upstream_id"] = "route/" + o.id
	}
	if host, ok := fields["host"]; ok && fields["hosts"] == nil {
		fields["hosts"] = []any{host}
	}
	idText(fields, "upstream_id")
	route := new(apisix.Route)
	if err := decode(fields, route); err != nil {
		r.add(o, Warning, "", "cannot be told in full: %v", err)
		return
	}
	if plugins != nil {
		route.Plugins = r.decodePlugins(o, plugins)
	}
	route.PluginConfigID = "" // its plugins are the route's now
	r.config.Routes = append(r.config.Routes, route)
}

// plugins are those of the route, of its plugin_config and of its service; nil when it has none at all.
func (r *resolver) plugins(o object) map[string]any {
	plugins, _ := o.fields["plugins"].(map[string]any)
	plugins = maps.Clone(plugins)
	add := func(from object) {
		more, _ := from.fields["plugins"].(map[string]any)
		for name, configuration := range more {
			if plugins == nil {
				plugins = map[string]any{}
			}
			setDefault(plugins, name, configuration)
		}
	}
	if id := text(o.fields["plugin_config_id"]); id != "" {
		from, ok := r.pluginConfigs[id]
		if !ok {
			return r.answer(o, "plugin_config_id", "plugin_config", id, 503)
		}
		add(from)
	}
	if id := text(o.fields["service_id"]); id != "" {
		from, ok := r.services[id]
		if !ok {
			return r.answer(o, "service_id", "service", id, 404)
		}
		add(from)
	}
	return plugins
}

// answer is what stands for the answer that APISIX gives because something is missing.
func (r *resolver) answer(o object, field, kind, id string, status int) map[string]any {
	r.add(o, Error, field, "there is no %s %q: requests are answered %d", kind, id, status)
	return map[string]any{"fault-injection": map[string]any{"abort": map[string]any{"http_status": float64(status)}}}
}

// service adds what a route has from its service, besides plugins.
func (r *resolver) service(o object, plugins map[string]any) {
	service, ok := r.services[text(o.fields["service_id"])]
	if !ok {
		return
	}
	if o.fields["upstream"] == nil && o.fields["upstream_id"] == nil {
		if inline, ok := service.fields["upstream"].(map[string]any); ok {
			id := "service/" + service.id
			if slices.ContainsFunc(r.config.Upstreams, func(u *apisix.Upstream) bool { return u.ID == id }) ||
				r.upstream(service, "upstream", inline, id) {
				o.fields["upstream_id"] = id
			}
		} else if id := text(service.fields["upstream_id"]); id != "" {
			o.fields["upstream_id"] = id
		}
	}
	if o.fields["hosts"] == nil && o.fields["host"] == nil && service.fields["hosts"] != nil {
		o.fields["hosts"] = service.fields["hosts"]
	}
	if service.fields["enable_websocket"] != nil {
		setDefault(o.fields, "enable_websocket", service.fields["enable_websocket"])
	}
	if service.fields["script"] != nil {
		r.add(service, Warning, "script", "what this Lua code does is not known")
	}
}

// conditions turns remote_addr and remote_addrs into a condition.
func conditions(fields map[string]any) {
	addresses := fields["remote_addrs"]
	if addresses == nil {
		addresses = fields["remote_addr"]
	}
	if addresses == nil {
		return
	}
	vars, _ := fields["vars"].([]any)
	if len(vars) > 0 {
		if _, word := vars[0].(string); word { // logic, or a single comparison
			vars = []any{vars}
		}
	}
	fields["vars"] = append([]any{[]any{"remote_addr", apisix.OpIPMatch, addresses}}, vars...)
}
