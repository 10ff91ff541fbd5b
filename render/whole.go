package render

import (
	"cmp"
	"maps"
	"reflect"
	"slices"

	"github.com/amesh-render/amesh-render/plugins"
	"github.com/amesh-render/amesh-render/render/apisix"
	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// A whole is what a configuration has beside upstreams of clusters, with what users add, checked.
type whole struct {
	front    *front
	ids      []string // of the upstreams of clusters
	plugins  *plugins.Set
	notes    []snapshot.Note
	findings findings
	routes   []*apisix.Route
	others   map[string][]apisix.Object
	added    []*apisix.Upstream              // by users
	patched  map[*apisix.Route]*apisix.Route // routes with users' plugins, by the same without
}

// complete puts everything together.
func (r *Renderer) complete(f *front, behind *upstreams, set *plugins.Set) *whole {
	if w := r.whole; w != nil && w.front == f && w.plugins == set && slices.Equal(w.notes, r.snapshot.Notes()) && behind.named(w.ids) {
		return w
	}
	w := r.fork()
	w.notes()
	out := &whole{front: f, plugins: set, notes: r.snapshot.Notes(), routes: f.routes, others: f.others}
	for _, u := range behind.uses {
		out.ids = append(out.ids, u.id)
	}
	w.findings.list = append(w.findings.list, f.findings.list...)
	w.config = apisix.Config{Routes: f.routes, Upstreams: behind.list, Others: f.others}
	for _, u := range f.closed {
		w.refused(u.Validate(apisix.JSON))
	}
	if !set.Empty() {
		w.extend(out, len(behind.list), r.whole)
	}
	w.refused(w.config.ValidateLinks(apisix.JSON))
	out.findings = w.findings
	return out
}

// extend adds what users add, and checks it. So many upstreams are the mesh's. Before is the last time's: routes that come
// out the same are taken from there.
func (r *renderer) extend(out *whole, upstreams int, before *whole) {
	copies := make(map[*apisix.Route]*apisix.Route, len(out.routes)) // parts keep theirs
	r.config.Routes = make([]*apisix.Route, len(out.routes))
	for i, route := range out.routes {
		c := *route
		r.config.Routes[i], copies[route] = &c, &c
	}
	for _, p := range out.front.placed {
		p.route = copies[p.route]
		r.placed = append(r.placed, p)
	}
	r.config.Upstreams = slices.Clip(r.config.Upstreams)
	r.config.Others = maps.Clone(r.config.Others)
	for section, objects := range r.config.Others {
		r.config.Others[section] = slices.Clip(objects)
	}
	r.userPlugins(out.plugins)
	r.overlays(out.plugins)
	out.added = r.config.Upstreams[upstreams:]
	for _, u := range out.added {
		r.refused(u.Validate(apisix.JSON))
	}
	out.patched = map[*apisix.Route]*apisix.Route{}
	for i, route := range r.config.Routes {
		if i < len(out.routes) {
			r.config.Routes[i] = out.patch(out.routes[i], route, before)
		}
		if i >= len(out.routes) || r.config.Routes[i] != out.routes[i] {
			r.refused(route.Validate(apisix.JSON))
		}
	}
	slices.SortFunc(r.config.Routes, func(a, b *apisix.Route) int { return cmp.Compare(a.ID, b.ID) })
	for section, objects := range r.config.Others {
		r.config.Others[section] = slices.Clone(objects)
		sortObjects(section, r.config.Others[section])
	}
	out.routes, out.others = r.config.Routes, r.config.Others
}

// patch is a route after users have added to it: the route itself, or that of the last time, if it is the same.
func (w *whole) patch(route, patched *apisix.Route, before *whole) *apisix.Route {
	if reflect.DeepEqual(route, patched) {
		return route
	}
	if before != nil {
		if old := before.patched[route]; old != nil && reflect.DeepEqual(old, patched) {
			patched = old
		}
	}
	w.patched[route] = patched
	return patched
}

// config is the configuration with upstreams of clusters.
func (w *whole) config(behind *upstreams) *apisix.Config {
	c := &apisix.Config{Routes: w.routes, Upstreams: behind.list, Others: w.others}
	if len(w.added) > 0 {
		c.Upstreams = slices.Concat(behind.list, w.added)
		slices.SortFunc(c.Upstreams, func(a, b *apisix.Upstream) int { return cmp.Compare(a.ID, b.ID) })
	}
	return c
}
