package render

import (
	"slices"
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
)

const noTryTimeout = "an attempt that hangs is given up by the timeout of the whole request only"

var retryFields = tableOf(&routev3.RetryPolicy{}, fields{
	"retry_on":                          partly("requests are retried when a connection fails, breaks or times out before an answer; answers are not"),
	"num_retries":                       partly("where there are several endpoints, each is tried once at most"),
	"retry_host_predicate":              harmless("APISIX never tries an endpoint twice while there are others"),
	"host_selection_retry_max_attempts": harmless("APISIX never tries an endpoint twice while there are others"),
	"retry_options_predicates":          lost("which endpoint a retry takes does not depend on predicates"),
	"retry_priority":                    harmless("APISIX tries the next priority when one has no endpoint left"),
	"retry_back_off":                    near("retries are made at once"),
	"per_try_timeout":                   partly("each wait of an attempt is limited, not the whole attempt"),
	"per_try_idle_timeout":              rendered,
	"retriable_status_codes":            lost("answers of the upstream are not retried, whatever their status"),
	"retriable_headers":                 lost("answers of the upstream are not retried, whatever their headers"),
	"retriable_request_headers":         lost("whether a request is retried does not depend on its headers"),
	"rate_limited_retry_back_off":       lost("answers of the upstream are not retried"),
})

// The conditions of retry_on that are not reported one by one: nginx's "error timeout" covers the first; gRPC statuses,
// which Istio names on every route, are reported once, and retriable-status-codes says nothing without a list of codes.
var coveredRetries = []string{"connect-failure", "refused-stream", "reset", "reset-before-request",
	"unavailable", "cancelled", "retriable-status-codes"}

// grpcRetries are the conditions of retry_on that concern answers to gRPC requests.
var grpcRetries = []string{"cancelled", "deadline-exceeded", "internal", "resource-exhausted", "unavailable"}

// retries translates RetryPolicy to a number of further attempts.
func (r *renderer) retries(c *httpChain, vh *routev3.VirtualHost, a *routev3.RouteAction, at *place) int {
	policy := a.GetRetryPolicy()
	if policy == nil {
		policy, at = vh.GetRetryPolicy(), c.routesAt.child("virtual_host", vh.GetName())
	}
	if policy.GetRetryOn() == "" {
		if policy.GetPerTryTimeout().AsDuration() > 0 {
			r.findings.dropped(at, "route.retry_policy.per_try_timeout", noTryTimeout)
		}
		return 0
	}
	retryFields.check(policy, at, "route.retry_policy.", &r.findings)
	count := 1 // Envoy's default
	if n := policy.GetNumRetries(); n != nil {
		count = int(n.GetValue())
	}
	if count > 0 {
		r.retryConditions(c, policy.GetRetryOn(), at)
		r.retryTimeout(c, a)
	}
	return count
}

// retryTimeout reports how a request ends that runs into its timeout. APISIX begins no attempt after it and then answers
// 502; only a request that it does not repeat, such as a POST that is sent, is answered 504.
func (r *renderer) retryTimeout(c *httpChain, a *routev3.RouteAction) {
	if durationOr(a.GetTimeout(), defaultTimeout) > 0 {
		r.findings.approximate(c.routesAt, "virtual_hosts.routes.route.timeout",
			"a request that may be retried and runs into its timeout is answered 502, where Envoy answers 504")
	}
}

// retryConditions reports how APISIX's one condition differs from those asked for.
func (r *renderer) retryConditions(c *httpChain, retryOn string, at *place) {
	const field = "virtual_hosts.routes.route.retry_policy.retry_on"
	var lost []string
	grpc := false
	for condition := range strings.SplitSeq(retryOn, ",") {
		condition = strings.TrimSpace(condition)
		grpc = grpc || slices.Contains(grpcRetries, condition)
		if condition != "" && !slices.Contains(coveredRetries, condition) {
			lost = append(lost, condition)
		}
	}
	if len(lost) > 0 {
		r.findings.dropped(at, "route.retry_policy.retry_on",
			"APISIX retries when no answer comes, not on: %s", strings.Join(lost, ", "))
	}
	if grpc {
		r.findings.approximate(c.routesAt, field, "answers to gRPC requests are not retried, whatever their status")
	}
	r.findings.approximate(c.routesAt, field,
		"APISIX retries whenever a connection fails, breaks or times out before an answer; "+
			"requests that may change something (POST, PATCH) only before they are sent")
}
