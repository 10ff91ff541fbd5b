package envoy

import (
	"fmt"
	"net/http"
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"

	"github.com/amesh-render/amesh-render/model"
)

// Table is a route configuration, prepared for many requests. It is immutable and safe for concurrent use.
type Table struct {
	label            string
	ignorePort       bool
	mostSpecificWins bool
	operations       operations
	configs          filterConfigs
	hostnames        map[string]string // of clusters' endpoints
	exact            map[string]*virtualHost
	suffixes         map[string]*virtualHost // of "*.b.c": ".b.c"
	prefixes         map[string]*virtualHost // of "a.b.*": "a.b."
	fallback         *virtualHost            // of "*", or nil
}

type virtualHost struct {
	label, name string
	requireTLS  routev3.VirtualHost_TlsRequirementType
	matcher     bool // it has a matcher tree instead of routes
	routes      []*route
	operations  operations
	configs     filterConfigs
	cors        corsPolicy // of the deprecated field, or nil
}

// NewTable prepares rc. Where virtual hosts share a domain, for which Envoy refuses rc, the first keeps it.
func NewTable(rc *routev3.RouteConfiguration) *Table {
	t := &Table{
		label:      "route_config/" + rc.GetName(),
		ignorePort: rc.GetIgnorePortInHostMatching(), mostSpecificWins: rc.GetMostSpecificHeaderMutationsWins(),
		configs:  newFilterConfigs(rc.GetTypedPerFilterConfig()),
		exact:    map[string]*virtualHost{},
		suffixes: map[string]*virtualHost{},
		prefixes: map[string]*virtualHost{},
	}
	t.operations = newOperations(t.label, rc)
	for _, msg := range rc.GetVirtualHosts() {
		vh := newVirtualHost(t.label, msg, rc.GetIgnorePathParametersInPathMatching())
		for _, domain := range msg.GetDomains() {
			t.add(foldASCII(domain), vh)
		}
	}
	return t
}

func newVirtualHost(table string, msg *routev3.VirtualHost, ignoreParameters bool) *virtualHost {
	vh := &virtualHost{
		label:      fmt.Sprintf("%s virtual_host/%s", table, msg.GetName()),
		name:       msg.GetName(),
		requireTLS: msg.GetRequireTls(),
		matcher:    msg.GetMatcher() != nil,
		configs:    newFilterConfigs(msg.GetTypedPerFilterConfig()),
	}
	vh.operations = newOperations(vh.label, msg)
	vh.cors = deprecatedCORS(msg)
	for i, r := range msg.GetRoutes() {
		vh.routes = append(vh.routes, newRoute(fmt.Sprintf("%s route/%d", vh.label, i), r, ignoreParameters))
	}
	return vh
}

func (t *Table) add(domain string, vh *virtualHost) {
	into, key := t.exact, domain
	switch {
	case domain == "*":
		if t.fallback == nil {
			t.fallback = vh
		}
		return
	case strings.HasPrefix(domain, "*"):
		into, key = t.suffixes, domain[1:]
	case strings.HasSuffix(domain, "*"):
		into, key = t.prefixes, domain[:len(domain)-1]
	}
	if into[key] == nil {
		into[key] = vh
	}
}

// Route says what this table does with r, as if an HTTP connection manager without filters and normalisation had asked.
// If tr is not nil, what was considered is recorded in it.
func (t *Table) Route(r *model.Request, tr *model.Trace) model.Outcome {
	q := newRequest(r)
	return t.choose(q, tr).serve(q)
}

// choose finds the virtual host and the route for r, and the cluster if it is one of several by weight.
func (t *Table) choose(r *request, tr *model.Trace) *choice {
	c := &choice{table: t, host: t.virtualHost(r.authority)}
	if c.host == nil {
		why := fmt.Sprintf("%s: no virtual host for %q", t.label, r.authority)
		c.otherwise = model.Outcome{Kind: model.NoRoute, Status: http.StatusNotFound, Reason: why}
		return c
	}
	tr.Take(c.host.label, "")
	switch {
	case c.host.redirectsToTLS(r):
		c.otherwise = c.placed(redirectToTLS(r))
		c.otherwise.Route = c.host.label
	case c.host.matcher:
		c.otherwise = undecided(c.host.label, "a matcher tree is not modelled")
	default:
		c.chooseRoute(r, tr)
	}
	return c
}

// chooseRoute takes the first route that matches.
func (c *choice) chooseRoute(r *request, tr *model.Trace) {
	for _, candidate := range c.host.routes {
		switch verdict, why := candidate.matches(r); verdict {
		case model.No:
			tr.Skip(candidate.label, why)
		case model.Unknown:
			c.otherwise = undecided(candidate.label, why)
			return
		case model.Yes:
			tr.Take(candidate.label, "")
			c.route, c.cluster = candidate, candidate.weighted.pick(r)
			return
		}
	}
	c.otherwise = c.placed(model.Outcome{
		Kind: model.NoRoute, Status: http.StatusNotFound,
		Reason: c.host.label + ": no route matches; Envoy tries no other virtual host",
	})
}

// virtualHost is the virtual host for an authority: exact domain, longest suffix wildcard, longest prefix wildcard, "*".
// A wildcard stands for at least one character. With the "*" domain alone, the authority is not even looked at.
func (t *Table) virtualHost(authority string) *virtualHost {
	host := foldASCII(authority)
	if t.ignorePort {
		host, _, _ = cutPort(host)
	}
	if vh := t.exact[host]; vh != nil {
		return vh
	}
	for i := 1; i < len(host); i++ {
		if vh := t.suffixes[host[i:]]; vh != nil {
			return vh
		}
	}
	for i := len(host) - 1; i > 0; i-- {
		if vh := t.prefixes[host[:i]]; vh != nil {
			return vh
		}
	}
	return t.fallback
}

func (vh *virtualHost) redirectsToTLS(r *request) bool {
	switch vh.requireTLS {
	case routev3.VirtualHost_ALL:
		return r.SchemeOrDefault() != "https"
	case routev3.VirtualHost_EXTERNAL_ONLY:
		internal, _ := r.header("x-envoy-internal")
		return r.SchemeOrDefault() != "https" && internal != "true"
	}
	return false
}
