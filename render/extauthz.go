//lint:file-ignore SA1019 Control planes still send the deprecated fields.

package render

import (
	"cmp"
	"slices"
	"strings"
	"time"

	authzv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_authz/v3"
	rbacv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/rbac/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"

	"github.com/amesh-render/amesh-render/render/apisix"
)

var authzFields = tableOf(&authzv3.ExtAuthz{}, fields{
	"grpc_service":                            refused("services that are asked over gRPC are not rendered: the requests are refused"),
	"http_service":                            reported(Denied, "the service would be asked about another path: requests are refused, unless --ext-authz says otherwise"),
	"transport_api_version":                   harmless("concerns gRPC"),
	"failure_mode_allow":                      partly("requests pass while the service cannot be reached, not when it answers 5xx"),
	"failure_mode_allow_header_add":           near("no header tells that a request passed unasked"),
	"with_request_body":                       lost("the body of a request is not sent to the service"),
	"clear_route_cache":                       near("the route is not chosen anew after the service has answered"),
	"clear_route_cache_headers":               near("the route is not chosen anew after the service has answered"),
	"status_on_error":                         partly("for a service that cannot be reached; one that answers 5xx sets the status by itself"),
	"validate_mutations":                      harmless("nginx refuses invalid headers"),
	"metadata_context_namespaces":             harmless("concerns gRPC"),
	"typed_metadata_context_namespaces":       harmless("concerns gRPC"),
	"route_metadata_context_namespaces":       harmless("concerns gRPC"),
	"route_typed_metadata_context_namespaces": harmless("concerns gRPC"),
	"filter_enabled":                          partly("a fraction counts as all requests"),
	"filter_enabled_metadata":                 partly("as Istio uses it; otherwise all requests count as asked about"),
	"deny_at_disable":                         refused("requests for which the filter is turned off are refused"),
	"include_peer_certificate":                harmless("the connection is plain text"),
	"include_tls_session":                     harmless("the connection is plain text"),
	"stat_prefix":                             harmless("names statistics"),
	"bootstrap_metadata_labels_key":           harmless("concerns gRPC"),
	"allowed_headers":                         partly("headers named by other than their whole name are not sent to the service"),
	"disallowed_headers":                      lost("headers are sent to the service that should not be"),
	"charge_cluster_response_stats":           harmless("for statistics"),
	"encode_raw_headers":                      harmless("concerns gRPC"),
	"enable_dynamic_metadata_ingestion":       harmless("concerns gRPC"),
	"filter_metadata":                         harmless("concerns gRPC"),
	"emit_filter_state_stats":                 harmless("for statistics"),
})

// extAuthz translates the filter that asks a service whether a request may pass: Istio's AuthorizationPolicy with the
// action CUSTOM. Envoy asks with the request's own method and path; APISIX's forward-auth calls one path of the service
// and names the request in headers. As a service may well decide by its path, requests are refused unless
// Options.ExtAuthz says that it does not.
func (r *renderer) extAuthz(f filterUse, inner []variant) []variant {
	if refusesAll(inner) {
		return inner
	}
	config := &authzv3.ExtAuthz{}
	if f.config.UnmarshalTo(config) != nil {
		return r.unknownGuard(f, inner)
	}
	if own := (&authzv3.ExtAuthzPerRoute{}); f.own != nil {
		if f.own.UnmarshalTo(own) != nil {
			return r.unknownGuard(f, inner)
		}
		if own.GetDisabled() {
			return inner
		}
	}
	asked := r.asked(f, config)
	if asked.fixed == impossible {
		return inner
	}
	authzFields.check(config, f.at, f.field+" ", &r.findings)
	service := config.GetHttpService()
	if service != nil && r.options.ExtAuthz == ExtAuthzForwardAuth && !config.GetDenyAtDisable().GetDefaultValue().GetValue() {
		return r.ask(f, config, asked, inner)
	}
	if service != nil {
		r.findings.denied(f.at, f.field, "APISIX would ask the service about another path than the request's, so the requests are refused; "+
			"--ext-authz forward-auth asks nevertheless")
	}
	return guard(inner, asked, refusal)
}

// asked is the condition under which the service may have to be asked. Istio makes it depend on a policy that an RBAC
// filter before this one evaluates and records (shadow_rules).
func (r *renderer) asked(f filterUse, config *authzv3.ExtAuthz) formula {
	if e := config.GetFilterEnabled(); e != nil && e.GetDefaultValue().GetNumerator() == 0 && e.GetRuntimeKey() == "" {
		return no
	}
	m := config.GetFilterEnabledMetadata()
	if m == nil {
		return yes
	}
	recorded := no
	for _, before := range f.before {
		if before.kind.listener == "rbac.v3.RBAC" && before.name == m.GetFilter() {
			recorded = anyOf(recorded, r.recorded(before, m))
		}
	}
	if m.GetFilter() != "envoy.filters.http.rbac" || m.GetInvert() {
		return yes
	}
	return recorded
}

