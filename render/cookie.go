package render

import (
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"

	"github.com/amesh-render/amesh-render/render/apisix"
)

var cookieFields = tableOf(&routev3.CookieMatcher{}, fields{
	"name":         partly("of several cookies of one name the last is compared, in Envoy the first"),
	"string_match": partly("Envoy leaves out quotes around a value; " + likeRE2),
	"invert_match": rendered,
})

// cookie translates CookieMatcher. A cookie that is missing does not match; inverted, it does, unlike a header.
func (r *renderer) cookie(c *routev3.CookieMatcher, at *place) (apisix.Expr, bool) {
	const field = "match.cookies"
	if cookieFields.lost(c, at, field+".", &r.findings) {
		return apisix.Expr{}, false
	}
	variable := "cookie_" + c.GetName()
	if strings.Contains(variable, "${{") || strings.ContainsRune(variable, 0) {
		r.findings.dropped(at, field+".name", "APISIX cannot look for the cookie %q: it counts as missing", c.GetName())
		variable = absent
	}
	r.findings.approximate(at, field,
		"of several cookies of one name APISIX looks at the last, Envoy at the first; and Envoy leaves out quotes around a value")
	value, ok := r.stringMatcher(variable, c.GetStringMatch(), at, field+".string_match")
	if c.GetInvertMatch() {
		value.expr = apisix.Not(value.expr)
	}
	return value.expr, ok
}
