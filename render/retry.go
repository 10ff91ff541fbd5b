package render

import (
	"slices"
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
)

var retryFields = tableOf(&routev3.RetryPolicy{}, fields{
	"retry_on":                          rendered,
	"num_retries":                       rendered,
	"retry_host_predicate":              harmless("APISIX never tries an endpoint twice while there are others"),
	"host_selection_retry_max_attempts": harmless("APISIX never tries an endpoint twice while there are others"),
	"retry_priority":                    harmless("APISIX tries the next priority when one has no endpoint left"),
	"retry_back_off":                    near("retries are made at once"),
	"per_try_timeout":                   lost("a single attempt has no time limit of its own"),
	"per_try_idle_timeout":              lost("a single attempt has no time limit of its own"),
	"retriable_status_codes":            lost("answers of the upstream are not retried, whatever their status"),
	"retriable_headers":                 lost("answers of the upstream are not retried, whatever their headers"),
	"retriable_request_headers":         lost("whether a request is retried does not depend on its headers"),
	"rate_limited_retry_back_off":       lost("answers of the upstream are not retried"),
})

// The conditions of retry_on that nginx's "error timeout" covers; gRPC statuses concern gRPC only, and
// retriable-status-codes says nothing without a list of codes.
var coveredRetries = []string{"connect-failure", "refused-stream", "reset", "reset-before-request",
	"unavailable", "cancelled", "retriable-status-codes"}

// retries translates RetryPolicy to a number of further attempts.
func (r *renderer) retries(c httpChain, vh *routev3.VirtualHost, a *routev3.RouteAction, at *place) int {
	policy := a.GetRetryPolicy()
	if policy == nil {
		policy, at = vh.GetRetryPolicy(), c.routesAt.child("virtual_host", vh.GetName())
	}
	if policy.GetRetryOn() == "" {
		return 0
	}
	retryFields.check(policy, at, "route.retry_policy.", &r.findings)
	count := 1 // Envoy's default
	if n := policy.GetNumRetries(); n != nil {
		count = int(n.GetValue())
	}
	if count > 0 {
		r.retryConditions(c, policy.GetRetryOn(), at)
	}
	return count
}

// retryConditions reports how APISIX's one condition differs from those asked for.
func (r *renderer) retryConditions(c httpChain, retryOn string, at *place) {
	var lost []string
	for condition := range strings.SplitSeq(retryOn, ",") {
		if condition = strings.TrimSpace(condition); condition != "" && !slices.Contains(coveredRetries, condition) {
			lost = append(lost, condition)
		}
	}
	if len(lost) > 0 {
		r.findings.dropped(at, "route.retry_policy.retry_on",
			"APISIX retries when no answer comes, not on: %s", strings.Join(lost, ", "))
	}
	r.findings.approximate(c.routesAt, "virtual_hosts.routes.route.retry_policy.retry_on",
		"APISIX retries whenever a connection fails, breaks or times out before an answer; "+
			"requests that may change something (POST, PATCH) only before they are sent")
}
