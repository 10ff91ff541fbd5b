package render

import (
	"math"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/amesh-render/amesh-render/render/apisix"
)

const failuresInARow = "endpoints are taken out for failures in a row only, not for failing more often than others"

var outlierFields = tableOf(&clusterv3.OutlierDetection{}, fields{
	"consecutive_5xx":                             partly("APISIX counts to 254, and its own 502 and 504 too"),
	"consecutive_gateway_failure":                 partly("where all 5xx count too, these count like them: APISIX has one count"),
	"consecutive_local_origin_failure":            retriedOnly,
	"enforcing_consecutive_5xx":                   partly("every endpoint with so many failures is taken out, not a percentage of them"),
	"enforcing_consecutive_gateway_failure":       partly("every endpoint with so many failures is taken out, not a percentage of them"),
	"enforcing_consecutive_local_origin_failure":  partly("every endpoint with so many failures is taken out, not a percentage of them"),
	"split_external_local_origin_errors":          retriedOnly,
	"base_ejection_time":                          partly("this often, endpoints that can be connected to are brought back, however long they have been out"),
	"interval":                                    harmless("failures in a row take an endpoint out at once, in Envoy too"),
	"max_ejection_percent":                        partly("every endpoint that fails is taken out; when all are out, all are called"),
	"always_eject_one_host":                       rendered,
	"enforcing_success_rate":                      reported(Dropped, failuresInARow),
	"enforcing_local_origin_success_rate":         reported(Dropped, failuresInARow),
	"success_rate_minimum_hosts":                  harmless("concerns the success rate, which is reported"),
	"success_rate_request_volume":                 harmless("concerns the success rate, which is reported"),
	"success_rate_stdev_factor":                   harmless("concerns the success rate, which is reported"),
	"enforcing_failure_percentage":                reported(Dropped, failuresInARow),
	"enforcing_failure_percentage_local_origin":   reported(Dropped, failuresInARow),
	"failure_percentage_threshold":                harmless("concerns the failure percentage, which is reported"),
	"failure_percentage_minimum_hosts":            harmless("concerns the failure percentage, which is reported"),
	"failure_percentage_request_volume":           harmless("concerns the failure percentage, which is reported"),
	"max_ejection_time":                           partly("the time that endpoints are out does not grow"),
	"max_ejection_time_jitter":                    harmless("spreads the return of endpoints"),
	"successful_active_health_check_uneject_host": partly("health checks that succeed always bring an endpoint back"),
	"monitors":              lost("endpoints are taken out by the built-in detectors only"),
	"detect_degraded_hosts": lost("an endpoint that calls itself degraded gets its share of the requests"),
})

// A detector is one of Envoy's ways to notice an outlier: so many failures in a row. 0 is never.
type detector struct {
	failures int
	partly   bool // Envoy takes out only some of those that it notices
}

// detect reads a detector: how many failures, 5 by default, and how often they count, in percent. Istio turns detectors
// off by 0 percent.
func detect(failures, enforcing *wrapperspb.UInt32Value, usually uint32) detector {
	n, percent := uint32(5), usually
	if failures != nil {
		n = failures.GetValue()
	}
	if enforcing != nil {
		percent = enforcing.GetValue()
	}
	if percent == 0 {
		n = 0
	}
	return detector{failures: int(min(n, math.MaxInt32)), partly: percent < 100}
}

// outliers is OutlierDetection as far as APISIX has it. APISIX counts per endpoint, and sees two kinds of failures:
// answers with a bad status, its own 502 and 504 for the last attempt included, and attempts that were retried.
type outliers struct {
	statuses []int // those that count
	answers  int   // bad answers in a row
	local    int   // attempts without an answer in a row
	base     time.Duration
}

