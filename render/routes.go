package render

import (
	"slices"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
)

var routeConfigFields = tableOf(&routev3.RouteConfiguration{}, fields{
	"name":                                    rendered,
	"virtual_hosts":                           composed,
	"typed_per_filter_config":                 asFilters,
	"ignore_port_in_host_matching":            rendered,
	"validate_clusters":                       harmless("concerns loading"),
	"max_direct_response_body_size_bytes":     harmless("concerns loading"),
	"metadata":                                harmless("for people and tools"),
	"vhds":                                    lost("virtual hosts on demand (VHDS) are not fetched"),
	"internal_only_headers":                   lost("the headers of clients are not removed"),
	"response_headers_to_add":                 composed,
	"response_headers_to_remove":              someHeaders,
	"request_headers_to_add":                  composed,
	"request_headers_to_remove":               someHeaders,
	"most_specific_header_mutations_wins":     rendered,
	"request_mirror_policies":                 partly("one copy, to the service or to one of the endpoints"),
	"ignore_path_parameters_in_path_matching": near("parameters of path segments take part in matching"),
	"cluster_specifier_plugins":               harmless("routes that use one are reported"),
})

// httpChain renders the routes of one chain. Claimed holds the hosts of each scope that are taken, and by what: only
// scopes that cannot be told apart collide.
func (r *renderer) httpChain(c httpChain, claimed map[string]string) {
	r.manager(&c)
	routeConfigFields.check(c.routes, c.routesAt, "", &r.findings)
	hosts := r.virtualHosts(&c, claimed)
	if !servesAnyHost(c.routes.GetVirtualHosts()) {
		hosts = append(hosts, r.otherHosts(&c))
	}
	r.caveats(c, hosts)
	r.emit(c, hosts)
}

// virtualHosts translates the virtual hosts of a chain.
func (r *renderer) virtualHosts(c *httpChain, claimed map[string]string) []virtualHost {
	hosts := make([]virtualHost, 0, len(c.routes.GetVirtualHosts())+1)
	names := map[string]bool{}
	for _, vh := range c.routes.GetVirtualHosts() {
		if names[vh.GetName()] { // Envoy refuses such a configuration, and ids would not be unique
			r.findings.dropped(c.routesAt.child("virtual_host", vh.GetName()), "name",
				"another virtual host has this name; this one is left out")
			continue
		}
		names[vh.GetName()] = true
		hosts = append(hosts, r.virtualHost(c, vh, claimed))
	}
	return hosts
}

// comparesPaths reports whether a route of the virtual host has a condition on the path.
func comparesPaths(h virtualHost) bool {
	return slices.ContainsFunc(h.candidates, func(one candidate) bool { return len(one.match.path.vars) > 0 })
}

// otherHosts is a virtual host for all names that no other has: Envoy answers 404.
func (r *renderer) otherHosts(c *httpChain) virtualHost {
	out := virtualHost{groups: []hostGroup{{key: "*", rank: anyHost}}, candidates: r.noRoute(c, "other hosts")}
	for i := range out.candidates {
		out.candidates[i].implicit = true
	}
	return out
}

func servesAnyHost(hosts []*routev3.VirtualHost) bool {
	return slices.ContainsFunc(hosts, func(vh *routev3.VirtualHost) bool { return slices.Contains(vh.GetDomains(), "*") })
}

// caveats reports the differences that concern a whole chain, once for each.
func (r *renderer) caveats(c httpChain, hosts []virtualHost) {
	if c.scope.caveat != "" {
		r.findings.approximate(c.at, "filter_chain_match", "%s", c.scope.caveat)
	}
	if slices.ContainsFunc(hosts, comparesPaths) {
		r.findings.approximate(c.routesAt, "virtual_hosts.routes.match",
			"APISIX compares the decoded path, with slashes merged; Envoy the path as it was sent, normalised")
	}
	if slices.ContainsFunc(c.routes.GetVirtualHosts(), (*routev3.VirtualHost).GetIncludeRequestAttemptCount) {
		r.findings.approximate(c.routesAt, "virtual_hosts.include_request_attempt_count",
			"X-Envoy-Attempt-Count is not added to requests")
	}
	named := func(vh *routev3.VirtualHost) bool { return !slices.Contains(vh.GetDomains(), "*") }
	if slices.ContainsFunc(c.routes.GetVirtualHosts(), named) {
		r.findings.approximate(c.routesAt, "virtual_hosts.domains",
			"a Host header that ends in a dot is taken as the name without it; Envoy compares it as it is")
	}
}
