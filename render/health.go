package render

import (
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
)

// healthy reports whether an endpoint gets requests in normal times; one that is degraded gets them after all others.
func healthy(e *endpointv3.LbEndpoint) bool {
	switch e.GetHealthStatus() {
	case corev3.HealthStatus_UNHEALTHY, corev3.HealthStatus_DRAINING, corev3.HealthStatus_TIMEOUT:
		return false
	}
	return true
}

// A level is the endpoints of one of Envoy's priorities, counted.
type level struct {
	all, well, degraded int
}

func (l level) add(endpoints []*endpointv3.LbEndpoint) level {
	for _, e := range endpoints {
		l.all++
		switch {
		case e.GetHealthStatus() == corev3.HealthStatus_DEGRADED:
			l.degraded++
		case healthy(e):
			l.well++
		}
	}
	return l
}

// available is the percentage of requests that a level can take, in whole numbers as Envoy counts: its shares of
// endpoints that are well and that are degraded, each times the overprovisioning factor.
func (l level) available(overprovisioning int) int {
	if l.all == 0 {
		return 0
	}
	return min(100, overprovisioning*l.well/l.all) + min(100, overprovisioning*l.degraded/l.all)
}

// allWell reports whether every endpoint gets requests in normal times, and not after others.
func allWell(a *endpointv3.ClusterLoadAssignment) bool {
	for _, l := range a.GetEndpoints() {
		for _, e := range localEndpoints(l) {
			if !healthy(e) || e.GetHealthStatus() == corev3.HealthStatus_DEGRADED {
				return false
			}
		}
	}
	return true
}

// levels counts the endpoints of each priority.
func levels(a *endpointv3.ClusterLoadAssignment) map[uint32]level {
	found := map[uint32]level{}
	for _, l := range a.GetEndpoints() {
		found[l.GetPriority()] = found[l.GetPriority()].add(localEndpoints(l))
	}
	return found
}

// overprovisioning is ClusterLoadAssignment.Policy.overprovisioning_factor, 140 % by default.
func overprovisioning(a *endpointv3.ClusterLoadAssignment) int {
	if f := a.GetPolicy().GetOverprovisioningFactor(); f != nil {
		return int(f.GetValue())
	}
	return 140
}

// panics are the priorities in which Envoy would call unhealthy endpoints too: where fewer are well than
// healthy_panic_threshold says, 50 % by default, and all priorities together cannot take all requests. Istio sets the
// threshold to 0, which is never.
func panics(c *clusterv3.Cluster, a *endpointv3.ClusterLoadAssignment) map[uint32]bool {
	threshold := 50.0
	if p := c.GetCommonLbConfig().GetHealthyPanicThreshold(); p != nil {
		threshold = p.GetValue()
	}
	if allWell(a) {
		return nil
	}
	found, total := levels(a), 0
	for _, l := range found {
		total += l.available(overprovisioning(a))
	}
	panics := map[uint32]bool{}
	for priority, l := range found {
		panics[priority] = total < 100 && l.all > 0 && float64(l.well+l.degraded)/float64(l.all)*100 < threshold
	}
	return panics
}

// spills reports whether Envoy sends a share of the requests past the best priority that has endpoints which are well,
// because there are too few of them; APISIX leaves a priority only when all of its endpoints fail.
func spills(a *endpointv3.ClusterLoadAssignment) bool {
	if allWell(a) && overprovisioning(a) >= 100 {
		return false
	}
	found := levels(a)
	best, others := uint32(0), 0
	for priority, l := range found {
		if l.well == 0 {
			continue
		}
		if others == 0 || priority < best {
			best = priority
		}
		others++
	}
	l := found[best]
	return others > 1 && overprovisioning(a)*l.well/max(1, l.all) < 100
}
