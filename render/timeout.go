package render

import (
	"math"
	"time"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/types/known/durationpb"
)

const (
	// noLimit stands for Envoy's "0 = none". APISIX refuses 0, and without a value nginx's 60 s would apply.
	noLimit = 24 * time.Hour
	// Envoy's defaults: RouteAction.timeout and HttpConnectionManager.stream_idle_timeout.
	defaultTimeout     = 15 * time.Second
	defaultIdleTimeout = 5 * time.Minute
)

var streamDurationFields = tableOf(&routev3.RouteAction_MaxStreamDuration{}, fields{
	"max_stream_duration":        partly("each wait for the upstream is limited, not the whole stream"),
	"grpc_timeout_header_max":    harmless("lets clients of gRPC set a timeout, which they keep by themselves"),
	"grpc_timeout_header_offset": harmless("lets clients of gRPC set a timeout, which they keep by themselves"),
})

// timeouts reads how long a request may take in all (0: no limit) and the longest gap between two reads, which is all
// that APISIX can limit.
func (r *renderer) timeouts(c *httpChain, a *routev3.RouteAction, at *place) (total, gap time.Duration) {
	total = durationOr(a.GetTimeout(), defaultTimeout)
	idle := durationOr(a.GetIdleTimeout(), durationOr(c.manager.GetStreamIdleTimeout(), defaultIdleTimeout))
	gap = shorter(noLimit, idle)
	if total > 0 {
		gap = min(gap, total)
		r.findings.approximate(at, "route.timeout", "APISIX limits each wait for the upstream to %v, not the whole response", total)
	}
	if s := a.GetMaxStreamDuration(); s != nil {
		streamDurationFields.check(s, at, "route.max_stream_duration.", &r.findings)
		if d := durationOr(s.GetMaxStreamDuration(), 0); d > 0 {
			gap = min(gap, d)
			r.findings.approximate(at, "route.max_stream_duration",
				"APISIX limits each wait for the upstream to %v, not the whole stream", d)
		}
	}
	return total, gap
}

// tryTimeouts reads the longest gap that the retry policy, of the route or else of the virtual host, leaves to a single
// attempt.
func (r *renderer) tryTimeouts(a *routev3.RouteAction, vh *routev3.VirtualHost, gap time.Duration, at *place) time.Duration {
	p := a.GetRetryPolicy()
	if p == nil {
		p = vh.GetRetryPolicy()
	}
	if d := durationOr(p.GetPerTryTimeout(), 0); d > 0 && d < gap {
		r.findings.approximate(at, "route.retry_policy.per_try_timeout",
			"APISIX limits each wait of an attempt to %v, not the whole attempt", d)
		gap = d
	}
	return shorter(gap, durationOr(p.GetPerTryIdleTimeout(), 0))
}

// shorter is the shorter of two limits, of which the second may be 0 for none.
func shorter(d, limit time.Duration) time.Duration {
	if limit > 0 {
		return min(d, limit)
	}
	return d
}

// durationOr is d, or fallback when it is not set. Negative durations count as none.
func durationOr(d *durationpb.Duration, fallback time.Duration) time.Duration {
	if d == nil {
		return fallback
	}
	return max(0, d.AsDuration())
}

// seconds is a duration as APISIX takes it: more than 0, in milliseconds at the finest.
func seconds(d time.Duration) float64 {
	return math.Max(1, math.Round(float64(d)/float64(time.Millisecond))) / 1000
}
