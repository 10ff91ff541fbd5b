package render

import (
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"

	"github.com/amesh-render/amesh-render/render/apisix"
)

var endpointCheckFields = tableOf(&endpointv3.Endpoint_HealthCheckConfig{}, fields{
	"port_value":                  checkedAlike,
	"hostname":                    checkedAlike,
	"address":                     near("checks go to the endpoint's own address"),
	"disable_active_health_check": checkedAlike,
})

// endpointChecks applies what endpoints say about their health checks, as far as they agree: APISIX checks all nodes of
// an upstream alike. Not ok when none is to be checked.
func (r *renderer) endpointChecks(check *apisix.ActiveCheck, endpoints []*endpointv3.LbEndpoint, at *place) bool {
	const field = "endpoints.lb_endpoints.endpoint.health_check_config."
	first := endpoints[0].GetEndpoint().GetHealthCheckConfig()
	ports, hosts, disabled := true, true, 0
	for _, e := range endpoints {
		h := e.GetEndpoint().GetHealthCheckConfig()
		endpointCheckFields.check(h, at, field, &r.findings)
		ports = ports && h.GetPortValue() == first.GetPortValue()
		hosts = hosts && h.GetHostname() == first.GetHostname()
		if h.GetDisableActiveHealthCheck() {
			disabled++
		}
	}
	if disabled == len(endpoints) {
		return false
	}
	if disabled > 0 {
		r.findings.approximate(at, field+"disable_active_health_check", "all endpoints are checked, also the %d that are not to be", disabled)
	}
	switch port := first.GetPortValue(); {
	case !ports:
		r.findings.approximate(at, field+"port_value", "APISIX checks all endpoints alike: each on the port that serves requests")
		check.Port = 0
	case port > 0 && port < 1<<16:
		check.Port = int(port)
	}
	switch host := first.GetHostname(); {
	case check.Type != "http":
	case !hosts:
		r.findings.approximate(at, field+"hostname", "APISIX checks all endpoints with the same Host header")
	case apisix.IsNodeHost(host):
		check.Host = host
	}
	return true
}

// endpoints are all endpoints of a cluster.
func (r *renderer) endpoints(c *clusterv3.Cluster) []*endpointv3.LbEndpoint {
	assignment, _ := r.assignment(c)
	list := make([]*endpointv3.LbEndpoint, 0, count(assignment))
	for _, l := range assignment.GetEndpoints() {
		list = append(list, localEndpoints(l)...)
	}
	return list
}

// count is the number of endpoints of a load assignment.
func count(a *endpointv3.ClusterLoadAssignment) int {
	n := 0
	for _, l := range a.GetEndpoints() {
		n += len(localEndpoints(l))
	}
	return n
}
