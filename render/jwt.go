package render

import (
	"maps"
	"slices"
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	jwtv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/jwt_authn/v3"

	"github.com/amesh-render/amesh-render/render/apisix"
)

var jwtFields = tableOf(&jwtv3.JwtAuthentication{}, fields{
	"providers":              refused("APISIX cannot check tokens as Envoy does: requests that carry one are refused"),
	"rules":                  reported(Denied, "a rule for some requests is taken to apply to all"),
	"requirement_map":        rendered,
	"filter_state_rules":     refused("rules on filter state are not rendered: all requests are refused"),
	"bypass_cors_preflight":  rendered,
	"strip_failure_response": harmless("the answer to a refused request says less"),
	"stat_prefix":            harmless("names statistics"),
})

// jwt translates the JWT filter, Istio's RequestAuthentication. APISIX cannot check a token as the filter does (keys that
// stand in the configuration, issuers, audiences), so it refuses requests that carry one where Envoy would look for it.
// Without a token Envoy refuses or passes a request by the rules alone, and so do we. Claims that Envoy would copy to
// headers are removed from all requests, as Envoy does, so that no client can claim them.
func (r *renderer) jwt(f filterUse, inner []variant) []variant {
	g, ok := r.tokenGuard(f)
	if !ok {
		return r.unknownGuard(f, inner)
	}
	if !g.on {
		return inner
	}
	for i := range inner {
		for _, name := range g.payloadHeaders() {
			inner[i].removeFirst(name)
		}
	}
	return guard(inner, r.unauthorized(f, g), g.refusals()...)
}

// refusals are Envoy's answers to a request that carries a token, and to one that carries none.
func (g tokenGuard) refusals() []variant {
	bad := unauthorized("Jwt verification fails", `, error="invalid_token"`)
	bad.tag = "bad token"
	if !slices.ContainsFunc(g.requirements, func(q *jwtv3.JwtRequirement) bool { return q != nil && !optional(q) }) {
		return []variant{bad}
	}
	missing := unauthorized("Jwt is missing", "")
	missing.tag = "no token"
	carried := g.carried()
	if carried.fixed != depends {
		return []variant{bad}
	}
	bad.vars = []apisix.Expr{carried.expr}
	return []variant{bad, missing}
}

// unauthorized is an answer of the JWT filter.
func unauthorized(body, problem string) variant {
	v := answer(401, body)
	v.route.Plugins.FaultInjection.Abort.Headers = map[string]string{
		"www-authenticate": `Bearer realm="${scheme}://${http_host}${real_request_uri}"` + problem}
	return v
}

// A tokenGuard is the JWT filter as configured for a route.
type tokenGuard struct {
	config *jwtv3.JwtAuthentication
	on     bool // a route may turn it off
	// requirements are those that may apply to a request, the last of them to all that no other applies to.
	requirements []*jwtv3.JwtRequirement
	readable     bool // all requirements are known here
	partial      bool // some requirements apply to some requests only
}

// tokenGuard reads the filter's configuration. It is not ok when it cannot be read.
func (r *renderer) tokenGuard(f filterUse) (g tokenGuard, ok bool) {
	g = tokenGuard{config: &jwtv3.JwtAuthentication{}, on: true, readable: true}
	if f.config.UnmarshalTo(g.config) != nil {
		return g, false
	}
	if f.own == nil {
		g.applicable()
		return g, true
	}
	own := &jwtv3.PerRouteConfig{}
	if f.own.UnmarshalTo(own) != nil {
		return g, false
	}
	g.on = !own.GetDisabled()
	named, known := g.config.GetRequirementMap()[own.GetRequirementName()]
	g.requirements, g.readable = []*jwtv3.JwtRequirement{named}, known
	return g, true
}

// applicable finds the requirements of the rules, up to the first rule for all requests.
func (g *tokenGuard) applicable() {
	for _, rule := range g.config.GetRules() {
		requirement := rule.GetRequires()
		if name := rule.GetRequirementName(); name != "" {
			named, known := g.config.GetRequirementMap()[name]
			requirement, g.readable = named, g.readable && known
		}
		g.requirements = append(g.requirements, requirement)
		if forAllRequests(rule.GetMatch()) {
			return
		}
		g.partial = true
	}
}

// forAllRequests reports whether a match takes every request.
func forAllRequests(m *routev3.RouteMatch) bool {
	return m.GetPrefix() == "/" && len(m.GetHeaders()) == 0 && len(m.GetQueryParameters()) == 0 && m.GetGrpc() == nil &&
		m.GetRuntimeFraction() == nil && m.GetTlsContext() == nil && len(m.GetDynamicMetadata()) == 0 &&
		len(m.GetFilterState()) == 0 && len(m.GetCookies()) == 0
}

