package apisix

import (
	"cmp"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// What an upstream may choose from.
var (
	balancers = []string{"roundrobin", "chash", "least_conn", "ewma"}
	schemes   = []string{"http", "https", "grpc", "grpcs", "tcp", "tls"}
	passHosts = []string{"pass", "node", "rewrite"}
	hashOns   = []string{"vars", "header", "cookie", "consumer", "vars_combinations"}
)

// What chash may hash, by hash_on; from APISIX's upstream_hash_vars_schema and upstream_hash_header_schema.
var (
	hashVar = regexp.MustCompile(`^((uri|server_name|server_addr|request_uri|remote_port|remote_addr|query_string|` +
		`host|hostname|mqtt_client_id)|arg_[0-9a-zA-z_-]+)$`)
	hashHeader = regexp.MustCompile(`^[a-zA-Z0-9-_]+$`)
)

// Validate returns what is wrong with u on its own; see [Config.Validate].
func (u *Upstream) Validate(f Format) []Problem {
	c := checker{kind: "upstream", id: u.ID, format: f}
	if u.Raw != nil {
		return c.object(u.Raw)
	}
	c.head(u.Name, u.Desc, u.Labels)
	c.oneOf("type", u.Type, balancers)
	if u.Scheme != "" {
		c.oneOf("scheme", u.Scheme, schemes)
	}
	if u.PassHost != "" {
		c.oneOf("pass_host", u.PassHost, passHosts)
	}
	if u.PassHost == "rewrite" && u.UpstreamHost == "" {
		c.add("pass_host", "is rewrite, and there is no upstream_host")
	}
	if u.UpstreamHost != "" && !isHost(u.UpstreamHost) {
		c.add("upstream_host", "%q is neither an address nor a name", u.UpstreamHost)
	}
	if u.HashOn != "" {
		c.oneOf("hash_on", u.HashOn, hashOns)
	}
	if u.Type == "chash" {
		c.hashKey(u)
	}
	c.between("retries", u.Retries, 0, maxExact)
	if u.RetryTimeout < 0 {
		c.add("retry_timeout", "is %v, less than 0", u.RetryTimeout)
	}
	c.timeout(u.Timeout)
	check(u.KeepalivePool, c.keepalive)
	check(u.TLS, c.upstreamTLS)
	check(u.Checks, c.checks)
	c.nodes(u.Nodes)
	c.walk(reflect.ValueOf(u).Elem(), false)
	return c.problems
}

func (c *checker) oneOf(field, s string, choice []string) {
	if !slices.Contains(choice, s) {
		c.add(field, "is %q, not one of %s", s, strings.Join(choice, ", "))
	}
}

// hashKey checks the key of chash, as APISIX's check_upstream_conf does; an empty hash_on means vars.
func (c *checker) hashKey(u *Upstream) {
	good := true
	switch u.HashOn {
	case "", "vars":
		good = hashVar.MatchString(u.Key)
	case "header", "cookie":
		good = hashHeader.MatchString(u.Key)
	case "vars_combinations":
		good = u.Key != ""
	}
	if !good {
		c.add("key", "%q is not something that chash can hash on %q", u.Key, u.HashOn)
	}
}

type address struct {
	host string
	port int
}

// nodes checks each node and that no address is there twice: of two the last would win, their weights are not summed.
func (c *checker) nodes(nodes []Node) {
	var seen map[address]bool
	if !slices.IsSortedFunc(nodes, byAddress) { // else equal ones are side by side
		seen = make(map[address]bool, len(nodes))
	}
	for i, n := range nodes {
		twice := seen[address{n.Host, n.Port}] || i > 0 && byAddress(nodes[i-1], n) == 0
		if n.bad() || twice {
			c.node(fmt.Sprintf("nodes[%d]", i), n, twice)
		}
		if seen != nil {
			seen[address{n.Host, n.Port}] = true
		}
	}
}

func byAddress(a, b Node) int {
	return cmp.Or(strings.Compare(a.Host, b.Host), cmp.Compare(a.Port, b.Port))
}

func (n Node) bad() bool {
	return !IsNodeHost(n.Host) || n.Port < 1 || n.Port > 65535 ||
		n.Weight < 0 || n.Weight > maxExact || n.Priority < -maxExact || n.Priority > maxExact
}

func (c *checker) node(field string, n Node, twice bool) {
	if !IsNodeHost(n.Host) {
		c.add(field+".host", "%q is neither an address nor a name", n.Host)
	}
	c.between(field+".port", n.Port, 1, 65535)
	c.between(field+".weight", n.Weight, 0, maxExact)
	c.between(field+".priority", n.Priority, -maxExact, maxExact)
	if twice {
		c.add(field, "%s:%d is there twice", n.Host, n.Port)
	}
}
