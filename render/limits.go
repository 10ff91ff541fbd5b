package render

import (
	"fmt"
	"strings"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

var breakersFields = tableOf(&clusterv3.CircuitBreakers{}, fields{
	"thresholds":          composed,
	"per_host_thresholds": composed,
})

var thresholdFields = tableOf(&clusterv3.CircuitBreakers_Thresholds{}, fields{
	"priority":             harmless("says for which requests the limits are, which are reported"),
	"max_connections":      noQueue,
	"max_pending_requests": noQueue,
	"max_requests":         noQueue,
	"max_retries":          noQueue,
	"max_connection_pools": noQueue,
	"retry_budget":         noQueue,
	"track_remaining":      harmless("for statistics"),
})

// circuitBreakers reports, in one finding, the limits that APISIX does not have: it queues nothing and refuses nothing
// for an upstream's sake. Istio's default is the highest number there is: no limit.
func (r *renderer) circuitBreakers(c *clusterv3.Cluster, at *place) {
	breakers := c.GetCircuitBreakers()
	breakersFields.check(breakers, at, "circuit_breakers.", &r.findings)
	var limits []string
	for _, t := range breakers.GetThresholds() {
		thresholdFields.check(t, at, "circuit_breakers.thresholds.", &r.findings)
		of := ""
		if t.GetPriority() == corev3.RoutingPriority_HIGH {
			of = " of high priority"
		}
		limits = append(limits, thresholds(t, of)...)
	}
	for _, t := range breakers.GetPerHostThresholds() {
		thresholdFields.check(t, at, "circuit_breakers.per_host_thresholds.", &r.findings)
		limits = append(limits, thresholds(t, " to each endpoint")...)
	}
	if len(limits) > 0 {
		r.findings.dropped(at, "circuit_breakers", "APISIX sends on every request at once, where Envoy answers 503 or waits "+
			"beyond %s", strings.Join(limits, ", "))
	}
}

// thresholds are the limits that one threshold sets.
func thresholds(t *clusterv3.CircuitBreakers_Thresholds, of string) []string {
	const unlimited = 1<<32 - 1
	var limits []string
	add := func(limit *wrapperspb.UInt32Value, what string) {
		if limit != nil && limit.GetValue() != unlimited {
			limits = append(limits, fmt.Sprintf("%d %s%s", limit.GetValue(), what, of))
		}
	}
	add(t.GetMaxConnections(), "connections")
	add(t.GetMaxPendingRequests(), "waiting requests")
	add(t.GetMaxRequests(), "requests in flight")
	add(t.GetMaxRetries(), "retries in flight")
	add(t.GetMaxConnectionPools(), "connection pools")
	if b := t.GetRetryBudget(); b != nil {
		limits = append(limits, "its retry budget"+of)
	}
	return limits
}