// unauthorized is the condition under which the filter may refuse a request.
func (r *renderer) unauthorized(f filterUse, g tokenGuard) formula {
	at, field := f.place()
	jwtFields.check(g.config, at, field+" ", &r.findings)
	if g.partial {
		r.findings.denied(at, field+" rules.match", "a rule for some requests is taken to apply to all")
	}
	if !g.readable || g.config.GetFilterStateRules() != nil {
		return yes
	}
	refuse := no
	for _, requirement := range g.requirements {
		switch {
		case requirement == nil: // nothing is required
		case !optional(requirement):
			refuse = yes
		case !lenient(requirement):
			refuse = anyOf(refuse, g.carried())
		}
	}
	if g.config.GetBypassCorsPreflight() {
		return allOf(refuse, preflight().not())
	}
	return refuse
}

// tokens is the condition under which a request may carry a token that the filter would check.
func (r *renderer) tokens(f filterUse) formula {
	g, ok := r.tokenGuard(f)
	if !ok || !g.readable {
		return yes
	}
	return g.carried()
}

// preflight holds for the requests by which browsers ask before a cross-origin request.
func preflight() formula {
	filled := func(header string) apisix.Expr { return apisix.Compare(header, apisix.OpRegex, ".") }
	return expression(apisix.And(apisix.Compare("request_method", apisix.OpEqual, "OPTIONS"),
		filled("http_origin"), filled("http_access_control_request_method")))
}

// optional reports whether a request without any token meets the requirement.
func optional(q *jwtv3.JwtRequirement) bool {
	switch t := q.GetRequiresType().(type) {
	case *jwtv3.JwtRequirement_AllowMissing, *jwtv3.JwtRequirement_AllowMissingOrFailed:
		return true
	case *jwtv3.JwtRequirement_RequiresAny:
		return slices.ContainsFunc(t.RequiresAny.GetRequirements(), optional)
	case *jwtv3.JwtRequirement_RequiresAll:
		return !slices.ContainsFunc(t.RequiresAll.GetRequirements(), func(q *jwtv3.JwtRequirement) bool { return !optional(q) })
	case nil:
		return true
	}
	return false
}

// lenient reports whether a request with a bad token meets the requirement too.
func lenient(q *jwtv3.JwtRequirement) bool {
	switch t := q.GetRequiresType().(type) {
	case *jwtv3.JwtRequirement_AllowMissingOrFailed:
		return true
	case *jwtv3.JwtRequirement_RequiresAny:
		return slices.ContainsFunc(t.RequiresAny.GetRequirements(), lenient)
	case nil:
		return true
	}
	return false
}

// carried is the condition under which a request carries something where a provider looks for a token.
func (g tokenGuard) carried() formula {
	out := no
	for _, name := range slices.Sorted(maps.Keys(g.config.GetProviders())) {
		out = anyOf(out, carriedFor(g.config.GetProviders()[name]))
	}
	return out
}

// carriedFor is the condition under which a request carries something where the provider looks for a token. Without any
// place configured that is "Authorization: Bearer …" and the query parameter access_token.
func carriedFor(p *jwtv3.JwtProvider) formula {
	var places []formula
	header := func(name, prefix string) {
		if isToken(name) { // else no request has it
			variable := "http_" + strings.ReplaceAll(strings.ToLower(name), "-", "_")
			x := apisix.Compare(variable, apisix.OpRegex, apisix.QuoteRegex(prefix))
			if prefix == "" {
				x = apisix.Present(variable)
			}
			places = append(places, expression(x))
		}
	}
	parameter := func(name string) {
		if strings.ContainsAny(name, "$\x00") { // a name that the file cannot hold as it is
			places = append(places, yes)
			return
		}
		places = append(places, expression(apisix.Present("arg_"+name)))
	}
	for _, h := range p.GetFromHeaders() {
		header(h.GetName(), h.GetValuePrefix())
	}
	for _, name := range p.GetFromParams() {
		parameter(name)
	}
	for _, name := range p.GetFromCookies() {
		places = append(places, expression(apisix.Compare("http_cookie", apisix.OpRegex, apisix.QuoteRegex(name))))
	}
	if len(places) == 0 {
		header("authorization", "Bearer ")
		parameter("access_token")
	}
	return anyOf(places...)
}

// payloadHeaders are the request headers that only Envoy may set, from what a token says.
func (g tokenGuard) payloadHeaders() []string {
	var names []string
	for _, p := range g.config.GetProviders() {
		if name := p.GetForwardPayloadHeader(); name != "" {
			names = append(names, strings.ToLower(name))
		}
		for _, claim := range p.GetClaimToHeaders() {
			names = append(names, strings.ToLower(claim.GetHeaderName()))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
