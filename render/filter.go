package render

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

// An httpFilter is one kind of Envoy HTTP filter: which messages configure it, and what becomes of it.
type httpFilter struct {
	listener string // type of its configuration in a listener, below envoy.extensions.filters.http when it has no dot
	route    string // type of its configuration for a route, likewise; "" when there is none
	// rule says what is lost of a filter that does nothing to routes; for one with apply, what the list of features says.
	rule fieldRule
	// refuses says that the filter refuses requests by rules.
	refuses bool
	// apply does to the variants of a route what the filter does to the requests that reach it; nil for nothing.
	apply func(*renderer, filterUse, []variant) []variant
}

// The HTTP filters that we know: those that istiod puts, in its order, and others. Their order in the output is that of
// each listener.
var httpFilters = append([]httpFilter{
	{listener: "io.istio.http.peer_metadata.Config", rule: harmless("exchanges names of workloads, for telemetry")},
	{listener: "jwt_authn.v3.JwtAuthentication", route: "jwt_authn.v3.PerRouteConfig",
		rule: refused("tokens cannot be checked: requests that carry one are refused"), refuses: true, apply: (*renderer).jwt},
	{listener: "rbac.v3.RBAC", route: "rbac.v3.RBACPerRoute",
		rule: partly("rules on what APISIX cannot see are taken to refuse"), refuses: true, apply: (*renderer).rbac},
	{listener: "ext_authz.v3.ExtAuthz", route: "ext_authz.v3.ExtAuthzPerRoute",
		rule: refused("requests that Envoy would ask about are refused, unless --ext-authz says otherwise"), refuses: true, apply: (*renderer).extAuthz},
	{listener: "oauth2.v3.OAuth2", rule: unknownGuardRule, refuses: true, apply: (*renderer).unknownGuard},
	{listener: "basic_auth.v3.BasicAuth", route: "basic_auth.v3.BasicAuthPerRoute", rule: unknownGuardRule, refuses: true, apply: (*renderer).unknownGuard},
	{listener: "api_key_auth.v3.ApiKeyAuth", route: "api_key_auth.v3.ApiKeyAuthPerRoute", rule: unknownGuardRule, refuses: true, apply: (*renderer).unknownGuard},
	{listener: "csrf.v3.CsrfPolicy", route: "csrf.v3.CsrfPolicy", rule: unknownGuardRule, refuses: true, apply: (*renderer).unknownGuard},
	{listener: "grpc_web.v3.GrpcWeb", rule: lost("gRPC-Web requests are not translated to gRPC")},
	{listener: "stats.PluginConfig", rule: harmless("Istio's metrics of requests")},
	{listener: "grpc_stats.v3.FilterConfig", rule: harmless("counts gRPC messages")},
	{listener: "istio.envoy.config.filter.http.alpn.v2alpha1.FilterConfig",
		rule: harmless("chooses the ALPN protocol of mesh mTLS")},
	{listener: "fault.v3.HTTPFault", route: "fault.v3.HTTPFault", rule: composedOf("as the fields of HTTPFault"), apply: (*renderer).fault},
	{listener: "cors.v3.Cors", route: "cors.v3.CorsPolicy",
		rule: partly("OPTIONS requests that are no preflights get no Access-Control headers"), apply: (*renderer).cors},
	{listener: "router.v3.Router", rule: partly("of Envoy's own headers, requests and answers get those for the original path and host only")},
}, otherFilters...)

var unknownGuardRule = refused("the rules are not rendered: all requests that they could apply to are refused with 403")

// findHTTPFilter is the entry for a configuration of that type in a listener; nil when the filter is not known.
func findHTTPFilter(name string) *httpFilter {
	short := strings.TrimPrefix(name, "envoy.extensions.filters.http.")
	for i := range httpFilters {
		if httpFilters[i].listener == short {
			return &httpFilters[i]
		}
	}
	return nil
}

// A filterUse is one HTTP filter of a connection manager, as it stands in the way of the requests of one route.
type filterUse struct {
	chain *httpChain
	kind  *httpFilter
	name  string // HttpFilter.name, by which routes configure it
	index int    // in the manager's filters
	// config is the configuration in the listener, at its place and field.
	config *anypb.Any
	at     *place
	field  string
	// disabled says that it acts only where a route turns it on.
	disabled bool
	// own is the most specific configuration of the route, its virtual host and its route configuration; nil when they
	// have none. It is at ownAt and ownField.
	own      *anypb.Any
	ownAt    *place
	ownField string
	// levels are all that may configure the filter, the most specific first; none where no route matches.
	levels []filterLevel
	// before are the filters that a request has passed when it comes to this one.
	before []filterUse
}

// A filterLevel is something that may configure filters: a route, a virtual host, a route configuration.
type filterLevel struct {
	configs map[string]*anypb.Any // typed_per_filter_config
	at      *place
}

