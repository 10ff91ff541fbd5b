package render

import (
	"reflect"
	"slices"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"

	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// A hostSource is a virtual host that came by RDS, or one that stands in a listener.
type hostSource struct {
	resource *snapshot.Resource[*routev3.VirtualHost]
	message  *routev3.VirtualHost // where there is no resource
}

func (s hostSource) name() string {
	if s.resource != nil {
		return s.resource.Name()
	}
	return s.message.GetName()
}

// A hostPart is what becomes of a virtual host of a chain.
type hostPart struct {
	part
	host     virtualHost
	resource *snapshot.Resource[*routev3.VirtualHost] // nil for one that stands in a listener

	any           bool // it serves all names
	counted       bool // VirtualHost.include_request_attempt_count
	comparesPaths bool // a route has a condition on the path

	// The routes for groups with hosts, in their places, and the groups: all, or what other virtual hosts leave of them.
	laid   *part
	groups []hostGroup
	all    bool
}

// host renders one virtual host of a chain.
func (r *Renderer) host(c *httpChain, source hostSource) *hostPart {
	w, vh := r.fork(), source.message
	if source.resource != nil {
		vh = snapshot.Read(&r.reader, source.resource)
	}
	out := &hostPart{host: w.virtualHost(c, vh), resource: source.resource, any: slices.Contains(vh.GetDomains(), "*"),
		counted: vh.GetIncludeRequestAttemptCount()}
	out.comparesPaths = out.host.comparesPaths()
	out.part = w.part
	for _, u := range out.uses { // while its cluster is still decoded
		r.among(u, false)
	}
	return out
}

// place puts the routes for groups with hosts in their places. All says that the groups are all of the virtual host's. It is
// not ok where that takes candidates that are no longer known: once placed, they are kept only if the virtual host has
// groups without hosts, which are placed with those of others.
func (h *hostPart) place(common *common, c *served, groups []hostGroup, all bool) (_ *part, ok bool) {
	if h.laid != nil && (all && h.all || reflect.DeepEqual(groups, h.groups)) {
		return h.laid, true
	}
	if h.host.candidates == nil {
		return nil, false
	}
	w := common.fork()
	for _, g := range groups {
		if g.hosts != nil {
			w.place(c, []placedGroup{{&h.host, g}})
		}
	}
	h.laid, h.groups, h.all = w.validated(), groups, all
	if !slices.ContainsFunc(h.host.groups, func(g hostGroup) bool { return g.hosts == nil }) {
		h.host.candidates = nil
	}
	return h.laid, true
}
