package render

import (
	"math"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// checks translates active health checks and outlier detection. APISIX's balancer passes over nodes that are out, as
// long as any is left: it has no check of an only node, and if all are out it calls all.
func (r *renderer) checks(up *apisix.Upstream, c *clusterv3.Cluster, at *place) {
	if c.GetOutlierDetection() == nil && len(c.GetHealthChecks()) == 0 {
		return
	}
	endpoints := r.endpoints(c)
	if len(endpoints) == 0 {
		return
	}
	found, detects := r.outlierDetection(c.GetOutlierDetection(), len(endpoints), at)
	probe, probes := r.activeCheck(up, c, endpoints, at)
	if !detects && !probes {
		return
	}
	if len(up.Nodes) == 1 {
		r.findings.approximate(at, checksField(detects), "APISIX goes on calling the only endpoint when it fails; Envoy may answer 503")
		return
	}
	up.Checks = &apisix.Checks{Active: probe}
	if probes {
		r.findings.approximate(at, "health_checks", "APISIX takes an endpoint for healthy until its checks fail, and begins them "+
			"with the first request; its intervals are whole seconds, and unusual statuses count for nothing")
	} else {
		up.Checks.Active = found.way()
	}
	if detects {
		up.Checks.Passive = found.passive()
		r.ejections(c.GetOutlierDetection(), found, probes, at)
	}
	r.findings.approximate(at, checksField(detects), "when all endpoints have failed, APISIX calls them all, whatever healthy_panic_threshold says")
}

// unchecked reports that APISIX does not check endpoints that get TCP connections.
func (r *renderer) unchecked(c *clusterv3.Cluster, at *place) {
	if c.GetOutlierDetection() != nil {
		r.findings.dropped(at, "outlier_detection", "endpoints of TCP connections are not taken out")
	}
	if len(c.GetHealthChecks()) > 0 {
		r.findings.dropped(at, "health_checks", "endpoints of TCP connections are not checked")
	}
}

func checksField(detects bool) string {
	if detects {
		return "outlier_detection"
	}
	return "health_checks"
}

// way is the active check that brings endpoints back which the passive one has taken out: APISIX has no other. It looks
// whether they can be connected to, and looks at the others once a day, as it cannot be told not to.
func (o outliers) way() *apisix.ActiveCheck {
	return &apisix.ActiveCheck{
		Type:      "tcp",
		Healthy:   &apisix.HealthyProbe{Interval: int(noLimit / time.Second), Successes: 1},
		Unhealthy: &apisix.UnhealthyProbe{Interval: wholeSeconds(o.base)},
	}
}

// ejections reports how being taken out differs.
func (r *renderer) ejections(o *clusterv3.OutlierDetection, found outliers, probes bool, at *place) {
	const field = "outlier_detection."
	if percent := ejectable(o); percent < 100 {
		r.findings.approximate(at, field+"max_ejection_percent", "APISIX takes out every endpoint that fails, not %d %% of them at most", percent)
	}
	switch {
	case !probes:
		r.findings.approximate(at, field+"base_ejection_time", "every %d s APISIX brings back the endpoints that can be connected to, "+
			"however long they have been out; Envoy's time grows with each ejection", wholeSeconds(found.base))
	case o.GetSuccessfulActiveHealthCheckUnejectHost() != nil && !o.GetSuccessfulActiveHealthCheckUnejectHost().GetValue():
		r.findings.approximate(at, field+"successful_active_health_check_uneject_host", "health checks that succeed bring an endpoint back")
	}
	r.findings.approximate(at, "outlier_detection", "APISIX counts the usual statuses of its answers (its own 502 and 504 too), "+
		"and attempts without an answer only where they are retried")
}

// wholeSeconds is a duration as APISIX's checks take it: at least one second.
func wholeSeconds(d time.Duration) int {
	return int(min(max(1, math.Round(d.Seconds())), math.MaxInt32))
}
