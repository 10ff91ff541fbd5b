package match

import (
	"slices"
	"strconv"
	"strings"

	"github.com/amesh-render/amesh-render/model"
	"github.com/amesh-render/amesh-render/render/apisix"
)

// ofAPISIX adds to an outcome what APISIX's objects say: the names of routes, the plugins, the upstream's nodes.
func (m *Mesh) ofAPISIX(o *Outcome) {
	for i, s := range o.Steps {
		if r := m.route(s.Path); r != nil {
			o.Steps[i].Name, o.Steps[i].Source = r.Name, r.Labels["istio-config"]
		}
	}
	if o.Route == nil {
		return
	}
	if o.model.Kind == model.Tunnelled {
		o.Upstream = m.tunnel(o.model.Cluster)
		return
	}
	r := m.route(o.Route.Path)
	if r == nil {
		return
	}
	o.Route.Source = r.Labels["istio-config"]
	o.Plugins = pluginsOf(r)
	if slices.ContainsFunc(o.Plugins, func(p Plugin) bool { return p.Name == o.Reason }) {
		o.By = o.Reason
	}
	if o.model.Kind == model.Routed {
		o.Upstream = m.upstream(r, o.model.Cluster)
		if o.Upstream.Discovered {
			o.Status, o.Reason = 0, "" // that there are no nodes
		}
	}
}

// route is the route at a path as steps and outcomes name it; nil where it is that of no route.
func (m *Mesh) route(path string) *apisix.Route {
	id, isRoute := strings.CutPrefix(path, "route/")
	if !isRoute {
		return nil
	}
	for _, r := range slices.Backward(m.config.Routes) { // of one id the last counts
		if r.ID == id {
			return r
		}
	}
	return nil
}

// upstream is the one of the route's that is called by the name of that cluster.
func (m *Mesh) upstream(r *apisix.Route, cluster string) *Upstream {
	out := &Upstream{Name: cluster, Nodes: []string{}}
	if r.Plugins != nil && r.Plugins.AmeshPassthrough != nil {
		out.Known, out.Dialled = true, true
		return out
	}
	for _, id := range r.UpstreamIDs() {
		for _, u := range m.config.Upstreams {
			if u.ID != id || u.Cluster() != cluster {
				continue
			}
			out.ID, out.Known = id, true
			for _, n := range u.Nodes {
				out.Nodes = append(out.Nodes, join(n.Host, n.Port))
			}
			out.Discovered = len(out.Nodes) == 0 && m.isDiscovered(id)
			return out
		}
	}
	return out
}

// isDiscovered says whether it is the upstream that Discovered was told of, or within that object.
func (m *Mesh) isDiscovered(upstream string) bool {
	for object := range m.discovered {
		if upstream == object || strings.Contains(object, "/") && strings.HasPrefix(upstream, object+"/") {
			return true
		}
	}
	return false
}

// join is a node's address. The host of an IPv6 address has brackets already.
func join(host string, port int) string {
	if port == 0 {
		return host
	}
	return host + ":" + strconv.Itoa(port)
}
