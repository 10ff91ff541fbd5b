package render

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	corsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/cors/v3"

	"github.com/amesh-render/amesh-render/render/apisix"
)

var corsFields = tableOf(&corsv3.CorsPolicy{}, fields{
	"allow_origin_string_match":       partly("APISIX takes expressions up to 4096 bytes; " + likeRE2),
	"allow_methods":                   partly(`beside credentials, "*" stands for nine methods`),
	"allow_headers":                   rendered,
	"expose_headers":                  partly(`"*" beside credentials is left out`),
	"max_age":                         partly("a time that is no whole number is 5 seconds, as in browsers"),
	"allow_credentials":               rendered,
	"filter_enabled":                  rendered,
	"shadow_enabled":                  harmless("for statistics"),
	"allow_private_network_access":    reported(Dropped, "preflights are not told that requests from public networks are allowed"),
	"forward_not_matching_preflights": rendered,
})

// cors translates the filter for cross-origin sharing. Envoy answers a preflight (OPTIONS with Origin and
// Access-Control-Request-Method, both not empty) by itself, and adds headers to the answers to other requests whose
// origin is allowed; it passes over redirects and direct responses. APISIX's plugin answers every OPTIONS, so a filter
// keeps it to what Envoy would have answered. The origin is always compared by expressions, for which APISIX echoes it as
// Envoy does, and whatever APISIX would allow by default is written out.
func (r *renderer) cors(f filterUse, inner []variant) []variant {
	policy := r.corsPolicy(f)
	part := runtimeShare(policy.GetFilterEnabled(), allRequests)
	if policy == nil || part.none() {
		return inner
	}
	at, field := f.place()
	prefix := field + " "
	plugin := r.corsPlugin(policy, at, prefix)
	if policy.GetAllowPrivateNetworkAccess().GetValue() {
		r.findings.dropped(at, prefix+"allow_private_network_access", "preflights are not told that requests from public networks are allowed")
	}
	forward := policy.GetForwardNotMatchingPreflights()
	plugin.Meta = &apisix.Meta{Filter: slices.Concat(
		part.vars(drawFilter),
		corsOrigins(plugin.AllowOriginsByRegex, forward == nil || forward.GetValue()),
		[]apisix.Expr{apisix.Or(
			apisix.Compare("request_method", apisix.OpNotEqual, "OPTIONS"),
			apisix.Compare("http_access_control_request_method", apisix.OpRegex, "."))},
	)}
	return r.withCors(plugin, inner, at, field)
}

// withCors gives the plugin to the variants that forward requests.
func (r *renderer) withCors(plugin *apisix.Cors, inner []variant, at *place, field string) []variant {
	forwards, answers := false, false
	for i, v := range inner {
		if !v.forwards {
			answers = true
			continue
		}
		forwards = true
		inner[i].route.Plugins = copyOf(v.route.Plugins)
		inner[i].route.Plugins.Cors = plugin
	}
	if !forwards {
		return inner
	}
	r.findings.approximate(at, field,
		"OPTIONS requests that are no preflights get no Access-Control headers; other answers carry those of preflights too, and Vary: Origin")
	if answers {
		r.findings.approximate(at, field, "answers that need no upstream carry no Access-Control headers, and go before answers to preflights")
	}
	return inner
}

