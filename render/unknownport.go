package render

import (
	"cmp"
	"slices"

	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// unknownPorts serves outbound HTTP to destinations that no listener is for. Envoy passes the bytes of such connections on;
// where they are intercepted as HTTP, APISIX can only pass on requests.
func (r *renderer) unknownPorts(l *listenerv3.Listener, c *tcpChain) {
	if c == nil || c.proxy == nil || !r.dials(c.proxy.GetCluster()) || !r.seesDestination() {
		return
	}
	s := r.intercepted("out", r.options.OutboundPort, destination{exceptAddrs: r.httpAddrs, exceptPorts: r.httpPorts})
	cluster := c.proxy.GetCluster()
	r.findings.approximate(c.at, "filters.cluster", "connections to destinations that no listener is for are passed on as HTTP, where APISIX gets them as HTTP")
	for priority, scheme := range []string{"", "grpc"} {
		route := &apisix.Route{Name: label(cluster), URI: "/*", Priority: priority, Vars: slices.Clone(s.vars), Timeout: timeout(r.cluster(cluster)),
			EnableWebsocket: scheme == "", Plugins: &apisix.Plugins{
				AmeshPassthrough: &apisix.AmeshPassthrough{Cluster: cluster, RefusePorts: r.ownPorts(), Scheme: scheme}}}
		if scheme != "" {
			route.Name = label(cluster + " (gRPC)")
			route.Vars = append(route.Vars, isGRPC)
		}
		route.ID = apisix.ID(route.Name, "unknown port\x00"+cmp.Or(scheme, "http")+"\x00"+l.GetName())
		r.addRoute(route)
	}
}
