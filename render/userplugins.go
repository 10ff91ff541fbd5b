package render

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"

	"github.com/amesh-render/amesh-render/plugins"
	"github.com/amesh-render/amesh-render/render/apisix"
)

// A placedRoute is a route of the output, with what a user's target can say of it.
type placedRoute struct {
	route *apisix.Route
	about plugins.Route
	own   bool // see variant
}

// note keeps what a user's target can say of a route, where there are any.
func (r *renderer) note(c *served, g placedGroup, one candidate, route *apisix.Route) {
	if !r.users {
		return
	}
	about := plugins.Route{Hosts: route.Hosts, Port: int(c.scope.to.port), Direction: plugins.Outbound,
		Path: one.match.path.native.path, Prefix: one.match.path.native.prefix,
		Names: []string{g.host.name}}
	if c.inbound {
		about.Direction = plugins.Inbound
	}
	if one.envoy != "" {
		about.Names = append(about.Names, one.envoy)
	}
	if name := virtualServiceName(route.Labels["istio-config"]); name != "" {
		about.Names = append(about.Names, name)
	}
	r.placed = append(r.placed, placedRoute{route, about, one.own})
}

// virtualServiceName is NAMESPACE/NAME of a VirtualService by the path that istiod gives it,
// "/apis/networking.istio.io/v1/namespaces/NAMESPACE/virtual-service/NAME"; "" for other paths.
func virtualServiceName(path string) string {
	parts := strings.Split(path, "/")
	if n := len(parts); n >= 4 && parts[n-4] == "namespaces" && parts[n-2] == "virtual-service" {
		return parts[n-3] + "/" + parts[n-1]
	}
	return ""
}

// userPlugins puts the plugins of AmeshPluginConfigs on the routes that do what the mesh says: those that forward, redirect
// or answer. It leaves alone what filters answer and what ends a virtual host: APISIX leaves out a route of which it does
// not take a plugin's configuration, and one that refuses must stay.
//
// A route gets them by a plugin_config, which routes of the same configurations share. One that APISIX does not take makes
// it answer 503 on the routes that name it, instead of letting their requests fall to other routes. APISIX prefers a route's
// own plugin to one of its plugin_config: what the renderer has put there stays, and where both can be had in one plugin,
// the route gets that.
func (r *renderer) userPlugins(set *plugins.Set) {
	u := &userPlugins{renderer: r, pod: podOf(r.self), clashes: map[clash]*affected{},
		objects: map[string]apisix.Object{}, names: map[*plugins.Config]string{}}
	r.fileFindings(set)
	configs := u.chosen(set)
	u.globalRules(configs)
	u.metadata(configs)
	configs = slices.DeleteFunc(configs, func(c *plugins.Config) bool { return c.Global })
	u.routes(configs)
	u.report()
}

// userPlugins is the state of one such step.
type userPlugins struct {
	*renderer
	pod     plugins.Pod
	order   []clash
	clashes map[clash]*affected
	objects map[string]apisix.Object   // plugin_configs by id
	names   map[*plugins.Config]string // NAMESPACE/NAME, of several with a number
}

// podOf is the pod that a node is in, by Istio's metadata, else by its id.
func podOf(n *corev3.Node) plugins.Pod {
	metadata := n.GetMetadata().GetFields()
	pod := plugins.Pod{Namespace: metadata["NAMESPACE"].GetStringValue(), Labels: map[string]string{}}
	if parts := strings.Split(n.GetId(), "~"); pod.Namespace == "" && len(parts) > 2 {
		pod.Namespace = parts[2][strings.LastIndexByte(parts[2], '.')+1:]
	}
	for key, value := range metadata["LABELS"].GetStructValue().GetFields() {
		pod.Labels[key] = value.GetStringValue()
	}
	return pod
}

// fileFindings reports what of the files themselves has no effect.
func (r *renderer) fileFindings(set *plugins.Set) {
	for _, broken := range set.Broken {
		r.findings.dropped(resource("file", broken.File), broken.Path, "%v; what this file held before, if anything, "+
			"stays in force", broken)
	}
	for _, file := range set.Files {
		r.problems(resource("file", file.Name), file.Problems)
	}
}

