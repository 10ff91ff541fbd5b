package validate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/amesh-render/amesh-render/standalone"
)

// A reference is a field that names an object of another section.
type reference struct {
	field, section, kind string
	result               string // what comes of it when there is no such object
}

var references = map[string][]reference{
	"routes": {
		{"upstream_id", "upstreams", "upstream", "requests are answered 502"},
		{"service_id", "services", "service", "requests are answered 404"},
		{"plugin_config_id", "plugin_configs", "plugin_config", "requests are answered 503"},
	},
	"services": {{"upstream_id", "upstreams", "upstream", "requests are answered 502"}},
	"stream_routes": {
		{"upstream_id", "upstreams", "upstream", "connections are closed"},
		{"service_id", "services", "service", "connections are closed"},
		{"protocol.superior_id", "stream_routes", "stream_route", "this one is never used"},
	},
	"consumers": {{"group_id", "consumer_groups", "consumer_group", "requests of this consumer are answered 503"}},
}

// references checks that all that an object refers to is there.
func (c *checker) references(x *object) {
	for _, r := range references[x.section] {
		c.reference(x, r, lookup(x.node, r.field))
	}
	c.reference(x, reference{"tls.client_cert_id", "ssls", "ssl", "requests are answered 502"}, lookup(x.node, "tls.client_cert_id"))
	c.splits(x)
	c.secrets(x)
}

// lookup is the value of a field, whose path is of plain names; nil when there is none.
func lookup(n *standalone.Node, path string) *standalone.Node {
	for name := range strings.SplitSeq(path, ".") {
		n = n.Get(name)
	}
	return n
}

func (c *checker) reference(x *object, r reference, id *standalone.Node) {
	if standalone.IDText(id) == "" || id.Env || x.dropped {
		return
	}
	if _, there := c.byID[r.section][standalone.IDText(id)]; there {
		return
	}
	c.tellAt(x, id, standalone.Error, r.field, "there is no %s %q%s: %s", r.kind, standalone.IDText(id), c.why(r.section, standalone.IDText(id)), r.result)
}

// why says that there is such an object, but APISIX drops it.
func (c *checker) why(section, id string) string {
	if x := c.dropped[section][id]; x != nil {
		return fmt.Sprintf(", as APISIX drops that on line %d", x.node.Line)
	}
	return ""
}

// splits checks the upstreams of traffic-split: one that is missing fails every request of the rule.
func (c *checker) splits(x *object) {
	own := c.hasUpstream(x)
	for i, rule := range items(lookup(x.node, "plugins.traffic-split.rules")) {
		var seen []string
		for j, w := range items(rule.Get("weighted_upstreams")) {
			field := fmt.Sprintf("plugins.traffic-split.rules[%d].weighted_upstreams[%d]", i, j)
			id, inline := w.Get("upstream_id"), w.Get("upstream")
			c.reference(x, reference{field + ".upstream_id", "upstreams", "upstream", "requests are answered 500"}, id)
			switch {
			case inline != nil:
				c.upstream(x, field+".upstream", inline)
			case id == nil && !own && x.section == "routes":
				c.tell(x, standalone.Error, field, "stands for the route's own upstream, and the route has none: requests are answered 503")
			}
			if inline == nil && slices.Contains(seen, standalone.IDText(id)) {
				c.tell(x, standalone.Warning, field, "this upstream is there twice, and the last weight counts")
			}
			seen = append(seen, standalone.IDText(id))
		}
	}
}

// items are the elements of a list; none for anything else.
func items(n *standalone.Node) []*standalone.Node {
	if n == nil {
		return nil
	}
	return n.Items
}

// hasUpstream reports whether an object has an upstream, itself or by its service.
func (c *checker) hasUpstream(x *object) bool {
	if x.node.Get("upstream") != nil || x.node.Get("upstream_id") != nil {
		return true
	}
	if id := x.node.Get("service_id"); id != nil {
		service := c.find("services", id)
		return service == nil || service != x && c.hasUpstream(service)
	}
	return false
}

// secrets checks the strings in the plugins that APISIX replaces at run time: by environment variables, and by what a
// secret manager holds.
func (c *checker) secrets(x *object) {
	walk("plugins", x.node.Get("plugins"), func(field string, n *standalone.Node) {
		if n.Kind != standalone.String || n.Env || len(n.Text) < 7 || n.Text[0] != '$' {
			return
		}
		switch lower := strings.ToLower(n.Text); {
		case strings.HasPrefix(lower, "$env://"):
			c.tellAt(x, n, standalone.Warning, field, "APISIX puts the environment variable %.60q in its place, at every request", n.Text[7:])
		case strings.HasPrefix(lower, "$secret://"):
			parts := strings.SplitN(n.Text[len("$secret://"):], "/", 3)
			if id := strings.Join(parts[:min(2, len(parts))], "/"); c.byID["secrets"][id] == nil {
				c.tellAt(x, n, standalone.Error, field, "there is no secret %.60q: the plugin gets this text as it is", id)
			}
		}
	})
}

// walk calls f for every scalar in n.
func walk(field string, n *standalone.Node, f func(field string, n *standalone.Node)) {
	seen := map[*standalone.Node]bool{}
	var visit func(string, *standalone.Node)
	visit = func(field string, n *standalone.Node) {
		if n == nil || seen[n] {
			return
		}
		if n.Kind < standalone.List {
			f(field, n)
			return
		}
		seen[n] = true
		for i, item := range n.Items {
			visit(fmt.Sprintf("%s[%d]", field, i), item)
		}
		for _, e := range n.Entries {
			visit(join(field, e.Name()), e.Value)
		}
	}
	visit(field, n)
}
