package validate

import (
	"encoding/json"
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
	conditions []string // each as text; a route matches if all hold
	place      int      // in the file
}

// bucket is where APISIX tries routes by priority.
type bucket struct{ host, uri string }

// order checks that routes are tried in the order that their priorities suggest, and that each can be reached.
func (c *checker) order() {
	buckets, hosts := map[bucket][]candidate{}, map[string][]candidate{}
	var hostNames []string
	for _, list := range c.objects {
		for place, x := range list {
			if x.section != "routes" || !x.live() || off(x) {
				continue
			}
			for _, one := range candidates(x, place) {
				for _, host := range c.hostsOf(x) {
					at := bucket{host, one.uri}
					buckets[at] = append(buckets[at], one)
					if hosts[host] == nil {
						hostNames = append(hostNames, host)
					}
					hosts[host] = append(hosts[host], one)
				}
			}
		}
	}
	c.unreachable(buckets)
	told := map[*object]bool{}
	for _, host := range hostNames {
		for _, one := range hosts[host] {
			c.overtaken(one, host, buckets, told)
		}
	}
}

// off reports whether a route is switched off.
func off(x *object) bool {
	status := x.node.Get("status")
	return status != nil && status.Kind == standalone.Number && status.Number == 0
}

// hostsOf are the hosts of a route, "" for one without.
func (c *checker) hostsOf(x *object) []string {
	for _, n := range []*standalone.Node{x.node.Get("hosts"), x.node.Get("host")} {
		if n == nil {
			continue
		}
		if n.Kind == standalone.String {
			return []string{n.Text}
		}
		var hosts []string
		for _, item := range n.Items {
			hosts = append(hosts, item.Text)
		}
		return hosts
	}
	if service := c.find("services", x.node.Get("service_id")); service != nil && service != x && service.node.Get("hosts") != nil {
		return c.hostsOf(service)
	}
	return []string{""}
}

func candidates(x *object, place int) []candidate {
	one := candidate{object: x, conditions: conditionsOf(x), place: place}
	if n := x.node.Get("priority"); n != nil && n.Kind == standalone.Number {
		one.priority = n.Number
	}
	uris := items(x.node.Get("uris"))
	if uri := x.node.Get("uri"); uri != nil {
		uris = append(uris, uri)
	}
	var out []candidate
	for _, uri := range uris {
		if uri.Kind == standalone.String && !uri.Env {
			one.uri = uri.Text
			out = append(out, one)
		}
	}
	return out
}

// conditionsOf are what a request must have for a route besides host and path, as texts that are equal when the conditions
// are.
func conditionsOf(x *object) []string {
	var out []string
	vars := x.node.Get("vars")
	list := items(vars)
	if len(list) > 0 && list[0].Kind == standalone.String {
		list = []*standalone.Node{vars}
	}
	for _, n := range list {
		text, _ := json.Marshal(n.Any())
		out = append(out, string(text))
	}
	for _, field := range []string{"methods", "remote_addr", "remote_addrs", "filter_func"} {
		n := x.node.Get(field)
		if n == nil || n.Kind == standalone.List && len(n.Items) == 0 {
			continue
		}
		text, _ := json.Marshal(n.Any())
		out = append(out, field+string(text))
	}
	return out
}

// within reports whether all conditions of one are among those of another.
func within(few, many []string) bool {
	return !slices.ContainsFunc(few, func(s string) bool { return !slices.Contains(many, s) })
}

// unreachable tells of routes that another takes everything from, at every host and uri.
func (c *checker) unreachable(buckets map[bucket][]candidate) {
	reached, blocked := map[*object]bool{}, map[*object]candidate{}
	for _, list := range buckets {
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

// overtaken tells of a route whose priority is higher than that of another with a more specific uri, which is yet tried
// first, if the two differ in nothing but what one of them asks for in addition.
func (c *checker) overtaken(one candidate, host string, buckets map[bucket][]candidate, told map[*object]bool) {
	exact := !strings.HasSuffix(one.uri, "*")
	for end := len(strings.TrimSuffix(one.uri, "*")); end >= 0; end-- {
		general := one.uri[:end] + "*"
		if general == one.uri || end == len(one.uri) && !exact {
			continue
		}
		for _, other := range buckets[bucket{host, general}] {
			if told[other.object] || other.object == one.object || other.priority <= one.priority {
				continue
			}
			if within(other.conditions, one.conditions) || within(one.conditions, other.conditions) {
				told[other.object] = true
				c.tell(other.object, standalone.Warning, "priority",
					"%v does not put it before route/%s of priority %v: that has the more specific uri %.100q, and takes its requests first",
					other.priority, one.id, one.priority, one.uri)
			}
		}
	}
}
