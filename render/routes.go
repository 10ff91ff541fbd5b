package render

import (
	"reflect"
	"slices"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"

	"github.com/amesh-render/amesh-render/xds/snapshot"
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

// A chainPart is what becomes of a chain that serves HTTP, beside its virtual hosts.
type chainPart struct {
	part
	served served
	config *snapshot.Resource[*routev3.RouteConfiguration] // the route configuration without virtual hosts; nil if it came otherwise than by RDS
	hosts  []*hostPart
	others *virtualHost // for all names that no virtual host has; nil where one has all

	// The routes for groups without hosts, in their places, and the groups.
	laid   *part
	groups []placedGroup
}

// chain renders one chain. Before is the chain as it was, if its filters are the same; what it has of virtual hosts is then
// taken over.
func (r *Renderer) chain(c *httpChain, before *chainPart) *chainPart {
	w := r.fork()
	w.manager(c)
	routeConfigFields.check(c.routes, c.routesAt, "", &w.findings)
	out := &chainPart{served: c.served, config: c.config, hosts: make([]*hostPart, 0, len(c.hosts))}
	kept := map[*snapshot.Resource[*routev3.VirtualHost]]*hostPart{}
	if before != nil && before.config != nil && before.config == c.config && reflect.DeepEqual(before.served.scope, c.scope) {
		kept = before.untouched(r.changes)
	}
	names := make(map[string]bool, len(c.hosts))
	for _, source := range c.hosts {
		name := source.name()
		if names[name] { // Envoy refuses such a configuration, and ids would not be unique
			w.findings.dropped(c.routesAt.child("virtual_host", name), "name", "another virtual host has this name; this one is left out")
			continue
		}
		names[name] = true
		host := kept[source.resource]
		if host == nil {
			host = r.host(c, source)
		}
		out.hosts = append(out.hosts, host)
	}
	if !slices.ContainsFunc(out.hosts, func(h *hostPart) bool { return h.any }) {
		out.others = w.otherHosts(c)
	}
	w.caveats(c, out)
	out.part = w.part
	return out
}

// place puts the routes for groups without hosts in their places.
func (p *chainPart) place(common *common, groups []placedGroup) *part {
	same := func(a, b placedGroup) bool { return a.host == b.host && a.group.key == b.group.key }
	if p.laid == nil || !slices.EqualFunc(groups, p.groups, same) {
		w := common.fork()
		w.place(&p.served, groups)
		p.laid, p.groups = w.validated(), groups
	}
	return p.laid
}

// untouched are the virtual hosts of which nothing has changed that they depend on.
func (p *chainPart) untouched(c *changes) map[*snapshot.Resource[*routev3.VirtualHost]]*hostPart {
	kept := make(map[*snapshot.Resource[*routev3.VirtualHost]]*hostPart, len(p.hosts))
	for _, h := range p.hosts {
		if h.resource != nil && !c.touch(&h.reads) {
			kept[h.resource] = h
		}
	}
	return kept
}

// otherHosts is a virtual host for all names that no other has: Envoy answers 404.
func (r *renderer) otherHosts(c *httpChain) *virtualHost {
	out := virtualHost{groups: []hostGroup{{key: "*", rank: anyHost}}, candidates: r.noRoute(c, "other hosts")}
	for i := range out.candidates {
		out.candidates[i].implicit = true
	}
	return &out
}

// caveats reports the differences that concern a whole chain, once for each.
func (r *renderer) caveats(c *httpChain, p *chainPart) {
	some := func(is func(*hostPart) bool) bool { return slices.ContainsFunc(p.hosts, is) }
	if c.scope.caveat != "" {
		r.findings.approximate(c.at, "filter_chain_match", "%s", c.scope.caveat)
	}
	if some(func(h *hostPart) bool { return h.comparesPaths }) || p.others != nil && p.others.comparesPaths() {
		r.findings.approximate(c.routesAt, "virtual_hosts.routes.match",
			"APISIX compares the decoded path, with slashes merged; Envoy the path as it was sent, normalised")
	}
	if some(func(h *hostPart) bool { return h.counted }) {
		r.findings.approximate(c.routesAt, "virtual_hosts.include_request_attempt_count",
			"X-Envoy-Attempt-Count is not added to requests")
	}
	if some(func(h *hostPart) bool { return !h.any }) {
		r.findings.approximate(c.routesAt, "virtual_hosts.domains",
			"a Host header that ends in a dot is taken as the name without it; Envoy compares it as it is")
	}
}
