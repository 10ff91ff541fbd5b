package plugins

import (
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// A Target chooses routes: all of its fields that are set must hold, and of each one entry.
type Target struct {
	// Hosts are names that the route serves, or "*.suffix" for any name below it, or "*" for any.
	Hosts []string
	// Ports are those that the client has dialled: of a service outbound, of the pod inbound, of a gateway's listener.
	Ports []int
	// Direction is Inbound, Outbound, or empty for both.
	Direction string
	// Routes are names of the route, of its virtual host, or NAMESPACE/NAME of its VirtualService; "*" at either end
	// stands for anything.
	Routes []string
	// Paths are exact paths, or prefixes when they end in "*", within which all paths of the route lie.
	Paths []string
}

// The directions of traffic.
const (
	Inbound  = "inbound"
	Outbound = "outbound"
)

// A Route is what targets look at.
type Route struct {
	Hosts     []string // exact, or "*" and a suffix; none means any name
	Port      int      // 0 if the route is for any
	Direction string
	Names     []string
	// Path is what all of the route's paths are, or begin with when Prefix is set.
	Path   string
	Prefix bool
}

// target reads one entry of spec.targets.
func (r *reader) target(o *object) Target {
	t := Target{Hosts: o.texts("hosts"), Direction: o.text("direction"), Routes: o.texts("routes"), Paths: o.texts("paths")}
	for i, host := range t.Hosts {
		t.Hosts[i] = strings.ToLower(host)
	}
	for i, n := range o.list("ports") {
		t.Ports = append(t.Ports, r.port(n, fmt.Sprintf("%s.ports[%d]", o.path, i)))
	}
	if r.err == nil && !slices.Contains([]string{"", Inbound, Outbound}, t.Direction) {
		r.fail(failAt(o.get("direction"), o.path+".direction", "is %q: it is %s or %s", t.Direction, Inbound, Outbound))
	}
	for i, path := range t.Paths {
		if !strings.HasPrefix(path, "/") {
			r.fail(failAt(o.node, fmt.Sprintf("%s.paths[%d]", o.path, i), "is %q, which does not begin with /", path))
		}
	}
	o.rest()
	return t
}

func (r *reader) port(n *yaml.Node, path string) int {
	var port int
	if n.Kind != yaml.ScalarNode || n.Tag != "!!int" || n.Decode(&port) != nil || port < 1 || port > 65535 {
		r.fail(failAt(n, path, "is %s, not a port", describe(n)))
	}
	return port
}

// Covers reports whether the configuration is for a route.
func (c *Config) Covers(route Route) bool {
	return len(c.Targets) == 0 || slices.ContainsFunc(c.Targets, func(t Target) bool { return t.matches(route) })
}

func (t Target) matches(r Route) bool {
	return (t.Direction == "" || t.Direction == r.Direction) &&
		(t.Ports == nil || slices.Contains(t.Ports, r.Port)) &&
		anyOf(t.Hosts, r.hasHost) && anyOf(t.Routes, r.named) && anyOf(t.Paths, r.within)
}

// anyOf reports whether one of the patterns holds, or there is none.
func anyOf(patterns []string, holds func(string) bool) bool {
	return len(patterns) == 0 || slices.ContainsFunc(patterns, holds)
}

func (r Route) hasHost(pattern string) bool {
	if pattern == "*" {
		return true
	}
	suffix, wild := strings.CutPrefix(pattern, "*")
	return slices.ContainsFunc(r.Hosts, func(host string) bool {
		return host == pattern || wild && strings.HasSuffix(host, suffix)
	})
}

func (r Route) named(pattern string) bool {
	return slices.ContainsFunc(r.Names, func(name string) bool { return glob(pattern, name) })
}

// glob compares a name with a pattern that may have a "*" at either end.
func glob(pattern, name string) bool {
	head, tail := strings.HasPrefix(pattern, "*"), strings.HasSuffix(pattern, "*")
	core := strings.TrimSuffix(strings.TrimPrefix(pattern, "*"), "*")
	switch {
	case head && tail:
		return strings.Contains(name, core)
	case head:
		return strings.HasSuffix(name, core)
	case tail:
		return strings.HasPrefix(name, core)
	}
	return name == pattern
}

func (r Route) within(pattern string) bool {
	if prefix, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(r.Path, prefix)
	}
	return !r.Prefix && r.Path == pattern
}