// filters reads the HTTP filters of a connection manager, and reports those that are not rendered.
func (r *renderer) filters(c *httpChain) {
	for i, filter := range c.manager.GetHttpFilters() {
		f := filterUse{kind: findHTTPFilter(typeName(filter.GetTypedConfig())), name: filter.GetName(), index: i,
			config: filter.GetTypedConfig(), at: c.at, field: "filters.http_filters[" + strconv.Itoa(i) + "] " + filter.GetName()}
		if f.kind == nil {
			f.kind = &unknownFilter
		}
		f.disabled = filter.GetDisabled()
		if f.kind.apply == nil && !f.disabled {
			r.leftOut(f)
			continue
		}
		c.filters = append(c.filters, f)
	}
}

// filtered puts the chain's filters before the variants of a route, the last filter of the chain first: what Envoy
// does first must come to act first. The most specific of the levels, which come in that order, configures a filter.
func (r *renderer) filtered(c *httpChain, inner []variant, levels ...filterLevel) []variant {
	uses := make([]filterUse, 0, len(c.filters))
	for _, f := range c.filters {
		f.chain = c
		if f.configure(levels) {
			f.before = uses[:len(uses):len(uses)]
			if f.own != nil && f.kind.refuses && f.ownAt != c.routesAt {
				r.findings.approximate(f.ownAt, f.ownField, "these rules are not for all requests of the listener: what APISIX reads otherwise, "+
					"as a path with escapes or a header with \"_\", may come to a route with other rules than with Envoy")
			}
			uses = append(uses, f)
		}
	}
	for _, f := range slices.Backward(uses) {
		if f.kind.apply == nil {
			r.leftOut(f)
			continue
		}
		inner = f.kind.apply(r, f, inner)
	}
	return c.received(inner)
}

// configure finds the configuration of the filter for a route, and reports whether the filter is in use there: a route
// may turn it off, and turn on what the listener has turned off.
func (f *filterUse) configure(levels []filterLevel) bool {
	f.levels = levels
	for _, level := range levels {
		config, ok := level.configs[f.name]
		if !ok {
			continue
		}
		own := &routev3.FilterConfig{}
		if config.MessageIs(own) && config.UnmarshalTo(own) == nil {
			if own.GetDisabled() {
				return false
			}
			config = own.GetConfig()
		}
		f.own, f.ownAt, f.ownField = config, level.at, "typed_per_filter_config["+f.name+"]"
		return true
	}
	return !f.disabled
}

// place is where the configuration in force stands.
func (f *filterUse) place() (at *place, field string) {
	if f.own != nil {
		return f.ownAt, f.ownField
	}
	return f.at, f.field
}

// unknownGuard refuses what reaches a filter whose rules are not rendered.
func (r *renderer) unknownGuard(f filterUse, _ []variant) []variant {
	at, field := f.place()
	r.findings.denied(at, field, "%s", unknownGuardRule.why)
	return []variant{refusal}
}

// unknownFilter stands for filters that are not known here.
var unknownFilter = httpFilter{rule: lost("the HTTP filter is not rendered")}

// leftOut reports a filter that does nothing to routes.
func (r *renderer) leftOut(f filterUse) {
	if rule := f.kind.rule; rule.severity != "" {
		at, field := f.place()
		r.findings.add(rule.severity, at, field, "%s", rule.why)
	}
}

// inForce reads the configuration in force into m, for filters whose routes have the same type as the listener. It is
// not ok, with a finding, when it cannot be read. Prefix is that of m's fields.
func (r *renderer) inForce(f filterUse, m proto.Message) (at *place, prefix string, ok bool) {
	at, field := f.place()
	if cmp.Or(f.own, f.config).UnmarshalTo(m) != nil {
		r.findings.dropped(at, field, unreadable)
		return at, field + " ", false
	}
	return at, field + " ", true
}

// empty reports whether the configuration in force is one of m's type that says nothing.
func (f *filterUse) empty(m proto.Message) bool {
	config := cmp.Or(f.own, f.config)
	return config.MessageIs(m) && len(config.GetValue()) == 0
}

const unreadable = "the configuration cannot be read: the filter is left out"

// typeName is the message type that an Any holds, without the URL before it. For a TypedStruct, the form in which
// configurations of types unknown here travel, it is the type that the struct stands for.
func typeName(a *anypb.Any) string {
	name := afterSlash(a.GetTypeUrl())
	if name == "udpa.type.v1.TypedStruct" || name == "xds.type.v3.TypedStruct" {
		return afterSlash(structType(a.GetValue()))
	}
	return name
}

func afterSlash(url string) string { return url[strings.LastIndexByte(url, '/')+1:] }

// structType is the type_url of an encoded TypedStruct, of either kind; "" when it cannot be decoded. The struct in it may be
// large, and is not.
func structType(wire []byte) (url string) {
	for len(wire) > 0 {
		number, kind, n := protowire.ConsumeField(wire)
		if n < 0 {
			return ""
		}
		if number == 1 && kind == protowire.BytesType {
			_, _, tag := protowire.ConsumeTag(wire)
			value, _ := protowire.ConsumeBytes(wire[tag:])
			url = string(value)
		}
		wire = wire[n:]
	}
	return url
}
