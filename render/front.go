package render

import (
	"cmp"
	"slices"

	"github.com/amesh-render/amesh-render/render/apisix"
	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// A front is what clients come to: the routes, and what else becomes of listeners.
type front struct {
	heard     *listening
	listeners map[string]*listenerPart
	parts     []*part
	prints    []footprint // of the parts
	findings  findings    // on what the parts are to each other

	routes []*apisix.Route    // sorted by id
	placed []placedRoute      // the same, where users add plugins
	closed []*apisix.Upstream // upstreams without a cluster
	others map[string][]apisix.Object
	uses   []usage // without repetitions
}

// holds reports whether nothing has changed that the front depends on.
func (f *front) holds(r *Renderer) bool {
	if f == nil || f.heard != r.listening || r.changes.listeners || r.changes.routes {
		return false
	}
	for i, print := range f.prints {
		if r.changes.mayTouch(print) && r.changes.touch(&f.parts[i].reads) {
			return false
		}
	}
	return true
}

// renderFront renders the listeners, in the order of their names.
func (r *Renderer) renderFront() *front {
	if r.front.holds(r) {
		return r.front
	}
	r.keepUses()
	a := assembly{common: r.common, front: &front{heard: r.listening, listeners: map[string]*listenerPart{}, routes: []*apisix.Route{},
		others: map[string][]apisix.Object{}},
		scopes: map[string]bool{}, claimed: map[claimedGroup]map[string]*served{}, used: map[string]bool{}, reached: map[string]bool{}}
	for _, l := range r.snapshot.Listeners().Resources() {
		var before *listenerPart
		if r.front != nil {
			before = r.front.listeners[l.Name()]
		}
		p := r.listener(l, before)
		a.listeners[l.Name()] = p
		a.listener(p)
	}
	if a.incomplete { // rare: virtual hosts that share a name, and one of them has come or gone
		r.front = nil
		return r.renderFront()
	}
	a.unreferenced(r.snapshot.RouteConfigurations().Names())
	slices.SortFunc(a.routes, func(x, y *apisix.Route) int { return cmp.Compare(x.ID, y.ID) })
	for section, objects := range a.others {
		sortObjects(section, objects)
	}
	a.distinctStreams()
	return a.front
}

// distinctStreams keeps one stream route of each id. Envoy has no two listeners for the same connections.
func (a *assembly) distinctStreams() {
	const section = "stream_routes"
	if len(a.others[section]) == 0 {
		return
	}
	a.others[section] = slices.CompactFunc(a.others[section], func(other, first apisix.Object) bool {
		same := first.ID(section) == other.ID(section)
		if same {
			listener, _ := other["name"].(string)
			a.findings.dropped(resource("listener", listener), "address",
				"another listener serves the same TCP connections, as far as APISIX can tell; this one is left out")
		}
		return same
	})
}

func sortObjects(section string, objects []apisix.Object) {
	slices.SortStableFunc(objects, func(a, b apisix.Object) int { return cmp.Compare(a.ID(section), b.ID(section)) })
}

// An assembly puts the parts of listeners together. What of a part is in force depends on those before it.
type assembly struct {
	*common
	*front
	scopes  map[string]bool
	claimed map[claimedGroup]map[string]*served
	used    map[string]bool // the ids of uses
	reached map[string]bool // the names of the route configurations that listeners refer to

	incomplete bool // a virtual host that was kept gets another share of its hosts, and has to be rendered anew
}

func (a *assembly) listener(p *listenerPart) {
	a.take(&p.part)
	for _, one := range p.reads.resources {
		if one.kind == snapshot.RouteConfiguration {
			a.reached[one.name] = true
		}
	}
	for _, c := range p.chains {
		if a.scopes[c.served.scope.key] {
			a.findings.dropped(c.served.at, "filter_chain_match", "another filter chain serves the same connections, as far as APISIX can tell")
			continue
		}
		a.scopes[c.served.scope.key] = true
		a.chain(c)
	}
}

// take takes what a part has by itself.
func (a *assembly) take(p *part) {
	a.parts, a.prints = append(a.parts, p), append(a.prints, p.reads.footprint())
	a.routes = append(a.routes, p.config.Routes...)
	a.placed = append(a.placed, p.placed...)
	for section, objects := range p.config.Others {
		a.others[section] = append(a.others[section], objects...)
	}
	for _, u := range p.config.Upstreams {
		if !slices.ContainsFunc(a.closed, func(v *apisix.Upstream) bool { return u.ID == v.ID }) {
			a.closed = append(a.closed, u)
		}
	}
	for _, u := range p.uses {
		if !a.used[u.id] {
			a.used[u.id] = true
			a.uses = append(a.uses, u)
		}
	}
}

// chain puts the routes of a chain's virtual hosts in APISIX's order.
func (a *assembly) chain(c *chainPart) {
	a.take(&c.part)
	a.routes, a.parts, a.prints = slices.Grow(a.routes, 2*len(c.hosts)), slices.Grow(a.parts, 2*len(c.hosts)+1), slices.Grow(a.prints, 2*len(c.hosts)+1)
	var hostless []placedGroup
	for _, h := range c.hosts {
		a.take(&h.part)
		groups, all := a.claim(c, &h.host)
		for _, g := range groups {
			if g.hosts == nil {
				hostless = append(hostless, placedGroup{&h.host, g})
			}
		}
		if p, ok := h.place(a.common, &c.served, groups, all); ok {
			a.take(p)
		} else {
			a.incomplete = true
		}
	}
	if c.others != nil { // its routes come after those that another chain may have for all names
		hostless = append(hostless, placedGroup{c.others, c.others.groups[0]})
	}
	slices.SortStableFunc(hostless, func(a, b placedGroup) int { return cmp.Compare(a.group.rank, b.group.rank) })
	a.take(c.place(a.common, hostless))
}

// A claimedGroup is a scope, as far as APISIX can see it, and the conditions of groups of hosts in it.
type claimedGroup struct{ seen, key string }

type claimedHost struct{ key, host string }

// claim is the groups of a virtual host with the hosts that no other virtual host of an indistinguishable chain has; all says
// that those are all.
func (a *assembly) claim(c *chainPart, h *virtualHost) (groups []hostGroup, all bool) {
	var lost []claimedHost
	for _, g := range h.groups {
		key, hosts := g.key, g.hosts
		if hosts == nil {
			key, hosts = "*", []string{g.key}
		}
		owners := a.owners(claimedGroup{c.served.scope.seen, key})
		for _, host := range hosts {
			owner, taken := owners[host]
			if !taken {
				owners[host] = &c.served
				continue
			}
			lost = append(lost, claimedHost{key, host})
			a.findings.dropped(h.at, "domains", "the host %q is already served by %s, which cannot be told apart from %s here",
				host, owner.at, c.served.at)
		}
	}
	if lost == nil {
		return h.groups, true
	}
	return unclaimed(h.groups, lost), false
}

// owners are the chains that have hosts already.
func (a *assembly) owners(g claimedGroup) map[string]*served {
	if a.claimed[g] == nil {
		a.claimed[g] = map[string]*served{}
	}
	return a.claimed[g]
}

// unclaimed is groups without the hosts that are lost.
func unclaimed(groups []hostGroup, lost []claimedHost) (kept []hostGroup) {
	for _, g := range groups {
		if g.hosts == nil {
			if !slices.Contains(lost, claimedHost{"*", g.key}) {
				kept = append(kept, g)
			}
			continue
		}
		g.hosts = slices.DeleteFunc(slices.Clone(g.hosts), func(h string) bool { return slices.Contains(lost, claimedHost{g.key, h}) })
		if len(g.hosts) > 0 {
			kept = append(kept, g)
		}
	}
	return kept
}

// unreferenced reports route configurations that no rendered listener leads to: nothing in the output stands for them.
func (a *assembly) unreferenced(names []string) {
	for _, name := range names {
		if !a.reached[name] {
			a.findings.dropped(resource("route_config", name), "",
				"no listener that is rendered refers to this route configuration; it is not rendered")
		}
	}
}
