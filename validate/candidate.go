package validate

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/amesh-render/amesh-render/standalone"
)

// off reports whether a route is switched off.
func off(x *object) bool {
	status := x.node.Get("status")
	return status != nil && status.Kind == standalone.Number && status.Number == 0
}

// hostsOf are the hosts of a route, in lower case as APISIX has them, "" for one without.
func (c *checker) hostsOf(x *object) []string {
	for _, n := range []*standalone.Node{x.node.Get("hosts"), x.node.Get("host")} {
		if n == nil {
			continue
		}
		if n.Kind == standalone.String {
			return []string{strings.ToLower(n.Text)}
		}
		var hosts []string
		for _, item := range n.Items {
			hosts = append(hosts, strings.ToLower(item.Text))
		}
		return hosts
	}
	if service := c.find("services", x.node.Get("service_id")); service != nil && service != x && service.node.Get("hosts") != nil {
		return c.hostsOf(service)
	}
	return []string{""}
}

// candidates are a route at each of its uris.
func (c *checker) candidates(x *object, place int) []candidate {
	one := candidate{object: x, conditions: c.numbers(conditionsOf(x)), place: place}
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

// numbers are numbers that stand for conditions.
func (c *checker) numbers(conditions []string) []int {
	var out []int
	for _, text := range conditions {
		n, seen := c.numbered[text]
		if !seen {
			n = len(c.numbered)
			c.numbered[text] = n
		}
		out = append(out, n)
	}
	return out
}

// within reports whether all conditions of one are among those of another.
func within(few, many []int) bool {
	for _, n := range few {
		if !slices.Contains(many, n) {
			return false
		}
	}
	return true
}
