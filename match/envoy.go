package match

import (
	"net/http"
	"strconv"
	"strings"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"

	"github.com/amesh-render/amesh-render/model"
	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// ofEnvoy adds to an outcome what Envoy's resources say: the names of routes, the cluster's endpoints.
func (m *Mesh) ofEnvoy(o *Outcome) {
	tables := m.tables(o.Steps)
	for i, s := range o.Steps {
		if r := routeAt(tables, s.Path); r != nil {
			o.Steps[i].Name, o.Steps[i].Source = r.GetName(), sourceOf(r)
		}
	}
	if o.Route != nil {
		o.Route.Source = sourceOf(routeAt(tables, o.Route.Path))
	}
	if o.model.Kind == model.Routed || o.model.Kind == model.Tunnelled {
		o.Upstream = m.cluster(o.model.Cluster)
		if o.Upstream.empty() && o.model.Kind == model.Routed {
			o.Status, o.Reason = http.StatusServiceUnavailable, "no endpoint of the cluster gets requests"
		}
	}
}

// tables are the route configurations that steps are about: by RDS, or in the listener of the step.
func (m *Mesh) tables(steps []Step) (list []*routev3.RouteConfiguration) {
	for _, s := range steps {
		if name, isListener := strings.CutPrefix(s.Path, "listener/"); isListener {
			list = append(list, m.inline(name)...)
		}
	}
	for _, rc := range m.snapshot.RouteConfigurations().All() {
		list = append(list, rc)
	}
	return list
}

// inline are the route configurations in a listener.
func (m *Mesh) inline(listener string) (list []*routev3.RouteConfiguration) {
	l, _ := m.snapshot.Listeners().Get(listener)
	for _, chain := range append(l.GetFilterChains(), l.GetDefaultFilterChain()) {
		for _, f := range chain.GetFilters() {
			manager := &hcmv3.HttpConnectionManager{}
			if f.GetTypedConfig().MessageIs(manager) && f.GetTypedConfig().UnmarshalTo(manager) == nil &&
				manager.GetRouteConfig() != nil {
				list = append(list, manager.GetRouteConfig())
			}
		}
	}
	return list
}

// routeAt is the route at a path as steps and outcomes name it; nil where it is that of no route.
func routeAt(tables []*routev3.RouteConfiguration, path string) *routev3.Route {
	i := strings.LastIndex(path, " route/")
	if i < 0 {
		return nil
	}
	index, err := strconv.Atoi(path[i+len(" route/"):])
	if err != nil {
		return nil
	}
	for _, rc := range tables {
		for _, vh := range rc.GetVirtualHosts() {
			if path[:i] == "route_config/"+rc.GetName()+" virtual_host/"+vh.GetName() && index < len(vh.GetRoutes()) {
				return vh.GetRoutes()[index]
			}
		}
	}
	return nil
}

// sourceOf is where istiod says that a route comes from.
func sourceOf(r *routev3.Route) string {
	return r.GetMetadata().GetFilterMetadata()["istio"].GetFields()["config"].GetStringValue()
}

// cluster is where requests for the cluster go: its endpoints, those left out that get none.
func (m *Mesh) cluster(name string) *Upstream {
	out := &Upstream{Name: name, Nodes: []string{}}
	c, found := m.snapshot.Clusters().Get(name)
	if !found {
		return out
	}
	out.Known, out.Dialled = true, c.GetType() == clusterv3.Cluster_ORIGINAL_DST
	assignment := c.GetLoadAssignment()
	if service := snapshot.EndpointsName(c); service != "" {
		assignment, _ = m.snapshot.Endpoints().Get(service)
	}
	for _, locality := range assignment.GetEndpoints() {
		for _, e := range locality.GetLbEndpoints() {
			if address := e.GetEndpoint().GetAddress(); serves(e.GetHealthStatus()) {
				out.Nodes = append(out.Nodes, addressOf(address))
			}
		}
	}
	return out
}

// serves says whether an endpoint of that health gets requests.
func serves(health corev3.HealthStatus) bool {
	switch health {
	case corev3.HealthStatus_UNHEALTHY, corev3.HealthStatus_DRAINING, corev3.HealthStatus_TIMEOUT:
		return false
	}
	return true
}

func addressOf(a *corev3.Address) string {
	switch {
	case a.GetSocketAddress() != nil:
		host := a.GetSocketAddress().GetAddress()
		if strings.Contains(host, ":") {
			host = "[" + host + "]"
		}
		return join(host, int(a.GetSocketAddress().GetPortValue()))
	case a.GetEnvoyInternalAddress() != nil:
		return "listener " + a.GetEnvoyInternalAddress().GetServerListenerName()
	}
	return "pipe " + a.GetPipe().GetPath()
}
