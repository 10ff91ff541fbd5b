package envoy

import (
	"testing"

	"github.com/amesh-render/amesh-render/model"
)

const full = `"allow_origin_string_match":[{"exact":"http://a.test"}],"allow_methods":"GET,PUT","allow_headers":"*",
	"expose_headers":"x-a","max_age":"60","allow_credentials":true`

func TestCORS(t *testing.T) {
	preflight := headers("access-control-request-method: PUT", "access-control-request-headers: x-b")
	const (
		admitted = "access-control-allow-credentials: true; access-control-allow-origin: http://a.test; access-control-expose-headers: x-a"
		granted  = "access-control-allow-credentials: true; access-control-allow-headers: x-b; access-control-allow-methods: GET,PUT; " +
			"access-control-allow-origin: http://a.test; access-control-expose-headers: x-a; access-control-max-age: 60"
	)
	for _, tc := range []struct {
		name, policy, method, origin string
		headers                      []model.Header
		want                         any
		response                     string
	}{
		{"allowed", full, "GET", "http://a.test", nil, "c", admitted},
		{"not allowed", full, "GET", "http://b.test", nil, "c", ""},
		{"no origin", full, "GET", "", nil, "c", ""},
		{"preflight", full, "OPTIONS", "http://a.test", preflight, 200, granted},
		{"OPTIONS without the method asked for", full, "OPTIONS", "http://a.test", nil, "c", admitted},
		{"no preflight by its method", full, "GET", "http://a.test", preflight, "c", admitted},
		{"preflight of another", full, "OPTIONS", "http://b.test", preflight, "c", ""},
		{"preflight of another, not forwarded", full + `,"forward_not_matching_preflights":false`, "OPTIONS", "http://b.test",
			preflight, 200, "access-control-allow-credentials: true; access-control-allow-headers: x-b; " +
				"access-control-allow-methods: GET,PUT; access-control-max-age: 60"},
		{"any origin", `"allow_origin_string_match":[{"safe_regex":{"regex":".*"}}]`, "GET", "null", nil, "c",
			"access-control-allow-origin: null"},
		{"a star allows all", `"allow_origin_string_match":[{"exact":"*"}]`, "GET", "http://b", nil, "c",
			"access-control-allow-origin: http://b"},
		{"disabled", full + `,"filter_enabled":{"default_value":{"numerator":0}}`, "OPTIONS", "http://a.test", preflight, "c", ""},
		{"private network", `"allow_origin_string_match":[{"prefix":"h"}],"allow_private_network_access":true`, "OPTIONS", "h",
			append(headers("access-control-request-private-network: true"), preflight...), 200,
			"access-control-allow-origin: h; access-control-allow-private-network: true"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			route := managed(t, "", []string{"cors|cors.v3.Cors|"}, hosts(`"typed_per_filter_config":{"cors":{`+filterTypes+
				`cors.v3.CorsPolicy",`+tc.policy+`}},`, toC))
			r := arriving("h", "/", tc.headers...)
			r.Method = tc.method
			if tc.origin != "" {
				r.Headers = append(r.Headers, headers("origin: "+tc.origin)...)
			}
			got := route(r)
			if result(got) != tc.want || shown(got.ResponseHeaders) != tc.response {
				t.Errorf("got %v with %q, want %v with %q", got, shown(got.ResponseHeaders), tc.want, tc.response)
			}
		})
	}
}

// TestCORSPoliciesOfLevels: each setting is that of the most specific policy which has it.
func TestCORSPoliciesOfLevels(t *testing.T) {
	perRoute := func(policy string) string {
		return `"typed_per_filter_config":{"cors":{` + filterTypes + `cors.v3.CorsPolicy",` + policy + `}}`
	}
	for _, tc := range []struct{ name, host, route, action, want string }{
		{"virtual host fills in", perRoute(full), perRoute(`"expose_headers":"x-r","allow_credentials":false`), ``,
			"access-control-allow-origin: http://a.test; access-control-expose-headers: x-r"},
		{"deprecated field", ``, ``, `"cors":{"allow_origin_string_match":[{"exact":"http://a.test"}]}`,
			"access-control-allow-origin: http://a.test"},
		{"it does not count beside the new one", perRoute(`"expose_headers":"x-r"`), ``,
			`"cors":{"allow_origin_string_match":[{"exact":"http://a.test"}]}`, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			host := tc.host
			if host != "" {
				host += ","
			}
			route := managed(t, "", []string{"cors|cors.v3.Cors|"}, hosts(host, `{"match":{"prefix":"/"}`+optional(tc.route)+
				`,"route":{"cluster":"c"`+optional(tc.action)+`}}`))
			got := route(arriving("h", "/", headers("origin: http://a.test")...))
			if shown(got.ResponseHeaders) != tc.want {
				t.Errorf("got %q of %v, want %q", shown(got.ResponseHeaders), got, tc.want)
			}
		})
	}
}

// TestCORSLooksAtForwardedRequestsOnly, and at what the filters before it have let pass.
func TestCORSLooksAtForwardedRequestsOnly(t *testing.T) {
	policy := `"typed_per_filter_config":{"cors":{` + filterTypes + `cors.v3.CorsPolicy",` + full + `}},`
	for _, tc := range []struct {
		name    string
		filters []string
		route   string
		want    string
	}{
		{"direct response", []string{"cors|cors.v3.Cors|"}, `{"match":{"prefix":"/"},"direct_response":{"status":200}}`, ""},
		{"refused before", []string{rules("DENY", anyone, anyone), "cors|cors.v3.Cors|"}, toC, ""},
		{"refused after", []string{"cors|cors.v3.Cors|", rules("DENY", anyone, anyone)}, toC,
			"access-control-allow-credentials: true; access-control-allow-origin: http://a.test; access-control-expose-headers: x-a"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			route := managed(t, "", tc.filters, hosts(policy, tc.route))
			got := route(arriving("h", "/", headers("origin: http://a.test")...))
			if shown(got.ResponseHeaders) != tc.want {
				t.Errorf("got %q of %v, want %q", shown(got.ResponseHeaders), got, tc.want)
			}
		})
	}
}
