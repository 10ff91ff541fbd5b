package envoy

import (
	"testing"

	"github.com/amesh-render/amesh-render/model"
)

func TestJWT(t *testing.T) {
	filter := func(requires string) string {
		return `jwt|jwt_authn.v3.JwtAuthentication|,"providers":{
			"p":{"issuer":"i","forward_payload_header":"x-payload","claim_to_headers":[{"header_name":"X-Claim","claim_name":"c"}]},
			"q":{"issuer":"j","from_headers":[{"name":"x-token"}]}},
			"requirement_map":{"named":{"provider_name":"p"}},
			"rules":[{"match":{"path":"/open"}},{"match":{"prefix":"/named"},"requirement_name":"named"},
				{"match":{"prefix":"/"},"requires":{` + requires + `}}]`
	}
	const either = `"requires_any":{"requirements":[{"provider_name":"p"},{"provider_name":"q"}]}`
	const optionally = `"requires_any":{"requirements":[{"provider_name":"p"},{"allow_missing":{}}]}`
	bearer := headers("authorization: Bearer a.b.c")
	broken := headers("authorization: Bearer abc")
	for _, tc := range []struct {
		name, requires, target string
		headers                []model.Header
		want                   any
	}{
		{"missing", `"provider_name":"p"`, "/", nil, 401},
		{"missing, with audiences", `"provider_and_audiences":{"provider_name":"p","audiences":["a"]}`, "/", nil, 401},
		{"missing, of any", either, "/", nil, 401},
		{"may be missing", `"allow_missing":{}`, "/", nil, "c"},
		{"may be missing, as istiod says it", optionally, "/", nil, "c"},
		{"may be missing or failed", `"allow_missing_or_failed":{}`, "/", nil, "c"},
		{"all", `"requires_all":{"requirements":[{"allow_missing":{}},{"provider_name":"q"}]}`, "/", nil, 401},
		{"no rule", ``, "/open", bearer, "c"},
		{"named", ``, "/named", nil, 401},
		{"nothing required", ``, "/", bearer, "c"},
		{"a token", `"provider_name":"p"`, "/", bearer, "undecided"},
		{"a token where it may be missing", optionally, "/", bearer, "undecided"},
		{"a token in the query", `"provider_name":"p"`, "/?access_token=a.b.c", nil, "undecided"},
		{"a token of another provider", `"provider_name":"q"`, "/", bearer, 401},
		{"a token in a header of its own", either, "/", headers("x-token: a.b.c"), "undecided"},
		{"other credentials", `"provider_name":"p"`, "/", headers("authorization: Basic abc"), 401},
		{"broken", `"provider_name":"p"`, "/", broken, 401},
		{"broken where it may be missing", optionally, "/", broken, 401},
		{"broken where it may fail", `"allow_missing_or_failed":{}`, "/", broken, "c"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			route := managed(t, "", []string{filter(tc.requires)}, hosts("", toC))
			if got := route(arriving("h", tc.target, tc.headers...)); result(got) != tc.want {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
	route := managed(t, "", []string{filter(optionally)}, hosts("", toC))
	if got := route(arriving("h", "/", headers("x-payload: p", "x-claim: c", "x-a: 1")...)); shown(got.Headers) != "x-a: 1" {
		t.Errorf("what only a token may say: got %q, want it removed", shown(got.Headers))
	}
	if got := route(arriving("h", "/?q", broken...)); shown(got.ResponseHeaders) !=
		`www-authenticate: Bearer realm="http://h/?q", error="invalid_token"` {
		t.Errorf("got %q", shown(got.ResponseHeaders))
	}
}

func TestJWTOfRoutes(t *testing.T) {
	filter := `jwt|jwt_authn.v3.JwtAuthentication|,"providers":{"p":{"issuer":"i"}},"bypass_cors_preflight":true,
		"requirement_map":{"named":{"provider_name":"p"},"open":{}},"rules":[{"match":{"prefix":"/a"},"requires":{"provider_name":"p"}}]`
	for _, tc := range []struct {
		name, config, target string
		want                 any
	}{
		{"none", ``, "/a", 401},
		{"disabled", `"disabled":true`, "/a", "c"},
		{"named", `"requirement_name":"named"`, "/b", 401},
		{"open", `"requirement_name":"open"`, "/a", "c"},
		{"unknown name", `"requirement_name":"x"`, "/b", 403},
	} {
		t.Run(tc.name, func(t *testing.T) {
			perRoute := ""
			if tc.config != "" {
				perRoute = `"typed_per_filter_config":{"jwt":{` + filterTypes + `jwt_authn.v3.PerRouteConfig",` + tc.config + `}},`
			}
			route := managed(t, "", []string{filter}, hosts(perRoute, toC))
			if got := route(arriving("h", tc.target)); result(got) != tc.want {
				t.Errorf("got %v, want %v", got, tc.want)
			}
			preflight := arriving("h", tc.target, headers("origin: o", "access-control-request-method: GET")...)
			preflight.Method = "OPTIONS"
			if got := route(preflight); result(got) != "c" {
				t.Errorf("preflight: got %v, want c", got)
			}
		})
	}
}
