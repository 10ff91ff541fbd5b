// Package render turns a snapshot of Envoy resources into an APISIX configuration that routes as Envoy would.
//
// In go a *snapshot.Snapshot and Options, out come an *apisix.Config and Findings: everything that APISIX cannot express
// as Envoy would have applied it, each with its place. Rendering is a pure function: no clock, no environment, no files,
// no network, no logs, no randomness; the same snapshot and options give the same result, whatever the order in which
// resources arrived.
//
// There is no representation between xDS and APISIX. listener.go finds the filter chains that serve plain HTTP, and
// virtualhost.go hands each virtual host's routes, in Envoy's own messages, to the translators beside it: domain.go,
// match.go, order.go, action.go; upstream.go and endpoint.go do the same for the clusters that the routes name. A field that no
// translator handles and no table calls harmless is reported by fields.go.
package render

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"github.com/amesh-render/amesh-render/intercept"
	"github.com/amesh-render/amesh-render/render/apisix"
	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// Result is what Render makes of a snapshot.
type Result struct {
	// Config is the rendered configuration, sorted by kind and id.
	Config *apisix.Config
	// Findings is what Config does not express as Envoy would have applied it, sorted, without repetitions.
	Findings []Finding
}

// Render translates a snapshot. It never fails: what cannot be expressed is in the findings, and requests that Envoy
// would have served by it are refused rather than sent elsewhere.
func Render(s *snapshot.Snapshot, o Options) Result {
	pod := podAddresses(s)
	r := &renderer{snapshot: s, options: o.withDefaults(s), ipv6: slices.ContainsFunc(pod, netip.Addr.Is6), bound: boundAddresses(s), uses: map[use]string{},
		grpc: map[string]bool{}, podAddresses: pod, dialing: map[string]bool{}, guards: map[guardKey]formula{}}
	r.config = apisix.Config{Routes: []*apisix.Route{}, Upstreams: []*apisix.Upstream{}, Others: map[string][]apisix.Object{}}
	if o.Ports != nil {
		r.ports = *o.Ports
	} else {
		r.ports = Protocols(s)
	}
	r.notes()
	r.listeners()
	r.unreferencedRouteConfigurations()
	r.upstreams()
	r.userPlugins()
	r.overlays()
	slices.SortFunc(r.config.Routes, func(a, b *apisix.Route) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(r.config.Upstreams, func(a, b *apisix.Upstream) int { return cmp.Compare(a.ID, b.ID) })
	for section, objects := range r.config.Others {
		slices.SortStableFunc(objects, func(a, b apisix.Object) int { return cmp.Compare(a.ID(section), b.ID(section)) })
	}
	r.validate()
	return Result{Config: &r.config, Findings: r.findings.sorted()}
}

// renderer is the state of one Render.
type renderer struct {
	snapshot     *snapshot.Snapshot
	options      Options
	ipv6         bool                        // the pod has an IPv6 address
	bound        map[uint32][]netip.AddrPort // by port: the addresses that have a listener of their own
	config       apisix.Config
	findings     findings
	uses         map[use]string  // the upstreams that routes name, and their ids
	grpc         map[string]bool // by cluster: it carries gRPC; see carriesGRPC
	podAddresses []netip.Addr
	ports        intercept.Table // which destinations are HTTP, which TCP
	dialing      map[string]bool // by cluster: it goes where the client dialled; see dials
	guards       map[guardKey]formula
	reached      map[string]bool // names of the route configurations that a listener refers to
	placed       []placedRoute   // the routes, where users add plugins
}

// notes turns what decoding could not understand into findings. Configurations of filters whose type is unknown are
// passed over: where they have an effect, the walk through the filters reports them.
func (r *renderer) notes() {
	for _, n := range r.snapshot.Notes() {
		if n.UnknownType != "" && (strings.Contains(n.Field, "filters[") || strings.Contains(n.Field, "typed_per_filter_config")) {
			continue
		}
		r.findings.list = append(r.findings.list,
			Finding{Severity: Dropped, Resource: n.Resource, Field: n.Field, Message: n.Message})
	}
}

// unreferencedRouteConfigurations reports route configurations that no rendered listener leads to: nothing in the
// output stands for them.
func (r *renderer) unreferencedRouteConfigurations() {
	for _, name := range r.snapshot.RouteConfigurations().Names() {
		if !r.reached[name] {
			r.findings.dropped(resource("route_config", name), "",
				"no listener that is rendered refers to this route configuration; it is not rendered")
		}
	}
}

// validate reports objects that APISIX would refuse to load. There should be none; one that slipped through would make
// its traffic fall to less specific routes.
func (r *renderer) validate() {
	for _, p := range r.config.Validate(apisix.JSON) {
		r.findings.dropped(resource(p.Kind, p.ID), p.Field, "APISIX would not load this object: %s", p.Message)
	}
}
