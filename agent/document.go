package agent

import (
	"maps"
	"slices"
	"strings"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// A Document is a configuration as the commit planner sees it. Users are routes, and everything else that is neither named
// by routes nor an upstream; they name upstreams and plugin_configs, which are the providers. Documents share objects, and
// slices of them, with the configurations that they come from: by that the encoder knows what has not changed.
type Document struct{ *apisix.Config }

const (
	pluginConfigs = "plugin_configs"
	upstreamKey   = "upstreams/" // and the id
	configKey     = pluginConfigs + "/"
)

func upstreamID(u *apisix.Upstream) string { return u.ID }

func (d Document) pluginConfigIDs() (ids []string) {
	for _, o := range d.Others[pluginConfigs] {
		ids = append(ids, o.ID(pluginConfigs))
	}
	return ids
}

// Lacks implements watch.Document.
func (d Document) Lacks(other Document) (keys []string) {
	for _, id := range lacks(d.Upstreams, other.Upstreams, upstreamID) {
		keys = append(keys, upstreamKey+id)
	}
	for _, id := range lacks(d.pluginConfigIDs(), other.pluginConfigIDs(), func(id string) string { return id }) {
		keys = append(keys, configKey+id)
	}
	return keys
}

// lacks lists the ids that objects in other have, and none in have. Both are taken to be sorted and are gone through side by
// side, of which two that are the same object need not be looked at. What does not meet its like is looked for everywhere:
// in another order this takes longer, and comes to the same.
func lacks[T comparable](have, other []T, id func(T) string) []string {
	if len(have) == len(other) && (len(have) == 0 || &have[0] == &other[0]) {
		return nil
	}
	var missing map[string]bool
	rest := have
	for _, x := range other {
		if len(rest) == 0 || rest[0] != x {
			for len(rest) > 0 && id(rest[0]) < id(x) {
				rest = rest[1:]
			}
			if len(rest) == 0 || id(rest[0]) != id(x) {
				if missing == nil {
					missing = map[string]bool{}
				}
				missing[id(x)] = true
				continue
			}
		}
		rest = rest[1:]
	}
	if len(missing) == 0 {
		return nil
	}
	for _, x := range have {
		delete(missing, id(x))
	}
	return slices.Sorted(maps.Keys(missing))
}

// Names implements watch.Document.
func (d Document) Names(keys []string) []string {
	if len(keys) == 0 {
		return nil
	}
	q := questionOf(keys)
	q.askUsers(d)
	q.askProviders(d)
	return slices.DeleteFunc(slices.Clone(keys), func(key string) bool { return q.answer(key) != named|provided })
}

// With implements watch.Document.
func (d Document) With(want Document, keys []string, live Document) Document {
	c := &apisix.Config{Routes: d.Routes, Upstreams: want.Upstreams, Others: want.Others}
	q := questionOf(keys)
	if d.Config != want.Config || len(q.pluginConfigs) > 0 {
		c.Others = maps.Clone(d.Others)
		if c.Others == nil {
			c.Others = map[string][]apisix.Object{}
		}
		c.Others[pluginConfigs] = slices.Clone(want.Others[pluginConfigs])
		for _, o := range live.Others[pluginConfigs] {
			if _, asked := q.pluginConfigs[o.ID(pluginConfigs)]; asked {
				c.Others[pluginConfigs] = append(c.Others[pluginConfigs], o)
			}
		}
	}
	if len(q.upstreams) > 0 {
		c.Upstreams = slices.Clone(c.Upstreams)
		for _, u := range live.Upstreams {
			if _, asked := q.upstreams[u.ID]; asked {
				i, _ := slices.BinarySearchFunc(c.Upstreams, u.ID, func(u *apisix.Upstream, id string) int { return strings.Compare(u.ID, id) })
				c.Upstreams = slices.Insert(c.Upstreams, i, u)
			}
		}
	}
	return Document{c}
}
