package render

import (
	"net/netip"
	"strconv"
	"strings"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"

	"github.com/amesh-render/amesh-render/render/apisix"
	"github.com/amesh-render/amesh-render/xds/snapshot"
)

var assignmentFields = tableOf(&endpointv3.ClusterLoadAssignment{}, fields{
	"cluster_name":    rendered,
	"endpoints":       rendered,
	"policy":          rendered,
	"named_endpoints": lost("endpoints that are referred to by name are left out"),
})

var assignmentPolicyFields = tableOf(&endpointv3.ClusterLoadAssignment_Policy{}, fields{
	"drop_overloads":           lost("no share of the requests is dropped"),
	"overprovisioning_factor":  near("a priority is left when none of its endpoints can be reached, not when few are healthy"),
	"endpoint_stale_after":     near("endpoints do not expire"),
	"weighted_priority_health": near("a priority is left when none of its endpoints can be reached, not when few are healthy"),
})

var localityFields = tableOf(&endpointv3.LocalityLbEndpoints{}, fields{
	"locality":              harmless("names where the endpoints are"),
	"metadata":              harmless("for people and tools"),
	"lb_endpoints":          rendered,
	"load_balancing_weight": rendered,
	"priority":              rendered,
	"proximity":             harmless("concerns zone-aware balancing"),
})

var lbEndpointFields = tableOf(&endpointv3.LbEndpoint{}, fields{
	"endpoint":              rendered,
	"health_status":         rendered,
	"load_balancing_weight": rendered,
	"metadata":              rendered,
})

var endpointFields = tableOf(&endpointv3.Endpoint{}, fields{
	"address":              rendered,
	"hostname":             harmless("concerns rewriting the Host header, which is reported"),
	"health_check_config":  harmless("concerns active health checks, which are reported"),
	"additional_addresses": near("only the first address of an endpoint is called"),
})

// nodes are the endpoints of a cluster.
func (r *renderer) nodes(c *clusterv3.Cluster, at *place) []apisix.Node {
	switch c.GetType() {
	case clusterv3.Cluster_EDS:
		name := snapshot.EndpointsName(c)
		assignment, ok := r.snapshot.Endpoints().Get(name)
		if !ok {
			r.findings.dropped(at, "eds_cluster_config",
				"the endpoints %q are missing: requests are answered 503, as Envoy does", name)
		}
		return r.assigned(c, assignment, at)
	case clusterv3.Cluster_STRICT_DNS, clusterv3.Cluster_LOGICAL_DNS:
		r.findings.approximate(at, "type", "APISIX calls one address of a name at a time, and takes the next when it resolves the name anew")
		return r.assigned(c, c.GetLoadAssignment(), at)
	case clusterv3.Cluster_ORIGINAL_DST:
		return r.originalDst(c, at)
	}
	if c.GetClusterType() != nil {
		r.findings.dropped(at, "cluster_type", "clusters of type %q are not rendered: requests are answered 503",
			c.GetClusterType().GetName())
		return []apisix.Node{}
	}
	return r.assigned(c, c.GetLoadAssignment(), at)
}

// originalDst is the node of a cluster that goes where the client meant to go. For Istio's inbound clusters,
// "inbound|PORT||", that is the pod itself.
func (r *renderer) originalDst(c *clusterv3.Cluster, at *place) []apisix.Node {
	port, inbound := inboundPort(c.GetName())
	if !inbound {
		r.findings.dropped(at, "type", "APISIX cannot forward a request to the address that the client dialled: "+
			"requests that no other route takes are answered 503")
		return []apisix.Node{}
	}
	pod := podAddress(r.snapshot.Node().GetId())
	if !pod.IsValid() {
		r.findings.dropped(at, "type", "the dump does not say the pod's address (the node id has it): requests are answered 503")
		return []apisix.Node{}
	}
	return []apisix.Node{{Host: nodeHost(pod.String()), Port: port, Weight: 1}}
}