// recorded is the condition under which an RBAC filter may record, under the key that m looks at, a policy that m wants.
func (r *renderer) recorded(f filterUse, m *matcherv3.MetadataMatcher) formula {
	const key = "shadow_effective_policy_id"
	config := &rbacv3.RBAC{}
	switch path := m.GetPath(); {
	case f.own != nil || f.config.UnmarshalTo(config) != nil || config.GetShadowMatcher() != nil || len(path) != 1:
		return yes
	case config.GetShadowRules() == nil || path[0].GetKey() != config.GetShadowRulesStatPrefix()+key:
		return no
	}
	any, needs := r.policies(f, config.GetShadowRules(), func(name string) bool { return mayName(m.GetValue(), name) })
	return r.unmet(needs, f, any.may)
}

// mayName reports whether a condition on metadata may hold for a name.
func mayName(m *matcherv3.ValueMatcher, name string) bool {
	switch p := m.GetStringMatch().GetMatchPattern().(type) {
	case *matcherv3.StringMatcher_Exact:
		return name == p.Exact
	case *matcherv3.StringMatcher_Prefix:
		return strings.HasPrefix(name, p.Prefix)
	}
	return true
}

// ask puts forward-auth before the variants that forward requests. It acts later than those that answer by themselves,
// which are refused instead.
func (r *renderer) ask(f filterUse, config *authzv3.ExtAuthz, asked formula, inner []variant) []variant {
	plugin := r.forwardAuth(f, config)
	if plugin == nil {
		return guard(inner, asked, refusal)
	}
	behind := make([]variant, len(inner))
	for i, v := range inner {
		if v.forwards {
			v.route.Plugins = copyOf(v.route.Plugins)
			v.route.Plugins.ForwardAuth = plugin
			v.tag = strings.TrimSpace(v.tag + " asked")
		} else {
			r.findings.denied(f.at, f.field, "APISIX asks the service too late for answers that need no upstream: they are refused")
			v = variant{tag: strings.TrimSpace(v.tag + " refused"), vars: v.vars, route: refusal.route}
		}
		behind[i] = v
	}
	return guard(inner, asked, behind...)
}

// copyOf is a copy of plugins to add to; nil makes an empty one.
func copyOf(p *apisix.Plugins) *apisix.Plugins {
	var out apisix.Plugins
	if p != nil {
		out = *p
	}
	return &out
}

// forwardAuth is the plugin that asks the service; nil, with a finding, when it cannot.
func (r *renderer) forwardAuth(f filterUse, config *authzv3.ExtAuthz) *apisix.ForwardAuth {
	service := config.GetHttpService()
	uri := service.GetServerUri().GetUri()
	if !strings.HasPrefix(uri, "http://") && !strings.HasPrefix(uri, "https://") || strings.ContainsAny(uri, "$ \x00") {
		r.findings.denied(f.at, f.field+" http_service.server_uri.uri", "%q cannot be called: the requests are refused", uri)
		return nil
	}
	r.findings.approximate(f.at, f.field+" http_service",
		"APISIX asks with GET and one path, and names the request in X-Forwarded-Method and X-Forwarded-Uri; any status below 300 lets it pass")
	uri = strings.TrimRight(uri, "/") + cmp.Or(service.GetPathOverride(), service.GetPathPrefix())
	p := &apisix.ForwardAuth{
		URI: uri, RequestMethod: "GET", KeepAlive: true, AllowDegradation: config.GetFailureModeAllow(),
		RequestHeaders:  r.exactNames(f, "allowed_headers", config.GetAllowedHeaders(), service.GetAuthorizationRequest().GetAllowedHeaders()),
		UpstreamHeaders: r.exactNames(f, "allowed_upstream_headers", service.GetAuthorizationResponse().GetAllowedUpstreamHeaders()),
		ClientHeaders:   r.exactNames(f, "allowed_client_headers", service.GetAuthorizationResponse().GetAllowedClientHeaders()),
	}
	const longest = 60_000
	timeout := durationOr(service.GetServerUri().GetTimeout(), 200*time.Millisecond).Milliseconds()
	p.Timeout = int(min(max(timeout, 1), longest))
	switch status := int(config.GetStatusOnError().GetCode()); {
	case status >= 400 && status <= 599:
		p.StatusOnError = status
	case status != 0:
		r.findings.approximate(f.at, f.field+" status_on_error", "APISIX answers 403 when the service cannot be reached, not %d", status)
	}
	if config.GetFailureModeAllow() {
		r.findings.approximate(f.at, f.field+" failure_mode_allow",
			"requests pass while the service cannot be reached, but not when it answers 5xx, which is passed on to the client")
	}
	return p
}

// exactNames are the header names of matchers for one name each; others are reported. Authorization is always sent.
func (r *renderer) exactNames(f filterUse, field string, lists ...*matcherv3.ListStringMatcher) []string {
	var names []string
	if field == "allowed_headers" {
		names = append(names, "authorization")
	}
	for _, list := range lists {
		for _, m := range list.GetPatterns() {
			name := strings.ToLower(m.GetExact())
			if !isToken(name) {
				r.findings.dropped(f.at, f.field+" "+field, "APISIX names headers one by one: others are not passed on")
				continue
			}
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
