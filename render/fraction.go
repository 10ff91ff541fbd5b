package render

import (
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// A share is a part of all requests.
type share struct{ numerator, denominator uint64 }

// shareOf reads FractionalPercent; nil is none, as in Envoy.
func shareOf(p *typev3.FractionalPercent) share {
	s := share{uint64(p.GetNumerator()), 100}
	switch p.GetDenominator() {
	case typev3.FractionalPercent_TEN_THOUSAND:
		s.denominator = 10_000
	case typev3.FractionalPercent_MILLION:
		s.denominator = 1_000_000
	}
	return s
}

// runtimeShare reads RuntimeFractionalPercent at its default; no runtime value replaces it. Nil is fallback.
func runtimeShare(p *corev3.RuntimeFractionalPercent, fallback share) share {
	if p == nil {
		return fallback
	}
	return shareOf(p.GetDefaultValue())
}

var allRequests, noRequests = share{1, 1}, share{0, 1}

func (s share) none() bool { return s.numerator == 0 }
func (s share) all() bool  { return s.numerator >= s.denominator }

// of is the share s of the share t, drawn independently.
func (s share) of(t share) share {
	return share{min(s.numerator, s.denominator) * min(t.numerator, t.denominator), s.denominator * t.denominator}
}

// vars are the conditions that hold for the share, which must not be none: nothing for all requests.
func (s share) vars(d draw) []apisix.Expr {
	if s.all() {
		return nil
	}
	return []apisix.Expr{d.below(s.numerator, s.denominator)}
}
