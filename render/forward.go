package render

import (
	"slices"
	"strings"
	"time"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"

	"github.com/amesh-render/amesh-render/render/apisix"
)

var routeActionFields = tableOf(&routev3.RouteAction{}, fields{
	"cluster":                         rendered,
	"weighted_clusters":               composed,
	"cluster_header":                  onlyLua("APISIX cannot take the cluster from a header: the requests are answered 503"),
	"cluster_specifier_plugin":        lost("plugins that choose the cluster are not rendered: the requests are answered 503"),
	"inline_cluster_specifier_plugin": lost("plugins that choose the cluster are not rendered: the requests are answered 503"),
	"cluster_not_found_response_code": partly("where a cluster of several is missing, its requests are answered 503"),
	"timeout":                         partly("each wait for the upstream is limited, not the whole response; a request that is retried until then is answered 502"),
	"idle_timeout":                    ownClientWait,
	"retry_policy":                    composed,
	"hash_policy":                     partly("all policies are hashed together; cookies are not made; what has nothing to hash goes by the client's address"),
	"upgrade_configs":                 composed,
	"prefix_rewrite":                  partly("the decoded path is rewritten, and encoded anew"),
	"regex_rewrite":                   partly("the decoded path is rewritten, and encoded anew; the first match only"),
	"path_rewrite_policy":             lost("URI templates are not rendered: the requests are answered 503"),
	"path_rewrite":                    lost("the path cannot be made by a format string: the requests are answered 503"),
	"host_rewrite":                    lost("APISIX cannot make the host from a format string: the Host header stays as it came"),
	"host_rewrite_literal":            someHosts,
	"host_rewrite_header":             onlyLua("APISIX cannot take the host from a header: the Host header stays as it came"),
	"host_rewrite_path_regex":         lost("APISIX cannot take the host from the path: the Host header stays as it came"),
	"auto_host_rewrite":               partly("only for clusters whose endpoints are names"),
	"append_x_forwarded_host":         harmless("APISIX always sets X-Forwarded-Host"),
	"request_mirror_policies":         partly("one copy, to the service or to one of the endpoints"),
	"metadata_match":                  lost("endpoints are not chosen by metadata"),
	"max_grpc_timeout":                harmless("allows clients to shorten the timeout, which APISIX does not do"),
	"grpc_timeout_offset":             harmless("allows clients to shorten the timeout, which APISIX does not do"),
	"max_stream_duration":             composed,
	"flush_timeout":                   near("how long a client may take to read is set in APISIX's config.yaml"),
	"early_data_policy":               harmless("concerns TLS connections"),
	"priority":                        harmless("concerns circuit breakers"),
	"include_vh_rate_limits":          harmless("rate limits are reported where they are"),
	"rate_limits":                     lost("rate limits are not rendered"),
	"cors":                            lost("CORS is rendered from the configuration of its filter only: browsers get no Access-Control headers"),
	"hedge_policy":                    lost("hedging is not rendered"),
	"internal_redirect_policy":        lost("redirects from the upstream are passed on to the client"),
	"internal_redirect_action":        lost("redirects from the upstream are passed on to the client"),
	"max_internal_redirects":          harmless("concerns internal redirects, which are reported"),
})

// A forwarding is what all requests of a route action have in common.
type forwarding struct {
	chain   *httpChain
	host    *routev3.VirtualHost
	route   *routev3.Route
	at      *place
	policy  use
	gap     time.Duration // the longest wait for the upstream
	rewrite pathRewrite
	mirror  *mirror
}

// forward translates RouteAction: to which upstreams a request goes, how it is changed on the way, and how long it may
// take.
func (r *renderer) forward(c *httpChain, vh *routev3.VirtualHost, rt *routev3.Route, at *place) []variant {
	a := rt.GetRoute()
	routeActionFields.check(a, at, "route.", &r.findings)
	if !r.checkWeighted(c, a, at) {
		return []variant{refusal}
	}
	if code := r.notFound(a); code != 0 {
		return []variant{answer(code, "")}
	}
	if a.GetPathRewritePolicy() != nil || a.GetPathRewrite() != "" { // the upstream must not get a path that is to be hidden
		return []variant{answer(unavailable, "")}
	}
	r.checkNotFound(a, at)
	f := forwarding{chain: c, host: vh, route: rt, at: at}
	total, gap := r.timeouts(c, a, at)
	f.gap = r.tryTimeouts(a, vh, gap, at)
	f.policy.retries = r.retries(c, vh, a, at)
	if f.policy.retries > 0 && total > 0 {
		f.policy.retryTimeout = total
		r.findings.approximate(at, "route.timeout", "when the time for all attempts is over, APISIX answers 502; Envoy 504")
	}
	var ok bool
	choices := r.choices(a, at)
	if f.rewrite, ok = r.pathRewrite(a, rt.GetMatch(), at, "route."); !ok || len(choices) == 0 {
		return []variant{answer(unavailable, "")}
	}
	if m, ok := r.mirror(c, vh, a, at); ok {
		f.mirror = &m
	}
	var variants []variant
	legs := r.legs(choices, at)
	if a.GetClusterHeader() != "" {
		legs = []leg{{choices: choices, header: a.GetClusterHeader()}}
	}
	for _, l := range legs {
		variants = append(variants, r.leg(&f, l)...)
	}
	return variants
}

// notFound is the status for a cluster that does not exist, where the route asks for another than 503.
func (r *renderer) notFound(a *routev3.RouteAction) int {
	if a.GetCluster() == "" || r.cluster(a.GetCluster()) != nil {
		return 0
	}
	switch a.GetClusterNotFoundResponseCode() {
	case routev3.RouteAction_NOT_FOUND:
		return 404
	case routev3.RouteAction_INTERNAL_SERVER_ERROR:
		return 500
	}
	return 0
}