// inboundPort reads the port in the name of one of Istio's inbound clusters.
func inboundPort(cluster string) (int, bool) {
	parts := strings.Split(cluster, "|")
	if len(parts) != 4 || parts[0] != "inbound" {
		return 0, false
	}
	port, err := strconv.ParseUint(parts[1], 10, 16)
	return int(port), err == nil && port > 0
}

// assigned are the endpoints of a load assignment that may get requests.
func (r *renderer) assigned(c *clusterv3.Cluster, a *endpointv3.ClusterLoadAssignment, at *place) []apisix.Node {
	commonLbFields.check(c.GetCommonLbConfig(), at, "common_lb_config.", &r.findings)
	assignmentFields.check(a, at, "load_assignment.", &r.findings)
	assignmentPolicyFields.check(a.GetPolicy(), at, "load_assignment.policy.", &r.findings)
	set := nodeSet{cluster: c, panic: panics(c, a), weighted: c.GetCommonLbConfig().GetLocalityWeightedLbConfig() != nil}
	for _, l := range a.GetEndpoints() {
		localityFields.check(l, at, "endpoints.", &r.findings)
		for _, e := range l.GetLbEndpoints() {
			lbEndpointFields.check(e, at, "endpoints.lb_endpoints.", &r.findings)
			endpointFields.check(e.GetEndpoint(), at, "endpoints.lb_endpoints.endpoint.", &r.findings)
		}
		set.add(l)
	}
	if set.unreachable > 0 {
		r.findings.dropped(at, "endpoints", "%d of them have no address and port that APISIX can call; they get no requests",
			set.unreachable)
	}
	if len(set.mutual) > 0 {
		r.findings.dropped(at, "endpoints["+strings.Join(set.mutual, " ")+"]",
			"mesh mTLS is not rendered yet: endpoints that expect it are called in plain text")
	}
	if set.refused {
		r.findings.denied(at, "transport_socket",
			"TLS to endpoints is not rendered yet: those that expect it get no requests, rather than requests in plain text")
	}
	return set.list()
}

// panics reports whether Envoy would call unhealthy endpoints too: when fewer are healthy than healthy_panic_threshold
// says, 50 % by default. Istio sets it to 0, which is never.
func panics(c *clusterv3.Cluster, a *endpointv3.ClusterLoadAssignment) bool {
	threshold := 50.0
	if p := c.GetCommonLbConfig().GetHealthyPanicThreshold(); p != nil {
		threshold = p.GetValue()
	}
	all, well := 0, 0
	for _, l := range a.GetEndpoints() {
		for _, e := range l.GetLbEndpoints() {
			all++
			if healthy(e) {
				well++
			}
		}
	}
	return all > 0 && float64(well)/float64(all)*100 < threshold
}

// healthy reports whether an endpoint gets requests in normal times.
func healthy(e *endpointv3.LbEndpoint) bool {
	switch e.GetHealthStatus() {
	case corev3.HealthStatus_UNHEALTHY, corev3.HealthStatus_DRAINING, corev3.HealthStatus_TIMEOUT:
		return false
	}
	return true
}

// nodeAddress is an endpoint's address as APISIX takes it; not ok when it has none that can be called.
func nodeAddress(e *endpointv3.LbEndpoint) (host string, port int, ok bool) {
	a := e.GetEndpoint().GetAddress().GetSocketAddress()
	host, port = nodeHost(a.GetAddress()), int(a.GetPortValue())
	return host, port, a.GetAddress() != "" && port > 0 && port < 1<<16 && apisix.IsNodeHost(host) &&
		a.GetProtocol() == corev3.SocketAddress_TCP
}

// nodeHost brackets IPv6 addresses, as APISIX wants them.
func nodeHost(host string) string {
	if addr, err := netip.ParseAddr(host); err == nil && addr.Is6() {
		return "[" + host + "]"
	}
	return host
}
