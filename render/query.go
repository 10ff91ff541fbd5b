package render

import (
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"

	"github.com/amesh-render/amesh-render/render/apisix"
)

var queryFields = tableOf(&routev3.QueryParameterMatcher{}, fields{
	"name":          decodedQuery,
	"string_match":  partly("the decoded value is compared; " + likeRE2),
	"present_match": rendered,
})

// query translates QueryParameterMatcher. Both proxies look at the first value of a parameter; APISIX at the decoded
// one. A parameter without "=" is the empty value to Envoy and the boolean true to APISIX.
func (r *renderer) query(q *routev3.QueryParameterMatcher, at *place) (apisix.Expr, bool) {
	if queryFields.lost(q, at, "match.query_parameters.", &r.findings) {
		return apisix.Expr{}, false
	}
	variable := "arg_" + q.GetName()
	if strings.Contains(variable, "${{") || strings.ContainsRune(variable, 0) {
		r.findings.dropped(at, "match.query_parameters.name", "APISIX cannot look for the parameter %q: it counts as missing", q.GetName())
		variable = absent
	}
	bare := apisix.Compare(variable, apisix.OpEqual, true)
	switch m := q.GetQueryParameterMatchSpecifier().(type) {
	case *routev3.QueryParameterMatcher_StringMatch:
		r.findings.approximate(at, "match.query_parameters", "APISIX compares the decoded value of a query parameter")
		value, ok := r.stringMatcher(variable, m.StringMatch, at, "match.query_parameters.string_match")
		if value.empty {
			return apisix.Or(bare, value.expr), ok
		}
		if value.expr.Op == apisix.OpEqual {
			return value.expr, ok
		}
		return apisix.And(apisix.Not(bare), value.expr), ok
	case *routev3.QueryParameterMatcher_PresentMatch:
		if !m.PresentMatch {
			return apisix.Not(apisix.Present(variable)), true
		}
	}
	return apisix.Present(variable), true
}
