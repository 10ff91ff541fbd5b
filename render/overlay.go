package render

import (
	"fmt"
	"maps"
	"slices"

	"github.com/amesh-render/amesh-render/plugins"
	"github.com/amesh-render/amesh-render/render/apisix"
)

// overlays adds the objects of overlays. What the renderer has made stays as it is; of two objects of overlays the later is
// in force. Objects that would undo what routes of the mesh refuse are left out, in part or as a whole.
func (r *renderer) overlays(set *plugins.Set) {
	o := &overlay{renderer: r, ours: map[string]bool{}, users: map[string]added{}}
	for section, objects := range r.objects() {
		for _, id := range objects {
			o.ours[section+"/"+id] = true
		}
	}
	o.guardNames()
	o.question = questionOf(r.config.Routes...)
	o.refuses = o.question.asked || slices.ContainsFunc(r.placed, refuses)
	for _, one := range set.Overlays {
		o.expand(one)
	}
	for _, section := range apisix.Sections {
		for _, key := range o.order {
			if a := o.users[key]; a.section == section {
				o.emit(a)
			}
		}
	}
}

// overlay is the state of that step.
type overlay struct {
	*renderer
	ours   map[string]bool  // SECTION/ID of what the renderer has made
	users  map[string]added // what overlays add, likewise
	order  []string
	guards []string // names of plugins that the renderer uses on routes
	// question is what its routes ask services about.
	question question
	refuses  bool // some of its routes refuse requests, or ask who may pass
}

// added is an object of an overlay.
type added struct {
	at      *place
	section string
	object  apisix.Object
}

// objects are the ids of what the renderer has made, by section.
func (r *renderer) objects() map[string][]string {
	ids := map[string][]string{}
	for _, x := range r.config.Routes {
		ids["routes"] = append(ids["routes"], x.ID)
	}
	for _, x := range r.config.Upstreams {
		ids["upstreams"] = append(ids["upstreams"], x.ID)
	}
	for section, objects := range r.config.Others {
		for _, x := range objects {
			ids[section] = append(ids[section], x.ID(section))
		}
	}
	return ids
}

// guardNames finds the plugins that the renderer uses on routes. APISIX prefers a consumer's plugin to that of the route.
func (o *overlay) guardNames() {
	used := map[string]bool{}
	for _, route := range o.config.Routes {
		for _, name := range route.Plugins.Names() {
			used[name] = true
		}
	}
	o.guards = slices.Sorted(maps.Keys(used))
}

// expand takes up the objects of one overlay.
func (o *overlay) expand(one *plugins.Overlay) {
	at := resource("overlay", one.Name)
	sections, problems, err := one.Expand(o.node())
	if err != nil {
		o.findings.dropped(at, "", "%v; nothing of it is in the output", err)
		return
	}
	o.problems(at, problems)
	for _, section := range apisix.Sections {
		for _, object := range sections[section] {
			o.take(added{at, section, object})
		}
	}
}

// refuses reports whether a route answers that a client must not do this, or must say who it is.
func refuses(p placedRoute) bool {
	if p.own || p.route.Plugins == nil || p.route.Plugins.FaultInjection == nil {
		return false
	}
	abort := p.route.Plugins.FaultInjection.Abort
	return abort != nil && (abort.HTTPStatus == 401 || abort.HTTPStatus == 403)
}

func (o *overlay) take(a added) {
	id := a.object.ID(a.section)
	key := a.section + "/" + id
	if o.ours[key] {
		o.findings.dropped(a.at, key, "there is an object of this id already, made from what the control plane sends "+
			"or from an AmeshPluginConfig: that one stays")
		return
	}
	if before, ok := o.users[key]; ok {
		o.findings.dropped(before.at, key, "%s has an object of this id too, and comes later: this one has no effect", a.at)
	} else {
		o.order = append(o.order, key)
	}
	o.users[key] = a
}

// emit adds the object to the output.
func (o *overlay) emit(a added) {
	a.object = o.harmless(a)
	if substitutes(map[string]any(a.object)) {
		o.findings.approximate(a.at, a.section+"/"+a.object.ID(a.section), "in apisix.json, APISIX replaces ${{…}} by "+
			"a variable of its environment; "+
			"in apisix.yaml the text stays as it is")
	}
	switch a.section {
	case "routes":
		if o.refuses {
			o.findings.approximate(a.at, "routes/"+a.object.ID(a.section), "the mesh refuses requests by routes of its own: what "+
				"this route takes from those is not refused")
		}
		route := apisix.RouteOf(a.object)
		route.Raw = a.object
		o.config.Routes = append(o.config.Routes, route)
	case "upstreams":
		upstream := apisix.UpstreamOf(a.object)
		upstream.Raw = a.object
		o.config.Upstreams = append(o.config.Upstreams, upstream)
	default:
		o.addObject(a.section, a.object)
	}
}

// harmless is the object without plugins that would undo what routes refuse: what must not be in a global rule, and plugins of
// consumers in place of those of routes. It reports those, and plugins that APISIX does not have.
func (o *overlay) harmless(a added) apisix.Object {
	all, ok := a.object["plugins"].(map[string]any)
	if !ok || a.section == "stream_routes" {
		return a.object
	}
	kept := maps.Clone(all)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		field := fmt.Sprintf("%s/%s plugins.%s", a.section, a.object.ID(a.section), name)
		conf, _ := all[name].(map[string]any)
		switch {
		case !o.known(name):
			o.findings.dropped(a.at, field, "APISIX 3.18 has no plugin %q, and leaves out all that names it; "+
				"--custom-plugin names those of your own", name)
		case a.section == "global_rules" && unfitForAll(name, conf, o.question) != "":
			o.findings.dropped(a.at, field, "%s", unfitForAll(name, conf, o.question))
			delete(kept, name)
		case (a.section == "consumers" || a.section == "consumer_groups") && o.undoes(name, conf):
			o.findings.dropped(a.at, field, "it would take the place of what routes of the mesh do by this plugin, or "+
				"act before it: it is left out")
			delete(kept, name)
		}
	}
	object := maps.Clone(a.object)
	object["plugins"] = kept
	return object
}

// undoes reports whether a consumer's plugin would replace one of the renderer's, answer before it can refuse, or
// change what it judges.
func (o *overlay) undoes(name string, conf map[string]any) bool {
	return slices.Contains(o.guards, name) || o.question.changedBy(name, conf) != "" ||
		slices.Contains(o.guards, "forward-auth") && number(metaOf(conf)["priority"]) >= forwardAuthPriority
}

// node is what templates know.
func (r *renderer) node() plugins.Node { return NodeOf(r.snapshot, r.options) }
