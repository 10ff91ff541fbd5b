// Package diff says what a change of APISIX's configuration does to traffic: which routes appear, vanish or change where
// they send requests, which endpoints come and go, and what else differs, field by field, so that nothing is left out.
//
// It compares objects by section and id, and pairs what is left by what it stands for: a route whose id has changed but
// not what it matches is the same route to a client. The result is a Report, which is also the JSON form; WriteText,
// WriteMarkdown and Unified show it otherwise. The package is pure.
package diff

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/amesh-render/amesh-render/render"
	"github.com/amesh-render/amesh-render/render/apisix"
)

// Side is one of two configurations to compare. The zero value is an empty one: that of a file that is not there.
type Side struct {
	// Name is how the file is called; empty if there is none.
	Name string
	// Objects are all objects as they are in the file, by section; in the section plugins the names of those that are
	// switched on, if the file says so.
	Objects map[string][]apisix.Object
	// Config is what APISIX makes of them: routes and upstreams with all that they take from other objects.
	Config *apisix.Config
	// Versions are names for endpoints, by "host:port", such as the version of the workload that Istio knows.
	Versions map[string]string
	// Findings are what rendering has lost: not nil if there was nothing, but nil for a file that was rendered before.
	Findings []render.Finding
}

// Options say what to compare.
type Options struct {
	// IgnoreEndpoints leaves out which endpoints upstreams have, but for whether they have any.
	IgnoreEndpoints bool
	// Traffic looks for requests whose outcome changes.
	Traffic bool
}

// Compare compares two configurations. The Name of either may be empty.
func Compare(old, new Side, o Options) File {
	c := comparison{old: index(old), new: index(new), options: o}
	c.versions = versionsOf(old, new)
	f := File{Old: old.Name, New: new.Name, Findings: findings(old.Findings, new.Findings)}
	c.comparePairs(&f)
	c.compareOthers(&f)
	if o.Traffic {
		f.Traffic = c.traffic()
	}
	f.Different = len(f.Routes)+len(f.Upstreams)+len(f.Objects)+len(f.Findings.New)+len(f.Findings.Gone)+f.Labels > 0
	return f
}

// comparison is one under way.
type comparison struct {
	old, new *indexed
	options  Options
	versions map[string]string
	renamed  map[string]string // ids of upstreams on the old side, and what they are on the new one
}

// indexed is a side, its objects found by id.
type indexed struct {
	Side
	upstreams map[string]*apisix.Upstream
	byCluster map[string]*apisix.Upstream         // one of each cluster's: its endpoints are those of all
	raw       map[string]map[string]apisix.Object // by section and id
}

func index(s Side) *indexed {
	x := &indexed{
		Side: s, upstreams: map[string]*apisix.Upstream{}, byCluster: map[string]*apisix.Upstream{},
		raw: map[string]map[string]apisix.Object{},
	}
	if x.Config == nil {
		x.Config = &apisix.Config{}
	}
	for _, u := range x.Config.Upstreams {
		x.upstreams[u.ID] = u
		x.byCluster[target{upstream: u, id: u.ID}.cluster()] = u
	}
	for section, objects := range s.Objects {
		x.raw[section] = map[string]apisix.Object{}
		for i, o := range objects {
			x.raw[section][idOf(section, o, i)] = o
		}
	}
	return x
}

// idOf is the id by which APISIX knows the object at index i of its section: without one of its own, its place.
func idOf(section string, o apisix.Object, i int) string {
	if section == pluginList {
		name, _ := o["name"].(string)
		return name
	}
	return cmp.Or(o.ID(section), fmt.Sprintf("arr_%d", i+1))
}

// comparePairs compares routes and upstreams.
func (c *comparison) comparePairs(f *File) {
	f.Upstreams = []Upstream{}
	upstreams := pairs(c.old.Config.Upstreams, c.new.Config.Upstreams, upstreamID, upstreamName)
	c.renamed = map[string]string{}
	for _, p := range upstreams {
		if p.old != nil && p.new != nil {
			c.renamed[p.old.ID] = p.new.ID
		}
		if u, labels, differs := c.upstream(p.old, p.new); differs {
			f.Upstreams = append(f.Upstreams, u)
		} else if labels {
			f.Labels++
		}
	}
	f.Routes = []Route{}
	for _, p := range pairs(c.old.Config.Routes, c.new.Config.Routes, routeID, matchKey, nameKey) {
		if r, labels, differs := c.route(p.old, p.new); differs {
			f.Routes = append(f.Routes, r)
		} else if labels {
			f.Labels++
		}
	}
}

// compareOthers compares the objects of all other sections, and the routes and upstreams that APISIX has on neither side,
// because it drops them or they are switched off. Of objects with one id the last counts, as for APISIX.
func (c *comparison) compareOthers(f *File) {
	f.Objects = []Object{}
	loaded := map[string]map[string]bool{"routes": {}, "upstreams": {}}
	for _, s := range []*indexed{c.old, c.new} {
		for _, r := range s.Config.Routes {
			loaded["routes"][r.ID] = true
		}
		for _, u := range s.Config.Upstreams {
			loaded["upstreams"][u.ID] = true
		}
	}
	c.comparePluginList(f)
	for _, section := range append(slices.Clone(apisix.Sections), pluginList) {
		old, new := c.old.raw[section], c.new.raw[section]
		all := maps.Clone(old)
		if all == nil {
			all = map[string]apisix.Object{}
		}
		maps.Copy(all, new)
		for _, id := range slices.Sorted(maps.Keys(all)) {
			if loaded[section][id] {
				continue
			}
			if o, differs := object(section, id, old[id], new[id]); differs {
				f.Objects = append(f.Objects, o)
			}
		}
	}
}

// pluginList is the section of a file that lists the plugins that are switched on, in the place of APISIX's configuration.
const pluginList = "plugins"

// comparePluginList tells of a list that is there on one side alone, which may be empty: what it lists comes after it.
func (c *comparison) comparePluginList(f *File) {
	_, before := c.old.raw[pluginList]
	_, after := c.new.raw[pluginList]
	switch {
	case before && !after:
		f.Objects = append(f.Objects, Object{Change: Removed, Section: pluginList, ID: "(the list)", Fields: []Field{}})
	case after && !before:
		f.Objects = append(f.Objects, Object{Change: Added, Section: pluginList, ID: "(the list)", Fields: []Field{}})
	}
}

// object compares two objects of one section and id; one of them may be nil.
func object(section, id string, old, new apisix.Object) (Object, bool) {
	o := Object{Change: Changed, Section: section, ID: id, Fields: []Field{}}
	switch {
	case old == nil:
		o.Change = Added
		return o, true
	case new == nil:
		o.Change = Removed
		return o, true
	}
	o.Fields = append(o.Fields, hidden(section, fieldsOf(map[string]any(old), map[string]any(new)))...)
	return o, len(o.Fields) > 0
}
