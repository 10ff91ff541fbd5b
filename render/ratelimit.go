package render

import (
	"time"

	ratelimitv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/local_ratelimit/v3"

	"github.com/amesh-render/amesh-render/render/apisix"
)

var localRateLimitFields = tableOf(&ratelimitv3.LocalRateLimit{}, fields{
	"stat_prefix":     harmless("names statistics"),
	"status":          rendered,
	"token_bucket":    partly("each route of APISIX has a bucket of its own, which leaks evenly; answers that need no upstream are not limited"),
	"filter_enabled":  rendered,
	"filter_enforced": partly("requests that are let through by a draw take nothing from the bucket"),
	"request_headers_to_add_when_not_enforced": lost("requests beyond the limit that pass get no headers"),
	"response_headers_to_add":                  lost("answers to requests beyond the limit get no headers"),
	"descriptors":                              lost("limits by descriptor are not rendered"),
	"stage":                                    harmless("concerns descriptors"),
	"local_rate_limit_per_downstream_connection": rendered,
	"local_cluster_rate_limit":                   near("each APISIX takes the whole limit; Envoy divides it among the proxies"),
	"enable_x_ratelimit_headers":                 lost("answers carry no X-RateLimit headers"),
	"vh_rate_limits":                             harmless("concerns descriptors"),
	"always_consume_default_token_bucket":        partly("where it is false, beside descriptors, the limit is left out"),
	"rate_limited_as_resource_exhausted":         near("gRPC calls beyond the limit are answered by the HTTP status"),
	"rate_limits":                                harmless("concerns descriptors"),
	"max_dynamic_descriptors":                    harmless("concerns descriptors"),
	"enable_retry_after_header":                  lost("answers carry no Retry-After"),
})

// localRateLimit translates the filter that limits the rate of requests by a token bucket. APISIX's limit-req is a leaky
// bucket, shared by all of its workers: with the rate at which the tokens come and a burst of all tokens but one, it lets
// the same requests pass, but for tokens that come many at once. It keeps a bucket for each of its routes, and acts in
// the access phase, after answers that need no upstream.
func (r *renderer) localRateLimit(f filterUse, inner []variant) []variant {
	config := &ratelimitv3.LocalRateLimit{}
	at, prefix, ok := r.inForce(f, config)
	if !ok {
		return inner
	}
	part := runtimeShare(config.GetFilterEnabled(), noRequests)
	enforced := runtimeShare(config.GetFilterEnforced(), noRequests)
	if config.GetTokenBucket() == nil || part.none() || enforced.none() {
		return inner
	}
	localRateLimitFields.check(config, at, prefix, &r.findings)
	always := config.GetAlwaysConsumeDefaultTokenBucket()
	if len(config.GetDescriptors()) > 0 && always != nil && !always.GetValue() {
		r.findings.dropped(at, prefix+"token_bucket",
			"the limit is left out: it would also hold for requests that a descriptor matches")
		return inner
	}
	plugin := r.limitReq(config, at, prefix)
	if plugin == nil {
		return inner
	}
	if vars := enforced.of(part).vars(drawFilter); vars != nil {
		plugin.Meta = &apisix.Meta{Filter: vars}
	}
	if !enforced.all() {
		r.findings.approximate(at, prefix+"filter_enforced", "requests that are let through by a draw take nothing from the bucket")
	}
	return r.limited(plugin, inner, at, prefix)
}

// limited gives the plugin to the variants that forward requests.
func (r *renderer) limited(plugin *apisix.LimitReq, inner []variant, at *place, prefix string) []variant {
	for i, v := range inner {
		if !v.forwards {
			r.findings.approximate(at, prefix+"token_bucket", "answers that need no upstream are not limited")
			continue
		}
		r.findings.approximate(at, prefix+"token_bucket",
			"APISIX has a bucket for each of its routes, which leaks evenly; the body of its answer is an HTML page")
		if v.route.Plugins != nil && v.route.Plugins.LimitReq != nil {
			r.findings.dropped(at, prefix+"token_bucket", "APISIX takes one limit for a route: the lower rate of several filters holds")
			if v.route.Plugins.LimitReq.Rate <= plugin.Rate {
				continue
			}
		}
		inner[i].route.Plugins = copyOf(v.route.Plugins)
		inner[i].route.Plugins.LimitReq = plugin
	}
	return inner
}

// limitReq is the plugin for a token bucket; nil, with a finding, when it lets nothing pass or everything.
func (r *renderer) limitReq(config *ratelimitv3.LocalRateLimit, at *place, prefix string) *apisix.LimitReq {
	const perFill = 1 // Envoy's default
	bucket := config.GetTokenBucket()
	tokens, interval := uint32(perFill), bucket.GetFillInterval().AsDuration()
	if t := bucket.GetTokensPerFill(); t != nil {
		tokens = t.GetValue()
	}
	rate := float64(tokens) / (float64(interval) / float64(time.Second))
	if bucket.GetMaxTokens() == 0 || tokens == 0 || interval <= 0 {
		r.findings.dropped(at, prefix+"token_bucket", "a bucket that is never filled is not rendered: requests are not limited")
		return nil
	}
	return &apisix.LimitReq{
		Rate: rate, Burst: float64(bucket.GetMaxTokens() - 1), NoDelay: true,
		Policy: "local", KeyType: "var", Key: bucketKey(config.GetLocalRateLimitPerDownstreamConnection()),
		RejectedCode: r.limitStatus(config, at, prefix),
	}
}

// bucketKey is a variable that all requests which share a bucket have in common. APISIX would count by client where it is
// absent.
func bucketKey(perConnection bool) string {
	if perConnection {
		return "connection" // nginx's serial number of the connection
	}
	return "hostname" // of the machine
}

// limitStatus is the status for requests beyond the limit. As in Envoy, one below 400 stands for 429.
func (r *renderer) limitStatus(config *ratelimitv3.LocalRateLimit, at *place, prefix string) int {
	const tooMany = 429
	status := int(config.GetStatus().GetCode())
	switch {
	case status < 400:
		return tooMany
	case status > 599:
		r.findings.approximate(at, prefix+"status", "APISIX cannot answer %d: it answers %d", status, tooMany)
		return tooMany
	}
	return status
}