// checkNotFound reports that a cluster of several that does not exist is answered 503 whatever the route asks for.
func (r *renderer) checkNotFound(a *routev3.RouteAction, at *place) {
	if a.GetClusterNotFoundResponseCode() == routev3.RouteAction_SERVICE_UNAVAILABLE {
		return
	}
	for _, w := range a.GetWeightedClusters().GetClusters() {
		if w.GetWeight().GetValue() > 0 && r.cluster(w.GetName()) == nil {
			r.findings.approximate(at, "route.cluster_not_found_response_code", "requests to %q, which does not exist, are answered 503", w.GetName())
		}
	}
}

// leg is the variants of one leg: two where gRPC goes another way than other requests.
func (r *renderer) leg(f *forwarding, l leg) []variant {
	if l.choices[0].cluster == "" {
		v := answer(unavailable, "")
		v.tag, v.vars = l.tag, l.vars
		return []variant{v}
	}
	carries := func(c choice) bool { return r.carriesGRPC(c.cluster) }
	switch {
	case !slices.ContainsFunc(l.choices, carries):
		return []variant{r.toUpstream(f, l, false)}
	case f.route.GetMatch().GetGrpc() != nil:
		return []variant{r.toUpstream(f, l, true)}
	}
	twin := l
	twin.tag = strings.TrimPrefix(l.tag+", gRPC", ", ")
	twin.vars = append(slices.Clone(l.vars), isGRPC)
	return []variant{r.toUpstream(f, twin, true), r.toUpstream(f, l, false)}
}

// toUpstream sends the requests of a leg to its upstream or shares them among several.
func (r *renderer) toUpstream(f *forwarding, l leg, grpc bool) variant {
	if len(l.choices) > 1 && r.options.lua() && l.header == "" {
		return r.lottery(f, l, grpc)
	}
	a := f.route.GetRoute()
	v := variant{tag: l.tag, vars: l.vars, forwards: true}
	host := r.hostRewrite(a, l.own, f.at)
	connect := connectTimeout(r.cluster(l.choices[0].cluster))
	if l.header == "" && r.dials(l.choices[0].cluster) {
		r.passthrough(f, &v, l.choices[0].cluster, host, grpc)
	} else {
		r.named(f, &v, l, &host, grpc)
	}
	r.rewrites(f, &v, host)
	r.headers(f, &v, l)
	f.originals(&v, host.node || host.literal != "" || host.copied != "")
	if f.mirror != nil {
		v.plugins().ProxyMirror = f.mirror.plugin(grpc)
	}
	v.route.EnableWebsocket = r.websocket(f.chain, a, f.at) && !grpc
	if f.gap != noLimit {
		v.route.Timeout = &apisix.Timeout{Connect: connect, Send: seconds(f.gap), Read: seconds(f.gap)}
	}
	return v
}

// named makes the upstreams of a leg those of a variant. Of the host rewrite, node is then whether it has an effect.
func (r *renderer) named(f *forwarding, v *variant, l leg, host *hostRewrite, grpc bool) {
	a := f.route.GetRoute()
	named := host.node
	ids := make([]apisix.WeightedUpstream, len(l.choices))
	for i, c := range l.choices {
		policy := f.policy
		policy.cluster, policy.scheme = c.cluster, r.scheme(c.cluster, grpc)
		host.onUpstream(r, &policy, f.at)
		named = named && policy.nodeHost
		ids[i] = apisix.WeightedUpstream{UpstreamID: r.upstreamID(policy, c.cluster, a, f.at), Weight: int(c.weight)}
	}
	host.node = named
	switch {
	case l.header != "":
		v.plugins().AmeshClusterHeader = clusterHeader(a, l, ids)
	case len(ids) > 1:
		v.plugins().TrafficSplit = &apisix.TrafficSplit{Rules: []apisix.SplitRule{{WeightedUpstreams: ids}}}
		fallthrough
	default:
		v.route.UpstreamID = ids[0].UpstreamID
	}
}

// rewrites changes the path and the host of a variant.
func (r *renderer) rewrites(f *forwarding, v *variant, host hostRewrite) {
	if host.header != "" {
		v.plugins().AmeshHost = &apisix.AmeshHost{Header: host.header}
	}
	if f.rewrite.none() && host.literal == "" {
		return
	}
	v.plugins().ProxyRewrite = &apisix.ProxyRewrite{RegexURI: f.rewrite.regexURI(), Host: host.literal}
}

// headers changes the headers of a variant.
func (r *renderer) headers(f *forwarding, v *variant, l leg) {
	var own []headerLevel
	if l.own != nil {
		own = []headerLevel{{ops: l.own, at: f.at, prefix: choicePrefix(l.index)}}
	}
	levels := headerLevels(f.chain, f.host, f.route, f.at, own...)
	if name := f.route.GetRoute().GetHostRewriteHeader(); name != "" && changesRequest(levels, name) {
		r.findings.approximate(f.at, "route.host_rewrite_header", "the header %q is changed before: the host is what APISIX makes of it", name)
	}
	v.request = r.mutations(levels, requestSide)
	v.response = r.mutations(levels, responseSide)
	r.responseLosses(v.response, true, f.at)
}

// originals passes on the path and the host as they were before they were rewritten, in headers that Envoy sets after all
// header operations.
func (f *forwarding) originals(v *variant, newHost bool) {
	if f.rewrite.none() && !newHost || !f.chain.addsEnvoyHeaders() {
		return
	}
	if !f.rewrite.none() {
		v.request.set("X-Envoy-Original-Path", "${real_request_uri}")
	}
	if newHost {
		v.request.set("X-Envoy-Original-Host", "${http_host}")
	}
}
