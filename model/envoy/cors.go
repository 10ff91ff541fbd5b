//lint:file-ignore SA1019 Configurations may still have the deprecated fields.

package envoy

import (
	"net/http"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/amesh-render/amesh-render/model"
)

// corsPolicy is a CORS policy, of a filter's configuration or of the deprecated fields of routes and virtual hosts.
type corsPolicy interface {
	GetAllowOriginStringMatch() []*matcherv3.StringMatcher
	GetAllowMethods() string
	GetAllowHeaders() string
	GetExposeHeaders() string
	GetMaxAge() string
	GetAllowCredentials() *wrapperspb.BoolValue
	GetAllowPrivateNetworkAccess() *wrapperspb.BoolValue
	GetForwardNotMatchingPreflights() *wrapperspb.BoolValue
	GetFilterEnabled() *corev3.RuntimeFractionalPercent
}

// deprecatedCORS is the policy of a field cors, or nil.
func deprecatedCORS(msg interface{ GetCors() *routev3.CorsPolicy }) corsPolicy {
	if p := msg.GetCors(); p != nil {
		return p
	}
	return nil
}

// corsFilter is the CORS filter. It has no settings but those of routes and their levels, and looks only at requests
// that are forwarded.
type corsFilter struct{}

// policies are those of the levels, most specific first; each setting is that of the first which has it.
type policies []corsPolicy

func (s *stream) corsPolicies(levels []any) policies {
	var out policies
	for _, level := range levels {
		if p, ok := level.(corsPolicy); ok {
			out = append(out, p)
		}
	}
	if len(out) > 0 {
		return out
	}
	for _, p := range []corsPolicy{s.route.cors, s.host.cors} {
		if p != nil {
			out = append(out, p)
		}
	}
	return out
}

func (corsFilter) decode(s *stream, levels []any) *model.Outcome {
	if s.route == nil || !s.route.forwards {
		return nil
	}
	p := s.corsPolicies(levels)
	origin, _ := s.header("origin")
	if origin == "" || len(p) == 0 || p[0].GetFilterEnabled() != nil &&
		!hits(p[0].GetFilterEnabled().GetDefaultValue(), s.Random) {
		return nil
	}
	allowed := p.allows(origin)
	if allowed == model.Unknown {
		return s.unsure("a CORS origin is not modelled")
	}
	if allowed == model.Yes {
		s.encode = append(s.encode, func(headers []model.Header) []model.Header { return p.admit(headers, origin) })
	}
	if !s.preflight() || allowed == model.No && p.forwards() {
		return nil
	}
	return &model.Outcome{
		Kind: model.Answered, Status: http.StatusOK, Reason: corsAnswer, ResponseHeaders: p.grant(s.request),
	}
}

const corsAnswer = "CORS preflight"

// preflight says whether the request is one that a browser sends before another.
func (s *stream) preflight() bool {
	origin, _ := s.header("origin")
	method, _ := s.header("access-control-request-method")
	return s.MethodOrDefault() == http.MethodOptions && origin != "" && method != ""
}

// allows says whether the origin may. A pattern that matches "*" allows every origin.
func (p policies) allows(origin string) model.Verdict {
	v := model.No
	for _, policy := range p {
		for _, m := range policy.GetAllowOriginStringMatch() {
			pattern := newText(m)
			v = v.Or(pattern.holds("*")).Or(pattern.holds(origin))
		}
		if len(policy.GetAllowOriginStringMatch()) > 0 {
			break
		}
	}
	return v
}

// forwards says whether preflights of other origins go to the upstream, which they do unless a policy says otherwise.
func (p policies) forwards() bool {
	set := p.flag(corsPolicy.GetForwardNotMatchingPreflights)
	return set == nil || set.GetValue()
}

func (p policies) text(get func(corsPolicy) string) string {
	for _, policy := range p {
		if s := get(policy); s != "" {
			return s
		}
	}
	return ""
}

func (p policies) flag(get func(corsPolicy) *wrapperspb.BoolValue) *wrapperspb.BoolValue {
	for _, policy := range p {
		if b := get(policy); b != nil {
			return b
		}
	}
	return nil
}

// admit sets what every response to an allowed origin has.
func (p policies) admit(headers []model.Header, origin string) []model.Header {
	headers = set(headers, "access-control-allow-origin", origin)
	if p.flag(corsPolicy.GetAllowCredentials).GetValue() {
		headers = set(headers, "access-control-allow-credentials", "true")
	}
	if expose := p.text(corsPolicy.GetExposeHeaders); expose != "" {
		headers = set(headers, "access-control-expose-headers", expose)
	}
	return headers
}

// grant is the headers of the answer to a preflight, but for those that all responses to an allowed origin have. "*"
// stands for what the browser asks for.
func (p policies) grant(r *request) []model.Header {
	var out []model.Header
	add := func(name, value string) {
		if value != "" {
			out = append(out, model.Header{Name: name, Value: value})
		}
	}
	asked := func(value, name string) string {
		if value == "*" {
			value, _ = r.header(name)
		}
		return value
	}
	if p.flag(corsPolicy.GetAllowCredentials).GetValue() {
		add("access-control-allow-credentials", "true")
	}
	add("access-control-allow-methods", asked(p.text(corsPolicy.GetAllowMethods), "access-control-request-method"))
	add("access-control-allow-headers", asked(p.text(corsPolicy.GetAllowHeaders), "access-control-request-headers"))
	add("access-control-max-age", p.text(corsPolicy.GetMaxAge))
	private, _ := r.header("access-control-request-private-network")
	if private == "true" && p.flag(corsPolicy.GetAllowPrivateNetworkAccess).GetValue() {
		add("access-control-allow-private-network", "true")
	}
	return out
}
