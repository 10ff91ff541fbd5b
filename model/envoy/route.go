package envoy

import (
	"fmt"
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"

	"github.com/amesh-render/amesh-render/model"
)

// condition is one part of a route's match.
type condition struct {
	words string
	holds func(*request) model.Verdict
}

// route is a route, as the conditions that must all hold and what it then does.
type route struct {
	label, name, virtualHost string
	conditions               []condition
	act                      action
}

func newRoute(label, virtualHost string, msg *routev3.Route, ignoreParameters bool) *route {
	return &route{
		label: label, name: msg.GetName(), virtualHost: virtualHost,
		conditions: conditions(msg.GetMatch(), ignoreParameters),
		act:        newAction(msg),
	}
}

// matches is Yes if every condition holds; else why names the condition that does not, or that nobody knows. One that
// does not hold decides, whatever else is unknown.
func (r *route) matches(q *request) (verdict model.Verdict, why string) {
	verdict = model.Yes
	for _, c := range r.conditions {
		switch c.holds(q) {
		case model.No:
			return model.No, c.words
		case model.Unknown:
			verdict, why = model.Unknown, c.words
		}
	}
	return verdict, why
}

func (r *route) outcome(q *request) model.Outcome {
	o := r.act(q)
	o.Route, o.Name, o.VirtualHost = r.label, r.name, r.virtualHost
	return o
}

// conditions are those of a match, the path's first.
func conditions(m *routev3.RouteMatch, ignoreParameters bool) []condition {
	out := []condition{pathCondition(m, ignoreParameters)}
	for _, h := range m.GetHeaders() {
		out = append(out, headerCondition(h))
	}
	for _, q := range m.GetQueryParameters() {
		out = append(out, queryCondition(q))
	}
	for _, c := range m.GetCookies() {
		out = append(out, cookieCondition(c))
	}
	if m.GetGrpc() != nil {
		out = append(out, condition{"grpc", isGRPC})
	}
	if f := m.GetRuntimeFraction(); f != nil {
		out = append(out, fraction(f.GetDefaultValue()))
	}
	if tls := m.GetTlsContext(); tls != nil {
		out = append(out, tlsCondition(tls))
	}
	if len(m.GetDynamicMetadata()) > 0 {
		out = append(out, unknown("dynamic_metadata is not modelled"))
	}
	if len(m.GetFilterState()) > 0 {
		out = append(out, unknown("filter_state is not modelled"))
	}
	return out
}

func unknown(words string) condition {
	return condition{words, func(*request) model.Verdict { return model.Unknown }}
}

// pathCondition is the match's path specifier. All but connect_matcher look at the path without its query.
func pathCondition(m *routev3.RouteMatch, ignoreParameters bool) condition {
	fold := m.GetCaseSensitive() != nil && !m.GetCaseSensitive().GetValue()
	var path text
	switch specifier := m.GetPathSpecifier().(type) {
	case *routev3.RouteMatch_Prefix:
		path = comparison("prefix", specifier.Prefix, fold, strings.HasPrefix)
	case *routev3.RouteMatch_Path:
		path = comparison("path", specifier.Path, fold, equal)
	case *routev3.RouteMatch_PathSeparatedPrefix:
		path = comparison("path_separated_prefix", specifier.PathSeparatedPrefix, fold, hasSegments)
	case *routev3.RouteMatch_SafeRegex:
		path = fullMatch(specifier.SafeRegex.GetRegex())
	case *routev3.RouteMatch_PathMatchPolicy:
		path, ignoreParameters = template(specifier.PathMatchPolicy), false
	case *routev3.RouteMatch_ConnectMatcher_:
		return condition{"connect_matcher", func(r *request) model.Verdict {
			return model.Holds(r.MethodOrDefault() == "CONNECT")
		}}
	default:
		return unknown("a match without a path specifier, which Envoy refuses")
	}
	return condition{"path is not " + path.words, func(r *request) model.Verdict {
		if r.target == "" { // a CONNECT request, which only connect_matcher takes
			return model.No
		}
		if ignoreParameters {
			before, _, _ := strings.Cut(r.target, ";")
			return path.holds(withoutQuery(before))
		}
		return path.holds(r.path)
	}}
}

// hasSegments says whether path is prefix or continues it with a slash.
func hasSegments(path, prefix string) bool {
	rest, found := strings.CutPrefix(path, prefix)
	return found && (rest == "" || rest[0] == '/')
}

// isGRPC is Envoy's reading of a content type: application/grpc itself, or with "+".
func isGRPC(r *request) model.Verdict {
	contentType, _ := r.header("content-type")
	rest, found := strings.CutPrefix(contentType, "application/grpc")
	return model.Holds(found && (rest == "" || rest[0] == '+'))
}

// fraction is a runtime fraction at its default value: what a runtime override would say is not known here.
func fraction(f *typev3.FractionalPercent) condition {
	denominators := map[typev3.FractionalPercent_DenominatorType]uint64{
		typev3.FractionalPercent_HUNDRED:      100,
		typev3.FractionalPercent_TEN_THOUSAND: 10_000,
		typev3.FractionalPercent_MILLION:      1_000_000,
	}
	denominator, known := denominators[f.GetDenominator()]
	if !known {
		return unknown("runtime_fraction: a denominator that is not modelled")
	}
	words := fmt.Sprintf("runtime_fraction %d/%d", f.GetNumerator(), denominator)
	return condition{words, func(r *request) model.Verdict {
		return model.Holds(r.Random%denominator < uint64(f.GetNumerator()))
	}}
}

func tlsCondition(m *routev3.RouteMatch_TlsContextMatchOptions) condition {
	return condition{"tls_context", func(r *request) model.Verdict {
		certificate := r.TLS != nil && r.TLS.Certificate
		presented := m.GetPresented() == nil || m.GetPresented().GetValue() == certificate
		validated := m.GetValidated() == nil || m.GetValidated().GetValue() == certificate
		return model.Holds(presented && validated)
	}}
}
