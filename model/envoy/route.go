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
	label, name string
	conditions  []condition
	act         action
	operations  operations
	configs     filterConfigs
	forwards    bool        // it has a RouteAction
	cors        corsPolicy  // of the RouteAction's deprecated field, or nil
	cluster     string      // of the RouteAction, if it names one
	weighted    *clusterSet // of the RouteAction, or nil
}

func newRoute(label string, msg *routev3.Route, ignoreParameters bool) *route {
	return &route{
		label: label, name: msg.GetName(), conditions: conditions(msg.GetMatch(), ignoreParameters),
		configs:    newFilterConfigs(msg.GetTypedPerFilterConfig()),
		operations: newOperations(label, msg),
		forwards:   msg.GetRoute() != nil,
		cluster:    msg.GetRoute().GetCluster(),
		weighted:   newClusterSet(label, msg.GetRoute().GetWeightedClusters()),
		act:        newAction(msg),
		cors:       deprecatedCORS(msg.GetRoute()),
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

// fraction is a runtime fraction at its default value: what a runtime override would say is not known here.
func fraction(f *typev3.FractionalPercent) condition {
	words := fmt.Sprintf("runtime_fraction %d/%s", f.GetNumerator(), f.GetDenominator())
	return condition{words, func(r *request) model.Verdict { return model.Holds(hits(f, r.Random)) }}
}

// hits says whether a random number falls into the share of a percentage.
func hits(p *typev3.FractionalPercent, random uint64) bool {
	return random%denominator(p) < uint64(p.GetNumerator())
}

func denominator(p *typev3.FractionalPercent) uint64 {
	switch p.GetDenominator() {
	case typev3.FractionalPercent_TEN_THOUSAND:
		return 10_000
	case typev3.FractionalPercent_MILLION:
		return 1_000_000
	}
	return 100
}

func tlsCondition(m *routev3.RouteMatch_TlsContextMatchOptions) condition {
	return condition{"tls_context", func(r *request) model.Verdict {
		certificate := r.TLS != nil && r.TLS.Certificate
		presented := m.GetPresented() == nil || m.GetPresented().GetValue() == certificate
		validated := m.GetValidated() == nil || m.GetValidated().GetValue() == certificate
		return model.Holds(presented && validated)
	}}
}
