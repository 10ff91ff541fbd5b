package render

import (
	"cmp"
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
func (r *renderer) note(c httpChain, g placedGroup, one candidate, route *apisix.Route) {
	if r.options.Plugins.Empty() {
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
// A route gets them by a plugin_config, which routes of the same configurations share. One that APISIX does not take makes it answer 503 on the routes that name it,
// instead of letting their requests fall to other routes. APISIX prefers a route's own plugin to one of its plugin_config:
// what the renderer has put there stays, and where both can be had in one plugin, the route gets that.
func (r *renderer) userPlugins() {
	set := r.options.Plugins
	if set.Empty() {
		return
	}
	u := &userPlugins{renderer: r, pod: podOf(r.snapshot.Node()), clashes: map[clash]*affected{}, objects: map[string]apisix.Object{}, names: map[*plugins.Config]string{}}
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
		r.findings.dropped(resource("file", broken.File), broken.Path, "%v; what this file held before, if anything, stays in force", broken)
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
				u.findings.approximate(u.at(c), "metadata.name", "there is another one of this name, at %s line %d and at %s line %d: both are in force, in this order",
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

// merge is what the configurations come to together on a route, without what APISIX does not have and what is disabled.
func (u *userPlugins) merge(configs []*plugins.Config) map[string]plugins.Merged {
	merged, conflicts := plugins.Merge(configs)
	for _, c := range conflicts {
		u.findings.dropped(u.at(c.Lost.Config), c.Lost.Field(), "%s has this plugin too, and comes later: of the routes of both, this one has no effect",
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
			u.lost(m, ".name", "APISIX 3.18 has no plugin %q, and would leave out all that names it; --custom-plugin names those of your own", name)
			continue
		case metaOf(m.Config)["disable"] == true:
			continue
		case slices.Contains(offByDefault, name):
			u.near(m, ".name", "APISIX does not load the plugin %q by default: without it in the plugins of its config.yaml, the routes answer 503", name)
		}
		if substitutes(m.Config) {
			u.near(m, ".config", "in apisix.json, APISIX replaces ${{…}} by a variable of its environment; in apisix.yaml the text stays as it is")
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

// route gives a route the plugins that it can have.
func (u *userPlugins) route(route *apisix.Route, merged map[string]plugins.Merged) {
	ours := route.Plugins.Names()
	shared, needed := map[string]plugins.Merged{}, false
	for _, name := range slices.Sorted(maps.Keys(merged)) {
		m := merged[name]
		if reason := actsTooEarly(route, m.Config); reason != "" {
			u.clash(route, name, m, reason)
			continue
		}
		shared[name] = m // that of the route wins, if it has one
		if !slices.Contains(ours, name) {
			u.outrun(route, name, m)
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
	if needed {
		route.PluginConfigID = u.share(shared)
	}
}

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

// addObject adds an object of a section.
func (r *renderer) addObject(section string, o apisix.Object) {
	if r.config.Others == nil {
		r.config.Others = map[string][]apisix.Object{}
	}
	r.config.Others[section] = append(r.config.Others[section], o)
}

// globalRules renders the configurations that ask for one.
func (u *userPlugins) globalRules(configs []*plugins.Config) {
	for _, c := range configs {
		if !c.Global {
			continue
		}
		all := map[string]any{}
		for name, m := range u.merge([]*plugins.Config{c}) {
			if slices.Contains(caches, name) {
				u.lost(m, ".name", "%s", cacheBeforeGuards)
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

// caches are plugins that answer with what an upstream has said to somebody else. Global rules run before the plugins of
// routes, those that refuse among them.
var caches = []string{"ai-cache", "graphql-proxy-cache", "proxy-cache"}

const cacheBeforeGuards = "in a global rule it would answer from the cache before a route can refuse: put it on routes"

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

// A clash is a cause for which routes do not get a plugin, or it does not act on them.
type clash struct {
	at, field string
	severity  Severity
	reason    string
}

// affected are the routes of a clash.
type affected struct {
	count int
	names []string // the first of them
}

// clash notes that a route does not get a plugin.
func (u *userPlugins) clash(route *apisix.Route, name string, m plugins.Merged, reason string) {
	u.affect(route, m, Dropped, "not on "+affectedRoutes+": "+reason)
}

func (u *userPlugins) affect(route *apisix.Route, m plugins.Merged, s Severity, reason string) {
	const shown = 3
	for _, from := range m.From {
		c := clash{u.at(from.Config).String(), from.Field(), s, reason}
		a := u.clashes[c]
		if a == nil {
			a = &affected{}
			u.clashes[c] = a
			u.order = append(u.order, c)
		}
		a.count++
		if len(a.names) < shown {
			a.names = append(a.names, route.ID)
		}
	}
}

// affectedRoutes stands for the routes in the reason of a clash.
const affectedRoutes = "\x00"

// report makes findings of the clashes, one for each cause.
func (u *userPlugins) report() {
	for _, c := range u.order {
		a := u.clashes[c]
		slices.Sort(a.names)
		routes := "route " + a.names[0]
		if a.count > 1 {
			routes = strconv.Itoa(a.count) + " routes (" + strings.Join(a.names, ", ")
			if a.count > len(a.names) {
				routes += ", …"
			}
			routes += ")"
		}
		message := strings.Replace(c.reason, affectedRoutes, routes, 1)
		u.findings.list = append(u.findings.list, Finding{Severity: cmp.Or(c.severity, Dropped), Resource: c.at, Field: c.field, Message: message})
	}
}
