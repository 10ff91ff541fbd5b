//lint:file-ignore SA1019 Control planes still send the deprecated fields.

package render

import (
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
)

var assignmentFields = tableOf(&endpointv3.ClusterLoadAssignment{}, fields{
	"cluster_name":    rendered,
	"endpoints":       composed,
	"policy":          composed,
	"named_endpoints": lost("endpoints that are referred to by name are left out"),
})

const leftWhenEmpty = "a priority is left when none of its endpoints can be reached, not when few are healthy"

var assignmentPolicyFields = tableOf(&endpointv3.ClusterLoadAssignment_Policy{}, fields{
	"drop_overloads":           lost("no share of the requests is dropped"),
	"overprovisioning_factor":  near(leftWhenEmpty),
	"endpoint_stale_after":     near("endpoints do not expire"),
	"weighted_priority_health": near(leftWhenEmpty),
})

var localityFields = tableOf(&endpointv3.LocalityLbEndpoints{}, fields{
	"locality":                     harmless("names where the endpoints are"),
	"metadata":                     harmless("for people and tools"),
	"lb_endpoints":                 composed,
	"load_balancer_endpoints":      composedOf("as lb_endpoints"),
	"leds_cluster_locality_config": lost("endpoints that come by a list of their own (LEDS) are left out"),
	"load_balancing_weight":        roundedWeights,
	"priority":                     partly(leftWhenEmpty),
	"proximity":                    harmless("concerns zone-aware balancing"),
})

var lbEndpointFields = tableOf(&endpointv3.LbEndpoint{}, fields{
	"endpoint":              composed,
	"endpoint_name":         lost("endpoints that are referred to by name are left out"),
	"health_status":         partly(leftWhenEmpty),
	"load_balancing_weight": roundedWeights,
	"metadata":              harmless("says by which transport socket the endpoint is called, which is reported there"),
})

var endpointFields = tableOf(&endpointv3.Endpoint{}, fields{
	"address":              partly("pipes and internal listeners cannot be called"),
	"hostname":             harmless("concerns rewriting the Host header and health checks, which are translated where they are"),
	"health_check_config":  composed,
	"additional_addresses": near("only one address of an endpoint is called"),
})

// checkAssignment reports what is lost of the endpoints' fields.
func (r *renderer) checkAssignment(a *endpointv3.ClusterLoadAssignment, at *place) {
	assignmentFields.check(a, at, "load_assignment.", &r.findings)
	assignmentPolicyFields.check(a.GetPolicy(), at, "load_assignment.policy.", &r.findings)
	for _, l := range a.GetEndpoints() {
		localityFields.check(l, at, "endpoints.", &r.findings)
		for _, e := range localEndpoints(l) {
			lbEndpointFields.check(e, at, "endpoints.lb_endpoints.", &r.findings)
			endpointFields.check(e.GetEndpoint(), at, "endpoints.lb_endpoints.endpoint.", &r.findings)
		}
	}
}

// localEndpoints are the endpoints of a locality, in whichever of two fields they stand.
func localEndpoints(l *endpointv3.LocalityLbEndpoints) []*endpointv3.LbEndpoint {
	if list := l.GetLoadBalancerEndpoints().GetLbEndpoints(); len(list) > 0 {
		return list
	}
	return l.GetLbEndpoints()
}
