package envoy

import (
	"net/http"
	"strings"

	jwtv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/jwt_authn/v3"

	"github.com/amesh-render/amesh-render/model"
)

// jwt is the jwt_authn filter. The model cannot verify a token: a request with one that may be good is undecided, one
// without any or with one that is no token at all is not.
type jwt struct {
	msg   *jwtv3.JwtAuthentication
	rules [][]condition // of each rule's match
}

func newJWT(msg *jwtv3.JwtAuthentication) *jwt {
	f := &jwt{msg: msg}
	for _, rule := range msg.GetRules() {
		f.rules = append(f.rules, conditions(rule.GetMatch(), false))
	}
	return f
}

func (f *jwt) decode(s *stream, levels []any) *model.Outcome {
	if f.msg.GetBypassCorsPreflight() && s.preflight() {
		return nil
	}
	required, verdict := f.required(s.request)
	if len(levels) > 0 {
		level, ok := levels[0].(*jwtv3.PerRouteConfig)
		if !ok {
			return s.unsure("a route's configuration of jwt_authn is not modelled")
		}
		required, verdict = f.msg.GetRequirementMap()[level.GetRequirementName()], model.Yes
		if level.GetRequirementName() != "" && required == nil {
			return s.refuse(http.StatusForbidden, "Failed JWT authentication", "jwt_authn: no requirement of that name")
		}
	}
	if verdict == model.Unknown {
		return s.unsure("which rule of jwt_authn applies is not known")
	}
	if required == nil {
		return nil
	}
	t := f.tokens(required, s.request)
	s.remove(f.payloadHeaders(required)...)
	return f.judge(s, t)
}

// judge answers according to what became of the tokens.
func (f *jwt) judge(s *stream, t tokens) *model.Outcome {
	where := s.SchemeOrDefault() + "://" + s.authority + s.target[:min(256, len(s.target))]
	switch {
	case t.passes == model.Unknown:
		return s.unsure("whether a JWT is good is not known")
	case t.passes == model.Yes:
		return nil
	case t.broken:
		return s.refuse(http.StatusUnauthorized, "Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections",
			"jwt_authn: a broken token",
			model.Header{Name: "www-authenticate", Value: `Bearer realm="` + where + `", error="invalid_token"`})
	}
	return s.refuse(http.StatusUnauthorized, "Jwt is missing", "jwt_authn: no token",
		model.Header{Name: "www-authenticate", Value: `Bearer realm="` + where + `"`})
}

// required is what the first rule that matches requires: nil for nothing.
func (f *jwt) required(r *request) (*jwtv3.JwtRequirement, model.Verdict) {
	for i, rule := range f.msg.GetRules() {
		verdict := model.Yes
		for _, c := range f.rules[i] {
			verdict = verdict.And(c.holds(r))
		}
		switch {
		case verdict == model.Unknown:
			return nil, model.Unknown
		case verdict == model.Yes && rule.GetRequirementName() != "":
			return f.msg.GetRequirementMap()[rule.GetRequirementName()], model.Yes
		case verdict == model.Yes:
			return rule.GetRequires(), model.Yes
		}
	}
	if f.msg.GetFilterStateRules() != nil {
		return nil, model.Unknown
	}
	return nil, model.Yes
}

// tokens is how a request fares with a requirement.
type tokens struct {
	passes model.Verdict
	broken bool // it does not pass, because of what is no token
}

func (f *jwt) tokens(m *jwtv3.JwtRequirement, r *request) tokens {
	switch kind := m.GetRequiresType().(type) {
	case nil:
		return tokens{passes: model.Yes}
	case *jwtv3.JwtRequirement_RequiresAny:
		out := tokens{}
		for _, one := range kind.RequiresAny.GetRequirements() {
			t := f.tokens(one, r)
			out = tokens{out.passes.Or(t.passes), out.broken || t.broken}
		}
		return out
	case *jwtv3.JwtRequirement_RequiresAll:
		out := tokens{passes: model.Yes}
		for _, one := range kind.RequiresAll.GetRequirements() {
			t := f.tokens(one, r)
			out = tokens{out.passes.And(t.passes), out.broken || t.broken}
		}
		return out
	case *jwtv3.JwtRequirement_AllowMissing, *jwtv3.JwtRequirement_AllowMissingOrFailed:
		return f.allowMissing(m, r)
	}
	return mustVerify(r, f.providers(m))
}

// allowMissing takes a request without a token, whosever it might be; with one, it depends on the token, but for one that
// is no token where failures are allowed too.
func (f *jwt) allowMissing(m *jwtv3.JwtRequirement, r *request) tokens {
	t := mustVerify(r, f.providers(m))
	if t.passes == model.No && (!t.broken || m.GetAllowMissingOrFailed() != nil) {
		return tokens{passes: model.Yes}
	}
	return t
}

// mustVerify wants a good token of one of the providers.
func mustVerify(r *request, providers []*jwtv3.JwtProvider) tokens {
	out := tokens{}
	for _, p := range providers {
		for _, token := range extract(p, r) {
			if strings.Count(token, ".") == 2 {
				return tokens{passes: model.Unknown}
			}
			out.broken = true
		}
	}
	return out
}

// providers are those that a requirement names itself, or all where it takes any.
func (f *jwt) providers(m *jwtv3.JwtRequirement) []*jwtv3.JwtProvider {
	name := m.GetProviderName()
	if audiences := m.GetProviderAndAudiences(); audiences != nil {
		name = audiences.GetProviderName()
	}
	if name != "" {
		return []*jwtv3.JwtProvider{f.msg.GetProviders()[name]}
	}
	var out []*jwtv3.JwtProvider
	for _, p := range f.msg.GetProviders() {
		out = append(out, p)
	}
	return out
}

// extract is what stands where the provider's tokens do: by default after "Bearer " in Authorization, and in the
// parameter access_token.
func extract(p *jwtv3.JwtProvider, r *request) []string {
	headers, parameters := p.GetFromHeaders(), p.GetFromParams()
	if len(headers)+len(parameters)+len(p.GetFromCookies()) == 0 {
		headers = []*jwtv3.JwtHeader{{Name: "authorization", ValuePrefix: "Bearer "}}
		parameters = []string{"access_token"}
	}
	var out []string
	for _, h := range headers {
		for _, value := range r.Values(foldASCII(h.GetName())) {
			if _, token, found := strings.Cut(value, h.GetValuePrefix()); found {
				out = append(out, token)
			}
		}
	}
	for _, name := range parameters {
		if token, found := r.query(name); found {
			out = append(out, token)
		}
	}
	for _, name := range p.GetFromCookies() {
		if token, found := r.cookie(name); found {
			out = append(out, token)
		}
	}
	return out
}

// payloadHeaders are the headers that the providers of a requirement fill from tokens: what a client sends in them is
// removed.
func (f *jwt) payloadHeaders(m *jwtv3.JwtRequirement) []string {
	var out []string
	nested := append(m.GetRequiresAny().GetRequirements(), m.GetRequiresAll().GetRequirements()...)
	for _, one := range nested {
		out = append(out, f.payloadHeaders(one)...)
	}
	if len(nested) > 0 || m.GetRequiresType() == nil {
		return out
	}
	for _, p := range f.providers(m) {
		if p.GetForwardPayloadHeader() != "" {
			out = append(out, p.GetForwardPayloadHeader())
		}
		for _, claim := range p.GetClaimToHeaders() {
			out = append(out, claim.GetHeaderName())
		}
	}
	return out
}
