package standalone

import (
	"fmt"
	"maps"
	"slices"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// Config is what APISIX routes by, once it has loaded the file: routes and upstreams with all that they refer to. It is an
// effective configuration, for models and comparisons, and not one to be written.
//
//   - A route has what its plugin_config and its service give it: of plugins with one name the route's own counts, then
//     the plugin_config's, then the service's; hosts, upstream and timeout are the service's where the route has none.
//   - An upstream within a route, a service or traffic-split is an upstream of its own. Its id is the place: "route/r1",
//     which is no id that a file can have.
//   - host is in Hosts, remote_addr and remote_addrs are a condition; what a default of APISIX's says is written out. A
//     plugin that is disabled is left out. A route whose service or plugin_config is missing answers 404 or 503.
//   - Objects that APISIX drops, routes that are switched off and all but the last of one id are left out.
//   - Others has the objects of the other sections, but for services and plugin_configs.
//
// The problems name what was dropped, and what the types of package render/apisix cannot hold, such as filter_func.
// They are in the order of the file.
func (f *File) Config() (*apisix.Config, []Problem) {
	r := resolver{file: f, config: &apisix.Config{}}
	r.services, r.pluginConfigs = r.byID("services"), r.byID("plugin_configs")
	for _, o := range r.taken("upstreams") {
		r.upstreams(o)
	}
	for _, o := range r.taken("routes") {
		r.route(o)
	}
	for section, objects := range f.Objects() {
		if !slices.Contains([]string{"routes", "upstreams", "services", "plugin_configs"}, section) {
			if r.config.Others == nil {
				r.config.Others = map[string][]apisix.Object{}
			}
			r.config.Others[section] = objects
		}
	}
	return r.config, SortProblems(r.problems)
}

// An object is an item of a section that is a map.
type object struct {
	kind, id string
	node     *Node
	fields   map[string]any // a copy of its own
}

// taken are the objects of a section that APISIX takes; of several with one id only the last, at the place of the first.
// For those that it drops there is a problem.
func (r *resolver) taken(section string) []object {
	var out []object
	at := map[string]int{}
	for i, n := range r.file.Section(section).Objects {
		if n.Kind != Map {
			continue
		}
		o := object{kind: Kind(section), id: ID(n, i), node: n}
		if f, refused := r.file.refusal(section, n); refused {
			r.add(o, Error, f.Path, "APISIX drops the %s: %s", o.kind, f.Message)
			continue
		}
		o.fields = n.Any().(map[string]any)
		if j, seen := at[o.id]; seen {
			out[j] = o
			continue
		}
		at[o.id] = len(out)
		out = append(out, o)
	}
	return out
}

func (r *resolver) byID(section string) map[string]object {
	out := map[string]object{}
	for _, o := range r.taken(section) {
		out[o.id] = o
	}
	return out
}

// A resolver makes the effective configuration.
type resolver struct {
	file                    *File
	config                  *apisix.Config
	services, pluginConfigs map[string]object
	problems                []Problem
}

func (r *resolver) add(o object, level Level, field, message string, args ...any) {
	at := o.node.At(field)
	r.problems = append(r.problems, Problem{Line: at.Line, Column: at.Column, Level: level, Kind: o.kind, ID: o.id,
		Field: field, Message: fmt.Sprintf(message, args...)})
}

// upstreams adds an object of the section upstreams.
func (r *resolver) upstreams(o object) {
	r.upstream(o, "", o.fields, o.id)
}

// upstream adds an upstream, which is at the field of o, or o itself. It reports whether APISIX would take it.
func (r *resolver) upstream(o object, field string, fields map[string]any, id string) bool {
	fields = maps.Clone(fields)
	fields["id"] = id
	if fields["discovery_type"] != nil || fields["service_name"] != nil {
		r.add(o, Warning, join(field, "service_name"), "where the nodes come from at run time is not known")
	}
	if _, ok := fields["nodes"].([]any); !ok {
		fields["nodes"] = nodeList(fields["nodes"])
	}
	setDefault(fields, "type", "roundrobin")
	setDefault(fields, "retries", float64(max(0, len(fields["nodes"].([]any))-1)))
	for _, field := range []string{"create_time", "update_time", "service_name", "discovery_type", "discovery_args"} {
		delete(fields, field)
	}
	u := new(apisix.Upstream)
	if err := decodeStrictly(fields, u); err != nil {
		r.add(o, Warning, field, "what this upstream does is not known in full: %v", err)
		u = new(apisix.Upstream)
		if decode(fields, u) != nil {
			return false
		}
	}
	r.config.Upstreams = append(r.config.Upstreams, u)
	return true
}

func setDefault(fields map[string]any, key string, value any) {
	if fields[key] == nil {
		fields[key] = value
	}
}

func join(field, next string) string {
	switch {
	case field == "":
		return next
	case next == "" || next[0] == '[':
		return field + next
	}
	return field + "." + next
}
