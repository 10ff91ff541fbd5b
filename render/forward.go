package render

import (
	"math"
	"time"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/amesh-render/amesh-render/render/apisix"
)

const rewriteNotRendered = "rewriting is not rendered yet: the upstream gets the request as it came"

var routeActionFields = tableOf(&routev3.RouteAction{}, fields{
	"cluster":                         rendered,
	"weighted_clusters":               rendered,
	"cluster_header":                  lost("APISIX cannot take the cluster from a header: the requests are answered 503"),
	"cluster_specifier_plugin":        lost("plugins that choose the cluster are not rendered: the requests are answered 503"),
	"inline_cluster_specifier_plugin": lost("plugins that choose the cluster are not rendered: the requests are answered 503"),
	"cluster_not_found_response_code": near("a missing cluster is answered 503"),
	"timeout":                         rendered,
	"idle_timeout":                    rendered,
	"retry_policy":                    rendered,
	"hash_policy":                     rendered,
	"upgrade_configs":                 lost("upgrades are allowed as the listener says"),
	"prefix_rewrite":                  lost(rewriteNotRendered),
	"regex_rewrite":                   lost(rewriteNotRendered),
	"path_rewrite_policy":             lost(rewriteNotRendered),
	"path_rewrite":                    lost(rewriteNotRendered),
	"host_rewrite":                    lost(rewriteNotRendered),
	"host_rewrite_literal":            lost(rewriteNotRendered),
	"host_rewrite_header":             lost(rewriteNotRendered),
	"host_rewrite_path_regex":         lost(rewriteNotRendered),
	"auto_host_rewrite":               lost(rewriteNotRendered),
	"append_x_forwarded_host":         harmless("APISIX always sets X-Forwarded-Host"),
	"request_mirror_policies":         lost(mirrorNotRendered),
	"metadata_match":                  lost("endpoints are not chosen by metadata"),
	"max_grpc_timeout":                harmless("allows clients to shorten the timeout, which APISIX does not do"),
	"grpc_timeout_offset":             harmless("allows clients to shorten the timeout, which APISIX does not do"),
	"max_stream_duration":             rendered,
	"early_data_policy":               harmless("concerns TLS connections"),
	"priority":                        harmless("concerns circuit breakers"),
	"include_vh_rate_limits":          harmless("rate limits are reported where they are"),
	"rate_limits":                     lost("rate limits are not rendered"),
	"cors":                            lost("CORS is not rendered yet: browsers get no Access-Control headers"),
	"hedge_policy":                    lost("hedging is not rendered"),
	"internal_redirect_policy":        lost("redirects from the upstream are passed on to the client"),
	"internal_redirect_action":        lost("redirects from the upstream are passed on to the client"),
	"max_internal_redirects":          harmless("concerns internal redirects, which are reported"),
})

// forward translates RouteAction: to which upstreams a request goes, and how long it may take.
func (r *renderer) forward(out *apisix.Route, c httpChain, vh *routev3.VirtualHost, a *routev3.RouteAction, at *place) {
	routeActionFields.check(a, at, "route.", &r.findings)
	total, gap := r.timeouts(c, a, at)
	policy := use{retries: r.retries(c, vh, a, at)}
	if policy.retries > 0 {
		policy.retryTimeout = total
	}
	choices := r.choices(a, at)
	switch len(choices) {
	case 0:
		out.Plugins = answer(unavailable, "")
		return
	case 1:
		out.UpstreamID = r.upstreamID(policy, choices[0].cluster, a, at)
	default:
		r.split(out, policy, choices, a, at)
	}
	out.EnableWebsocket = c.websocket()
	if gap != noLimit {
		connect := connectTimeout(r.cluster(choices[0].cluster))
		out.Timeout = &apisix.Timeout{Connect: connect, Send: seconds(gap), Read: seconds(gap)}
	}
}

const (
	// noLimit stands for Envoy's "0 = none". APISIX refuses 0, and without a value nginx's 60 s would apply.
	noLimit = 24 * time.Hour
	// Envoy's defaults: RouteAction.timeout and HttpConnectionManager.stream_idle_timeout.
	defaultTimeout     = 15 * time.Second
	defaultIdleTimeout = 5 * time.Minute
)

// timeouts reads how long a request may take in all (0: no limit) and the longest gap between two reads, which is all
// that APISIX can limit.
func (r *renderer) timeouts(c httpChain, a *routev3.RouteAction, at *place) (total, gap time.Duration) {
	total = durationOr(a.GetTimeout(), defaultTimeout)
	idle := durationOr(a.GetIdleTimeout(), durationOr(c.manager.GetStreamIdleTimeout(), defaultIdleTimeout))
	gap = noLimit
	if idle > 0 {
		gap = min(gap, idle)
	}
	if total > 0 {
		gap = min(gap, total)
		r.findings.approximate(at, "route.timeout", "APISIX limits each wait for the upstream to %v, not the whole response", total)
	}
	if d := a.GetMaxStreamDuration().GetMaxStreamDuration().AsDuration(); d > 0 {
		r.findings.dropped(at, "route.max_stream_duration", "the duration of a stream is not limited to %v", d)
	}
	return total, gap
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