func (r *renderer) problems(at *place, list []plugins.Problem) {
	for _, p := range list {
		if p.Lost {
			r.findings.dropped(at, p.Field, "%s", p.Message)
		} else {
			r.findings.approximate(at, p.Field, "%s", p.Message)
		}
	}
}

// chosen are the configurations for this pod, in the order in which they are merged.
func (u *userPlugins) chosen(set *plugins.Set) []*plugins.Config {
	var configs []*plugins.Config
	seen := map[string]*plugins.Config{}
	for _, file := range set.Files {
		for _, c := range file.Configs {
			u.problems(u.at(c), c.Problems)
			if ok, why := c.For(u.pod); !ok {
				u.findings.approximate(u.at(c), "", "it has no effect here: %s", why)
				continue
			}
			if other := seen[u.at(c).String()]; other != nil {
				u.findings.approximate(u.at(c), "metadata.name", "there is another one of this name, at %s line %d and at "+
					"%s line %d: both are in force, in this order",
					other.File, other.Line, c.File, c.Line)
			}
			seen[u.at(c).String()] = c
			configs = append(configs, c)
		}
	}
	plugins.Sort(configs, u.pod)
	count := map[string]int{}
	for _, c := range configs {
		name := strings.TrimPrefix(u.at(c).String(), "plugin_config/")
		u.names[c] = name
		if count[name]++; count[name] > 1 {
			u.names[c] += " #" + strconv.Itoa(count[name])
		}
	}
	return configs
}

// at is the place of a configuration.
func (u *userPlugins) at(c *plugins.Config) *place {
	return resource("plugin_config", strings.TrimPrefix(c.Resource(u.pod.Namespace), "plugin_config/"))
}

// routes puts the plugins of configurations on routes.
func (u *userPlugins) routes(configs []*plugins.Config) {
	used := map[*plugins.Config]bool{}
	groups := map[string]map[string]plugins.Merged{}
	for _, p := range u.placed {
		if !p.own {
			continue
		}
		var covering []*plugins.Config
		key := ""
		for i, c := range configs {
			if c.Covers(p.about) {
				covering, key, used[c] = append(covering, c), key+strconv.Itoa(i)+" ", true
			}
		}
		if key == "" {
			continue
		}
		merged, ok := groups[key]
		if !ok {
			merged = u.merge(covering)
			groups[key] = merged
		}
		u.route(p.route, merged)
	}
	for _, c := range configs {
		if !used[c] && len(c.Plugins) > 0 {
			u.findings.dropped(u.at(c), "spec.targets", "no route is such a one: the plugins are nowhere")
		}
	}
	for _, id := range slices.Sorted(maps.Keys(u.objects)) {
		u.addObject("plugin_configs", u.objects[id])
	}
}

// route gives a route the plugins that it can have.
func (u *userPlugins) route(route *apisix.Route, merged map[string]plugins.Merged) {
	ours := route.Plugins.Names()
	shared, needed := map[string]plugins.Merged{}, false
	later := answersLater(route, merged)
	for _, name := range slices.Sorted(maps.Keys(merged)) {
		m := merged[name]
		if reason := actsTooEarly(route, name, m.Config); reason != "" {
			u.clash(route, name, m, reason)
			continue
		}
		shared[name] = m // that of the route wins, if it has one
		if !slices.Contains(ours, name) {
			if !later || !slices.Contains(authenticators, name) {
				u.outrun(route, name, m)
			}
			needed = true
			continue
		}
		together, reason := beside(route.Plugins, name, m.Config)
		if reason != "" {
			u.clash(route, name, m, reason)
			continue
		}
		route.Plugins = route.Plugins.Clone()
		route.Plugins.Put(name, together)
	}
	if later {
		answerLater(route)
	}
	if needed {
		route.PluginConfigID = u.share(shared)
	}
}
