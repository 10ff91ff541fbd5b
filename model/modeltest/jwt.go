package modeltest

import (
	"math/rand/v2"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	jwtv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/jwt_authn/v3"
)

// jwt draws a filter that looks for tokens in usual places and in others.
func jwt(rng *rand.Rand) *jwtv3.JwtAuthentication {
	p := &jwtv3.JwtProvider{Issuer: "i", JwksSourceSpecifier: &jwtv3.JwtProvider_LocalJwks{LocalJwks: &corev3.DataSource{
		Specifier: &corev3.DataSource_InlineString{InlineString: `{"keys":[]}`},
	}}}
	if oneIn(rng, 2) {
		p.FromHeaders = []*jwtv3.JwtHeader{{Name: "x-token", ValuePrefix: pick(rng, "", "Token ")}}
		p.FromParams = []string{"q"}
		p.FromCookies = []string{"c"}
		p.ForwardPayloadHeader = "x-payload"
	}
	provider := &jwtv3.JwtRequirement{RequiresType: &jwtv3.JwtRequirement_ProviderName{ProviderName: "p"}}
	requirement := provider
	lenient := &jwtv3.JwtRequirement{RequiresType: &jwtv3.JwtRequirement_AllowMissing{}}
	if oneIn(rng, 4) {
		lenient = &jwtv3.JwtRequirement{RequiresType: &jwtv3.JwtRequirement_AllowMissingOrFailed{}}
	}
	if !oneIn(rng, 5) {
		requirement = &jwtv3.JwtRequirement{RequiresType: &jwtv3.JwtRequirement_RequiresAny{
			RequiresAny: &jwtv3.JwtRequirementOrList{Requirements: []*jwtv3.JwtRequirement{provider, lenient}},
		}}
	}
	out := &jwtv3.JwtAuthentication{
		Providers: map[string]*jwtv3.JwtProvider{"p": p}, BypassCorsPreflight: oneIn(rng, 2),
		RequirementMap: map[string]*jwtv3.JwtRequirement{"strict": provider, "lenient": lenient, "open": {}},
	}
	if oneIn(rng, 4) { // some paths are open, others name what they require
		out.Rules = append(out.Rules,
			&jwtv3.RequirementRule{Match: prefixed(path(rng))},
			&jwtv3.RequirementRule{Match: prefixed(path(rng)), RequirementType: &jwtv3.RequirementRule_RequirementName{
				RequirementName: pick(rng, "strict", "lenient"),
			}})
	}
	if !oneIn(rng, 6) {
		out.Rules = append(out.Rules, &jwtv3.RequirementRule{
			Match: prefixed("/"), RequirementType: &jwtv3.RequirementRule_Requires{Requires: requirement},
		})
	}
	return out
}

func prefixed(path string) *routev3.RouteMatch {
	return &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Prefix{Prefix: path}}
}

// jwtPerRoute draws what a route requires instead.
func jwtPerRoute(rng *rand.Rand) *jwtv3.PerRouteConfig {
	if oneIn(rng, 3) {
		return &jwtv3.PerRouteConfig{RequirementSpecifier: &jwtv3.PerRouteConfig_Disabled{Disabled: true}}
	}
	return &jwtv3.PerRouteConfig{RequirementSpecifier: &jwtv3.PerRouteConfig_RequirementName{
		RequirementName: pick(rng, "strict", "lenient", "open", "unknown"),
	}}
}
