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
	label      string
	ignorePort bool
	exact      map[string]*virtualHost
	suffixes   map[string]*virtualHost // of "*.b.c": ".b.c"
	prefixes   map[string]*virtualHost // of "a.b.*": "a.b."
	fallback   *virtualHost            // of "*", or nil
}

type virtualHost struct {
	label, name string
	requireTLS  routev3.VirtualHost_TlsRequirementType
	matcher     bool // it has a matcher tree instead of routes
	routes      []*route
}

// NewTable prepares rc. Where virtual hosts share a domain, for which Envoy refuses rc, the first keeps it.
func NewTable(rc *routev3.RouteConfiguration) *Table {
	t := &Table{
		label:      "route_config/" + rc.GetName(),
		ignorePort: rc.GetIgnorePortInHostMatching(),
		exact:      map[string]*virtualHost{},
		suffixes:   map[string]*virtualHost{},
		prefixes:   map[string]*virtualHost{},
	}
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
	}
	for i, r := range msg.GetRoutes() {
		vh.routes = append(vh.routes, newRoute(fmt.Sprintf("%s route/%d", vh.label, i), vh.name, r, ignoreParameters))
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

// Route says what this table does with r, as if an HTTP connection manager without normalisation had asked. If tr is not
// nil, what was considered is recorded in it.
func (t *Table) Route(r *model.Request, tr *model.Trace) model.Outcome {
	return t.route(newRequest(r), tr)
}

func (t *Table) route(r *request, tr *model.Trace) model.Outcome {
	vh := t.virtualHost(r.authority)
	if vh == nil {
		why := fmt.Sprintf("%s: no virtual host for %q", t.label, r.authority)
		return model.Outcome{Kind: model.NoRoute, Status: http.StatusNotFound, Reason: why}
	}
	tr.Take(vh.label, "")
	if vh.redirectsToTLS(r) {
		o := model.Outcome{Kind: model.Answered, Status: http.StatusMovedPermanently, Reason: "require_tls"}
		o.VirtualHost, o.Route = vh.name, vh.label
		return o
	}
	if vh.matcher {
		return undecided(vh.label, "a matcher tree is not modelled")
	}
	for _, candidate := range vh.routes {
		switch verdict, why := candidate.matches(r); verdict {
		case model.No:
			tr.Skip(candidate.label, why)
		case model.Unknown:
			return undecided(candidate.label, why)
		case model.Yes:
			tr.Take(candidate.label, "")
			return candidate.outcome(r)
		}
	}
	return model.Outcome{
		Kind: model.NoRoute, Status: http.StatusNotFound, VirtualHost: vh.name,
		Reason: vh.label + ": no route matches; Envoy tries no other virtual host",
	}
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
