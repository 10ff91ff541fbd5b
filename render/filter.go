package render

import (
	"strings"

	udpav1 "github.com/cncf/xds/go/udpa/type/v1"
	xdsv3 "github.com/cncf/xds/go/xds/type/v3"
	configrbacv3 "github.com/envoyproxy/go-control-plane/envoy/config/rbac/v3"
	jwtv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/jwt_authn/v3"
	rbacv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/rbac/v3"
	networkrbacv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/rbac/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

// An httpFilter is one kind of Envoy HTTP filter: what becomes of its configuration in a listener and of that for a
// route, a virtual host or a route configuration.
type httpFilter struct {
	listener string    // type of the configuration in a listener, below envoy.extensions.filters.http when it has no dot
	route    string    // type of the configuration for a route, likewise; "" when there is none
	inert    fieldRule // what a configuration in the listener loses
	lost     fieldRule // what a configuration for a route loses
	guards   bool      // the filter refuses requests: what cannot be expressed is refused
}

// The HTTP filters that we know, in the order in which istiod puts them.
var httpFilters = []httpFilter{
	{listener: "io.istio.http.peer_metadata.Config", inert: harmless("exchanges names of workloads, for telemetry")},
	{listener: "jwt_authn.v3.JwtAuthentication", route: "jwt_authn.v3.PerRouteConfig", guards: true},
	{listener: "rbac.v3.RBAC", route: "rbac.v3.RBACPerRoute", guards: true},
	{listener: "ext_authz.v3.ExtAuthz", route: "ext_authz.v3.ExtAuthzPerRoute", guards: true},
	{listener: "oauth2.v3.OAuth2", guards: true},
	{listener: "basic_auth.v3.BasicAuth", route: "basic_auth.v3.BasicAuthPerRoute", guards: true},
	{listener: "api_key_auth.v3.ApiKeyAuth", route: "api_key_auth.v3.ApiKeyAuthPerRoute", guards: true},
	{listener: "csrf.v3.CsrfPolicy", route: "csrf.v3.CsrfPolicy", guards: true},
	{listener: "grpc_web.v3.GrpcWeb", inert: lost("gRPC-Web requests are not translated to gRPC")},
	{listener: "grpc_stats.v3.FilterConfig", inert: harmless("counts gRPC messages")},
	{listener: "istio.envoy.config.filter.http.alpn.v2alpha1.FilterConfig",
		inert: harmless("chooses the ALPN protocol of mesh mTLS")},
	{listener: "fault.v3.HTTPFault", route: "fault.v3.HTTPFault",
		inert: rendered, lost: lost("fault injection is not rendered yet: no request is delayed or aborted")},
	{listener: "cors.v3.Cors", route: "cors.v3.CorsPolicy",
		inert: rendered, lost: lost("CORS is not rendered yet: browsers get no Access-Control headers")},
	{listener: "router.v3.Router", inert: rendered},
}

// findHTTPFilter is the entry for a configuration of that type, in a listener or, with route, for a route.
func findHTTPFilter(name string, route bool) (httpFilter, bool) {
	short := strings.TrimPrefix(name, "envoy.extensions.filters.http.")
	for _, f := range httpFilters {
		if !route && f.listener == short || route && f.route == short {
			return f, true
		}
	}
	return httpFilter{}, false
}

// httpFilter reports what is lost of an HTTP filter in a listener, and whether requests must be refused for it.
func (r *renderer) httpFilter(config *anypb.Any, at *place, field string) (refused bool) {
	f, ok := findHTTPFilter(typeName(config), false)
	switch {
	case !ok:
		r.findings.dropped(at, field, "the HTTP filter is not rendered")
	case f.guards:
		return r.guard(config, at, field)
	case f.inert.severity != "":
		r.findings.add(f.inert.severity, at, field, "%s", f.inert.why)
	}
	return false
}

// perRoute reports what is lost of the filters' configurations for a route, a virtual host or a route configuration, and
// whether requests must be refused for it.
func (r *renderer) perRoute(configs map[string]*anypb.Any, at *place) (refused bool) {
	for name, config := range configs {
		field := "typed_per_filter_config[" + name + "]"
		f, ok := findHTTPFilter(typeName(config), true)
		switch {
		case !ok:
			r.findings.dropped(at, field, "the filter's configuration is not rendered")
		case f.guards:
			refused = r.guard(config, at, field) || refused
		default:
			r.findings.add(f.lost.severity, at, field, "%s", f.lost.why)
		}
	}
	return refused
}

// guard reports whether requests must be refused because of a guarding filter, and says so.
func (r *renderer) guard(config *anypb.Any, at *place, field string) (refused bool) {
	if guardsNothing(config) {
		return false
	}
	r.findings.denied(at, field, "the rules are not rendered yet: all requests that they could apply to are refused with 403")
	return true
}

// guardsNothing reports whether a guarding filter has no rule that could refuse a request, as when it only records what
// it would do (Istio's AUDIT and dry-run policies).
func guardsNothing(config *anypb.Any) bool {
	m, err := config.UnmarshalNew()
	if err != nil {
		return false
	}
	switch c := m.(type) {
	case *rbacv3.RBAC:
		return c.GetRules() == nil && c.GetMatcher() == nil || c.GetRules().GetAction() == configrbacv3.RBAC_LOG
	case *rbacv3.RBACPerRoute:
		return c.GetRbac() == nil
	case *networkrbacv3.RBAC:
		return c.GetRules() == nil && c.GetMatcher() == nil || c.GetRules().GetAction() == configrbacv3.RBAC_LOG
	case *jwtv3.JwtAuthentication:
		return len(c.GetRules()) == 0 && c.GetFilterStateRules() == nil
	}
	return false
}

// typeName is the message type that an Any holds, without the URL before it. For a TypedStruct, the form in which
// configurations of types unknown here travel, it is the type that the struct stands for.
func typeName(a *anypb.Any) string {
	url := a.GetTypeUrl()
	switch {
	case a.MessageIs(&udpav1.TypedStruct{}):
		url = structType(a, &udpav1.TypedStruct{})
	case a.MessageIs(&xdsv3.TypedStruct{}):
		url = structType(a, &xdsv3.TypedStruct{})
	}
	return url[strings.LastIndexByte(url, '/')+1:]
}

// structType is the type that a TypedStruct stands for; "" when it cannot be decoded.
func structType[T interface {
	proto.Message
	GetTypeUrl() string
}](a *anypb.Any, s T) string {
	if a.UnmarshalTo(s) != nil {
		return ""
	}
	return s.GetTypeUrl()
}