// outlierDetection reads a cluster's detectors; not ok when none of them can ever take an endpoint out. Hosts is the
// number of the cluster's endpoints.
func (r *renderer) outlierDetection(o *clusterv3.OutlierDetection, hosts int, at *place) (found outliers, ok bool) {
	if o == nil || !ejects(o, hosts) {
		return found, false
	}
	const field = "outlier_detection."
	outlierFields.check(o, at, field, &r.findings)
	all := detect(o.GetConsecutive_5Xx(), o.GetEnforcingConsecutive_5Xx(), 100)
	gateway := detect(o.GetConsecutiveGatewayFailure(), o.GetEnforcingConsecutiveGatewayFailure(), 0)
	local := detect(o.GetConsecutiveLocalOriginFailure(), o.GetEnforcingConsecutiveLocalOriginFailure(), 100)
	r.otherDetectors(o, at)
	if gateway.failures > 0 && all.failures > 0 && gateway.failures < all.failures {
		r.findings.approximate(at, field+"consecutive_gateway_failure", "answers 502, 503 and 504 take an endpoint out after %d in a row "+
			"like all 5xx, not after %d: APISIX has one count", all.failures, gateway.failures)
	}
	found = outliers{statuses: serverErrors, answers: all.failures, base: 30 * time.Second}
	if all.failures == 0 {
		found.statuses, found.answers = gatewayErrors, gateway.failures
	}
	found.local = local.failures
	if !o.GetSplitExternalLocalOriginErrors() {
		found.local, local.partly = least(all.failures, gateway.failures), false
	}
	if all.partly && all.failures > 0 || gateway.partly && gateway.failures > 0 || local.partly && local.failures > 0 {
		r.findings.approximate(at, field+"enforcing", "every endpoint with so many failures is taken out, not a percentage of them")
	}
	if found.answers > mostFailures || found.local > mostFailures {
		r.findings.approximate(at, field+"consecutive_5xx", "APISIX counts to %d: so many failures take an endpoint out", mostFailures)
	}
	if d := o.GetBaseEjectionTime(); d != nil {
		found.base = d.AsDuration()
	}
	return found, found.answers > 0 || found.local > 0
}

// ejects reports whether Envoy may take out as much as one of so many endpoints: max_ejection_percent, 10 by default, of
// them, and one in any case only where always_eject_one_host says so.
func ejects(o *clusterv3.OutlierDetection, hosts int) bool {
	return hosts > 0 && (o.GetAlwaysEjectOneHost().GetValue() || 100 <= ejectable(o)*hosts)
}

// ejectable is max_ejection_percent.
func ejectable(o *clusterv3.OutlierDetection) int {
	if p := o.GetMaxEjectionPercent(); p != nil {
		return int(min(p.GetValue(), 100))
	}
	return 10
}

// otherDetectors reports those that compare endpoints with each other. The success rate counts by default.
func (r *renderer) otherDetectors(o *clusterv3.OutlierDetection, at *place) {
	on := func(p *wrapperspb.UInt32Value, usually uint32) bool {
		return p == nil && usually > 0 || p.GetValue() > 0
	}
	local := o.GetSplitExternalLocalOriginErrors()
	if on(o.GetEnforcingSuccessRate(), 100) || local && on(o.GetEnforcingLocalOriginSuccessRate(), 100) {
		r.findings.dropped(at, "outlier_detection.enforcing_success_rate", failuresInARow)
	}
	if on(o.GetEnforcingFailurePercentage(), 0) || local && on(o.GetEnforcingFailurePercentageLocalOrigin(), 0) {
		r.findings.dropped(at, "outlier_detection.enforcing_failure_percentage", failuresInARow)
	}
}

// least is the smaller of two counts of which 0 is never.
func least(a, b int) int {
	if a == 0 || b > 0 && b < a {
		return b
	}
	return a
}

const mostFailures = 254 // in APISIX's schema

// passive is the check that watches requests. One good answer in between sets its counts back, which makes them counts
// of failures in a row.
func (o outliers) passive() *apisix.PassiveCheck {
	return &apisix.PassiveCheck{
		Type:    "http",
		Healthy: &apisix.PassiveHealthy{Successes: 1, HTTPStatuses: without(usualStatuses, o.statuses)},
		Unhealthy: &apisix.PassiveUnhealthy{
			HTTPStatuses: o.statuses,
			HTTPFailures: min(o.answers, mostFailures),
			TCPFailures:  min(o.local, mostFailures),
			Timeouts:     min(o.local, mostFailures),
		},
	}
}