// corsPolicy is the policy for a route: Envoy takes each field from the most specific policy that has it, and whether the
// policy is enabled from the most specific of all. Nil when there is no policy.
func (r *renderer) corsPolicy(f filterUse) *corsv3.CorsPolicy {
	var out *corsv3.CorsPolicy
	for _, level := range f.levels {
		config := level.configs[f.name]
		if config == nil {
			continue
		}
		if own := (&routev3.FilterConfig{}); config.MessageIs(own) && config.UnmarshalTo(own) == nil {
			config = own.GetConfig()
		}
		if config == nil {
			continue
		}
		p := &corsv3.CorsPolicy{}
		field := "typed_per_filter_config[" + f.name + "]"
		if config.UnmarshalTo(p) != nil {
			r.findings.dropped(level.at, field, unreadable)
			continue
		}
		corsFields.check(p, level.at, field+" ", &r.findings)
		if out == nil {
			out = p
			continue
		}
		out.AllowMethods = cmp.Or(out.AllowMethods, p.AllowMethods)
		out.AllowHeaders = cmp.Or(out.AllowHeaders, p.AllowHeaders)
		out.ExposeHeaders = cmp.Or(out.ExposeHeaders, p.ExposeHeaders)
		out.MaxAge = cmp.Or(out.MaxAge, p.MaxAge)
		out.AllowCredentials = cmp.Or(out.AllowCredentials, p.AllowCredentials)
		out.AllowPrivateNetworkAccess = cmp.Or(out.AllowPrivateNetworkAccess, p.AllowPrivateNetworkAccess)
		out.ForwardNotMatchingPreflights = cmp.Or(out.ForwardNotMatchingPreflights, p.ForwardNotMatchingPreflights)
		if len(out.AllowOriginStringMatch) == 0 {
			out.AllowOriginStringMatch = p.AllowOriginStringMatch
		}
	}
	return out
}

// corsPlugin is the plugin without its filter.
func (r *renderer) corsPlugin(p *corsv3.CorsPolicy, at *place, prefix string) *apisix.Cors {
	credentials := p.GetAllowCredentials().GetValue()
	text := func(field, value string) string { return r.corsText(value, at, prefix+field) }
	plugin := &apisix.Cors{
		AllowOrigins:        "null", // not looked at beside the expressions; the default is "*"
		AllowOriginsByRegex: r.origins(p.GetAllowOriginStringMatch(), at, prefix+"allow_origin_string_match"),
		AllowMethods:        text("allow_methods", p.GetAllowMethods()),
		AllowHeaders:        text("allow_headers", p.GetAllowHeaders()),
		ExposeHeaders:       text("expose_headers", p.GetExposeHeaders()),
		MaxAge:              r.corsAge(p.GetMaxAge(), at, prefix+"max_age"),
		AllowCredential:     credentials,
	}
	if plugin.AllowHeaders == "*" { // Envoy answers with the headers that the browser asks for
		plugin.AllowHeaders = "**"
	}
	if plugin.AllowMethods == "*" && credentials { // likewise; without credentials "*" says the same
		plugin.AllowMethods = "**"
		r.findings.approximate(at, prefix+"allow_methods",
			`beside credentials, "*" stands for GET, POST, PUT, DELETE, PATCH, HEAD, OPTIONS, CONNECT and TRACE`)
	}
	if plugin.ExposeHeaders == "*" && credentials {
		plugin.ExposeHeaders = ""
		r.findings.approximate(at, prefix+"expose_headers",
			`APISIX does not answer "*" beside credentials: no headers are exposed, not to requests without credentials either`)
	}
	return plugin
}

// corsText is a value for a header of the answer.
func (r *renderer) corsText(value string, at *place, field string) string {
	if unusual(value) || value == "**" {
		r.findings.dropped(at, field, "%q is not a list of names; it is left out", value)
		return ""
	}
	return value
}

// unusual reports whether APISIX would not take a plugin's string as it is, where it interpolates nothing: it looks up what
// begins with "$env://" or "$secret://", and substitutes "${{".
func unusual(text string) bool {
	return strings.HasPrefix(text, "$") || strings.Contains(text, "${{") || strings.ContainsRune(text, 0)
}

// corsAge is how long a browser may keep the answer to a preflight. Without it browsers take 5 seconds, which is what
// APISIX says then.
func (r *renderer) corsAge(text string, at *place, field string) *int {
	age := 5
	if text == "" {
		return &age
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		r.findings.approximate(at, field, "%q is not a number of seconds: the answer to a preflight may be kept for %d", text, age)
		return &age
	}
	age = int(n)
	return &age
}
