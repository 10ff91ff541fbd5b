package validate

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/amesh-render/amesh-render/standalone"
)

// balancers are what type may name. APISIX looks for it at the first request only, where there
// is a choice.
var balancers = []string{"roundrobin", "chash", "least_conn", "ewma"}

// What chash may hash, by hash_on (upstream_hash_vars_schema and upstream_hash_header_schema).
var (
	hashVar    = regexp.MustCompile(`^((uri|server_name|server_addr|request_uri|remote_port|remote_addr|query_string|host|hostname|mqtt_client_id)|arg_[0-9a-zA-z_-]+)$`)
	hashHeader = regexp.MustCompile(`^[a-zA-Z0-9-_]+$`)
)

// upstream checks an upstream at a field of x, beyond the schema.
func (c *checker) upstream(x *object, field string, n *standalone.Node) {
	if n == nil || n.Kind != standalone.Map {
		return
	}
	at := func(name string) string { return join(field, name) }
	text := func(name string) string { return textOf(n.Get(name)) }
	kind := text("type")
	if kind != "" && !slices.Contains(balancers, kind) {
		c.balancer(x, at("type"), n, kind)
	}
	if text("pass_host") == "rewrite" && text("upstream_host") == "" {
		c.refuse(x, at("pass_host"), "is rewrite, and there is no upstream_host")
	}
	if kind == "chash" {
		c.hash(x, field, n)
	}
	c.nodes(x, at("nodes"), n.Get("nodes"), text("scheme"))
}

// balancer tells of a balancer that APISIX does not have. It looks for one only where there is a choice.
func (c *checker) balancer(x *object, field string, n *standalone.Node, kind string) {
	level, then := standalone.Error, "requests are answered 500"
	if nodes := n.Get("nodes"); nodes != nil && len(nodes.Items)+len(nodes.Entries) < 2 {
		level, then = standalone.Warning, "with a second node, requests are answered 500"
	}
	c.tell(x, level, field, "APISIX has no balancer %.60q, there are %s: %s", kind, strings.Join(balancers, ", "), then)
}

// refuse tells that APISIX drops x for a reason that its schemas do not know.
func (c *checker) refuse(x *object, field, message string, args ...any) {
	c.tell(x, standalone.Error, field, message+": APISIX drops the %s", append(args, x.kind)...)
}

// textOf is the text of a string; empty for everything else.
func textOf(n *standalone.Node) string {
	if n == nil || n.Kind != standalone.String {
		return ""
	}
	return n.Text
}

// hash checks what chash hashes.
func (c *checker) hash(x *object, field string, n *standalone.Node) {
	on, key := textOf(n.Get("hash_on")), n.Get("key")
	if on == "" {
		on = "vars"
	}
	if key != nil && key.Env {
		return
	}
	switch k := textOf(key); {
	case key == nil && on != "consumer":
		c.refuse(x, field, "the key that chash hashes is missing")
	case on == "vars" && !hashVar.MatchString(k):
		c.refuse(x, join(field, "key"), "%.60q is no variable that chash can hash", k)
	case (on == "header" || on == "cookie") && !hashHeader.MatchString(k):
		c.refuse(x, join(field, "key"), "%.60q is not the name of a %s", k, on)
	}
}

// nodes checks that no node is there twice, and that one has a weight.
func (c *checker) nodes(x *object, field string, n *standalone.Node, scheme string) {
	if n == nil || len(n.Items)+len(n.Entries) == 0 {
		return // answers 503, which is what an empty list says
	}
	seen, weightless := map[string]int{}, true
	for i, node := range n.Items {
		if node.Kind != standalone.Map {
			return
		}
		if host := node.Get("host"); strings.HasPrefix(textOf(host), "*") {
			c.tell(x, standalone.Error, fmt.Sprintf("%s[%d].host", field, i), "%.100q is neither an address nor a name: requests to it are answered 5xx", host.Text)
		}
		address := textOf(node.Get("host")) + ":" + strconv.Itoa(portOf(node.Get("port"), scheme))
		if first, twice := seen[address]; twice {
			c.tell(x, standalone.Warning, fmt.Sprintf("%s[%d]", field, i), "%.100s is there twice, as in nodes[%d]: weights are not added up", address, first)
		} else {
			seen[address] = i
		}
		w := node.Get("weight")
		weightless = weightless && w != nil && w.Kind == standalone.Number && w.Number == 0
	}
	for _, e := range n.Entries {
		weightless = weightless && e.Value.Kind == standalone.Number && e.Value.Number == 0
	}
	if weightless {
		c.tell(x, standalone.Warning, field, "all weights are 0: traffic still goes to them, as if they were equal")
	}
}

// portOf is the port of a node, which depends on the scheme where it is not given.
func portOf(n *standalone.Node, scheme string) int {
	switch {
	case n != nil && n.Kind == standalone.Number:
		return int(n.Number)
	case strings.HasSuffix(scheme, "s") && scheme != "":
		return 443
	}
	return 80
}
