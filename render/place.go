package render

import (
	"slices"
	"strings"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// A placedGroup is a virtual host with those of its domains that share one of APISIX's routers.
type placedGroup struct {
	host  *virtualHost
	group hostGroup
}

// place orders the routes of groups that APISIX tries one after the other in one router, and adds them to the output.
func (r *renderer) place(c *served, groups []placedGroup) {
	var matches []pathMatch
	for _, g := range groups {
		for _, one := range g.host.candidates {
			matches = append(matches, one.match.path)
		}
	}
	places := order(matches)
	for _, g := range groups {
		for i, one := range g.host.candidates {
			r.add(c, g, one, places[i])
		}
		places = places[len(g.host.candidates):]
	}
}

// add completes a route and adds it to the output.
func (r *renderer) add(c *served, g placedGroup, one candidate, at placement) {
	route := one.route
	route.Hosts = g.group.hosts
	route.ID = apisix.ID(readable(c, route),
		strings.Join([]string{c.scope.key, c.name, g.host.name, g.group.key, one.identity}, "\x00"))
	route.URI = at.uri.String()
	route.Methods = one.match.methods
	route.Priority = at.priority
	if one.implicit {
		route.Priority--
	}
	route.Vars = joinVars(c.scope.vars, g.group.vars, one.match, at.demoted)
	r.addRoute(&route)
	r.note(c, g, one, &route)
}

// readable is the part of a route's id that a person reads.
func readable(c *served, route apisix.Route) string {
	if len(route.Hosts) == 0 {
		return c.scope.key + " " + route.Name
	}
	return route.Name
}

// joinVars is all conditions of a route. Without any of its own it shares the scope's.
func joinVars(scope, group []apisix.Expr, m routeMatch, demoted bool) []apisix.Expr {
	var path []apisix.Expr
	if demoted {
		path = m.path.vars
	}
	if len(group)+len(path)+len(m.vars) == 0 {
		return scope
	}
	return slices.Concat(scope, group, path, m.vars)
}
