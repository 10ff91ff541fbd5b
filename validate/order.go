package validate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/amesh-render/amesh-render/standalone"
)

// The order in which APISIX tries routes: hosts first, then exact paths, then path prefixes from the longest to the
// shortest, and only among routes of one host and one uri the priority.

// A candidate is a route at one of its uris.
type candidate struct {
	*object
	uri        string
	priority   float64
	conditions []int // numbers that are equal when conditions are; a route matches if all hold
	place      int   // in the file
}

// levels are the routes at each host, "" for those without, by uri.
type levels map[string]map[string][]candidate

// order checks that routes are tried in the order that their priorities suggest, and that each can be reached.
func (c *checker) order() {
	all := levels{}
	var order []*object
	for _, list := range c.objects {
		for place, x := range list {
			if x.section != "routes" || !x.live() || off(x) {
				continue
			}
			order = append(order, x)
			for _, host := range c.hostsOf(x) {
				if all[host] == nil {
					all[host] = map[string][]candidate{}
				}
				for _, one := range c.candidates(x, place) {
					all[host][one.uri] = append(all[host][one.uri], one)
				}
			}
		}
	}
	c.unreachable(all)
	told, general := map[*object]bool{}, map[string][]string{}
	for place, x := range order {
		for _, host := range c.hostsOf(x) {
			if general[host] == nil {
				general[host] = all.general(host)
			}
			for _, one := range c.candidates(x, place) {
				for _, wide := range general[host] {
					if wide == host || x.node.Get("priority") == nil {
						c.overtaken(one, host, wide, all[wide], told)
					}
				}
			}
		}
	}
}

// general are the hosts at which APISIX looks for a host, from itself to none.
func (all levels) general(host string) []string {
	out := []string{host}
	if host == "" {
		return out
	}
	for i := range host {
		if wide := "*" + host[i:]; wide != host && i > 0 && all[wide] != nil {
			out = append(out, wide)
		}
	}
	for _, wide := range []string{"*", ""} {
		if wide != host && all[wide] != nil {
			out = append(out, wide)
		}
	}
	return out
}

// lists are the routes that APISIX tries by priority, of each host and uri.
func (all levels) lists() (out [][]candidate) {
	for _, uris := range all {
		for _, list := range uris {
			out = append(out, slices.Clone(list))
		}
	}
	return out
}

// unreachable tells of routes that another takes everything from, at every host and uri.
func (c *checker) unreachable(at levels) {
	reached, blocked := map[*object]bool{}, map[*object]candidate{}
	for _, list := range at.lists() {
		slices.SortStableFunc(list, func(a, b candidate) int {
			switch {
			case a.priority > b.priority:
				return -1
			case a.priority < b.priority:
				return 1
			}
			return a.place - b.place
		})
		var all *candidate
		for i, one := range list {
			switch {
			case all == nil:
				reached[one.object] = true
			case all.object != one.object:
				if before, ok := blocked[one.object]; !ok || all.place < before.place {
					blocked[one.object] = *all
				}
			}
			if all == nil && len(one.conditions) == 0 {
				all = &list[i]
			}
		}
	}
	for x, by := range blocked {
		if !reached[x] {
			c.tell(x, standalone.Warning, "uri", "never reached: route/%s has the same uri and hosts, no conditions, and %s", by.id, before(by, x))
		}
	}
}

// before says why one route is tried before another of the same uri.
func before(by candidate, x *object) string {
	var priority float64
	if n := x.node.Get("priority"); n != nil {
		priority = n.Number
	}
	if by.priority > priority {
		return fmt.Sprintf("the priority %v", by.priority)
	}
	return "is before it in the file"
}

// overtaken tells of routes whose priority is higher than that of one at a host, which has the more specific uri or host and
// is tried first all the same, if the two differ in nothing but what one of them asks for in addition. They are among
// those at another host, which may be the same. Between two hosts only a priority against none counts: where every route
// has one, as in what the renderer writes, they order the routes of each host for itself.
func (c *checker) overtaken(one candidate, host, wide string, at map[string][]candidate, told map[*object]bool) {
	for _, general := range generalURIs(one.uri, host == wide) {
		for _, other := range at[general] {
			if told[other.object] || other.object == one.object || other.priority <= one.priority {
				continue
			}
			if within(other.conditions, one.conditions) || within(one.conditions, other.conditions) {
				told[other.object] = true
				why := fmt.Sprintf("uri %.100q", one.uri)
				if host != wide {
					why = fmt.Sprintf("host %q", host)
				}
				c.tell(other.object, standalone.Warning, "priority",
					"%v does not put it before route/%s of priority %v: that has the more specific %s, and takes its requests first",
					other.priority, one.id, one.priority, why)
			}
		}
	}
}

// generalURIs are the uris that take every path that another takes; that one itself unless it is left out.
func generalURIs(uri string, others bool) (out []string) {
	path := strings.TrimSuffix(uri, "*")
	for end := len(path); end >= 0; end-- {
		if general := path[:end] + "*"; general != uri {
			out = append(out, general)
		}
	}
	if !others {
		out = append(out, uri)
	}
	return out
}
