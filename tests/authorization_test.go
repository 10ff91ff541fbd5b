package tests

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/amesh-render/amesh-render/model"
	"github.com/amesh-render/amesh-render/model/apisix"
	"github.com/amesh-render/amesh-render/render"
	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// An attempt is a request to a pod, as a person who reads an AuthorizationPolicy thinks of it.
type attempt struct {
	method, target, host string
	from                 string // the peer's address
	port                 uint16 // where it is sent to
	headers              string // "name: value; name: value"
}

func (a attempt) request() *model.Request {
	r := &model.Request{
		Method: a.method, Target: a.target, Authority: a.host, LocalPort: model.InboundPort,
		Remote:      netip.AddrPortFrom(netip.MustParseAddr(a.from), 40000),
		Destination: netip.AddrPortFrom(netip.MustParseAddr("10.0.0.9"), a.port),
	}
	for h := range strings.SplitSeq(a.headers, ";") {
		if name, value, ok := strings.Cut(strings.TrimSpace(h), ": "); ok {
			r.Headers = append(r.Headers, model.Header{Name: name, Value: value})
		}
	}
	return r
}

// renderedCase is the model of APISIX with what one of render's golden cases becomes.
func renderedCase(t *testing.T, name string) (*apisix.Router, []render.Finding) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("..", "render", "testdata", name, "in.*"))
	if err != nil || len(paths) != 1 {
		t.Fatalf("%s: %v %v", name, paths, err)
	}
	file, err := os.Open(paths[0])
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	s, err := snapshot.Decode(snapshot.Source{Name: name, Reader: file})
	if err != nil {
		t.Fatal(err)
	}
	result := render.Render(s, render.Options{})
	return apisix.New(result.Config), result.Findings()
}

// TestAuthorizationPolicy asks of the captures with policies what Istio's documentation says of the YAML that they come
// from, for connections in plain text. want is "pass" or the status.
//
// authorization-policy/productpage: two policies deny by address, method, path and principal; one allows, by rules of
// which each wants a principal or a token's claims, which plain text does not have. So nothing passes. ratings allows
// nothing. request-authentication/productpage refuses every request without a valid token.
func TestAuthorizationPolicy(t *testing.T) {
	get := func(target, headers string) attempt {
		return attempt{"GET", target, "productpage", "10.2.0.1", 9080, headers}
	}
	for _, tc := range []struct {
		dump, why string
		attempt   attempt
		want      string
	}{
		{"authorization-policy", "no principal", get("/info", "x-token: good"), "403"},
		{"authorization-policy", "no principal, other path that is allowed", get("/a/healthz", "x-token: good-one"), "403"},
		{"authorization-policy", "no principal, exact path", get("/exact", "x-token: good"), "403"},
		{"authorization-policy", "no token", get("/info", ""), "403"},
		{"authorization-policy", "a token that nothing has verified", get("/", "authorization: Bearer abc"), "403"},
		{"authorization-policy", "denied: /admin, not GET", attempt{"POST", "/admin", "productpage", "10.2.0.1", 9080, "x-token: good"}, "403"},
		{"authorization-policy", "denied address", attempt{"GET", "/info", "productpage", "203.0.113.9", 9080, "x-forwarded-for: 198.51.100.7"}, "403"},
		{"authorization-policy", "no principal, private path", get("/tenants/a/private/b", "x-token: good"), "403"},
		{"authorization-policy", "path of the external check", get("/checked", ""), "403"},
		{"authorization-policy", "port without a policy of its own", attempt{"GET", "/", "productpage", "10.2.0.1", 1234, ""}, "403"},
		{"authorization-policy", "odd spelling", get("/x/..%2finfo", "x-token: good"), "403"},
		{"authorization-policy-ratings", "nothing is allowed", attempt{"GET", "/", "ratings", "10.2.0.1", 9080, ""}, "403"},
		{"authorization-policy-ratings", "nothing is allowed, any port", attempt{"GET", "/", "ratings", "10.2.0.1", 80, ""}, "403"},
		{"request-authentication", "no token", get("/", ""), "403"},
		{"request-authentication", "bad token", get("/", "x-jwt: Token abc"), "401"},
		{"request-authentication", "a token where nobody looks", get("/", "authorization: Bearer abc"), "403"},
		{"request-authentication", "token in the query", get("/?token=abc", ""), "401"},
		{"request-authentication", "token in a cookie", get("/", "cookie: jwt=abc"), "401"},
		{"request-authentication", "preflight", attempt{"OPTIONS", "/", "productpage", "10.2.0.1", 9080,
			"x-jwt: Token abc; origin: https://a; access-control-request-method: GET"}, "403"},
	} {
		checkAttempt(t, tc.dump, tc.why, tc.attempt, tc.want)
	}
}

// TestRulesOnPlainText asks of a pod with policies on everything that plain text shows. Where the answer is stricter than
// Envoy's, why says so.
func TestRulesOnPlainText(t *testing.T) {
	const shop = "shop"
	for _, tc := range []struct {
		why     string
		attempt attempt
		want    string
	}{
		{"allowed by path, host, port and address", attempt{"GET", "/api/x", shop, "10.1.2.3", 8080, ""}, "pass"},
		{"allowed with query", attempt{"GET", "/api/x?y=/z", shop, "10.1.2.3", 8080, ""}, "pass"},
		{"allowed: host by suffix, whatever its letters", attempt{"GET", "/api/x", "a.EXAMPLE.com", "10.1.2.3", 8080, ""}, "pass"},
		{"allowed: IPv6 peer", attempt{"GET", "/api/x", shop, "2001:db8::5", 8080, ""}, "pass"},
		{"other host", attempt{"GET", "/api/x", "elsewhere", "10.1.2.3", 8080, ""}, "403"},
		{"host with a port is another value", attempt{"GET", "/api/x", "shop:8080", "10.1.2.3", 8080, ""}, "403"},
		{"other address", attempt{"GET", "/api/x", shop, "172.16.0.1", 8080, ""}, "403"},
		{"a header cannot stand for the peer", attempt{"GET", "/api/x", shop, "172.16.0.1", 8080, "x-real-ip: 10.1.2.3"}, "403"},
		{"allowed by key", attempt{"GET", "/api/v1/x", "elsewhere", "172.16.0.1", 8080, "x-key: k-0123abcd"}, "pass"},
		{"key too long", attempt{"GET", "/api/v1/x", "elsewhere", "172.16.0.1", 8080, "x-key: k-0123abcde"}, "403"},
		{"two keys", attempt{"GET", "/api/v1/x", "elsewhere", "172.16.0.1", 8080, "x-key: k-0123abcd; x-key: k-0123abcd"}, "403"},
		{"the path must match, not the query", attempt{"GET", "/x?/api/v1/x", "elsewhere", "172.16.0.1", 8080, "x-key: k-0123abcd"}, "403"},
		{"no rule allows the path", attempt{"GET", "/other", shop, "10.1.2.3", 8080, ""}, "403"},
		{"no route, but allowed", attempt{"GET", "/x/healthz", shop, "10.1.2.3", 8080, ""}, "404"},
		{"direct response, allowed", attempt{"GET", "/teapot", shop, "10.1.2.3", 8080, ""}, "418"},
		{"direct response, refused", attempt{"GET", "/teapot", shop, "172.16.0.1", 8080, ""}, "403"},

		{"denied: writing to admin", attempt{"POST", "/api/admin/x", shop, "10.1.2.3", 8080, ""}, "403"},
		{"not denied: reading", attempt{"GET", "/api/admin/x", shop, "10.1.2.3", 8080, ""}, "pass"},
		{"denied: client by X-Forwarded-For", attempt{"GET", "/api/x", shop, "10.1.2.3", 8080, "x-forwarded-for: 1.2.3.4, 203.0.113.70"}, "403"},
		{"not denied: only the last address counts", attempt{"GET", "/api/x", shop, "10.1.2.3", 8080, "x-forwarded-for: 203.0.113.70, 1.2.3.4"}, "pass"},
		{"not denied: beside the range", attempt{"GET", "/api/x", shop, "10.1.2.3", 8080, "x-forwarded-for: 203.0.113.128"}, "pass"},
		{"stricter: what is no address may be one", attempt{"GET", "/api/x", shop, "10.1.2.3", 8080, "x-forwarded-for: ::ffff:203.0.113.70"}, "403"},
		{"denied: private path without the role", attempt{"GET", "/api/tenants/a/private/b", shop, "10.1.2.3", 8080, ""}, "403"},
		{"not denied: with the role", attempt{"GET", "/api/tenants/a/private/b", shop, "10.1.2.3", 8080, "x-role: owner"}, "pass"},
		{"denied: the role twice", attempt{"GET", "/api/tenants/a/private/b", shop, "10.1.2.3", 8080, "x-role: owner; x-role: guest"}, "403"},
		{"not denied: two segments are no tenant", attempt{"GET", "/api/tenants/a/b/private/c", shop, "10.1.2.3", 8080, ""}, "pass"},
		{"denied: internal header without principal", attempt{"GET", "/api/x", shop, "10.1.2.3", 8080, "x-internal: 1"}, "403"},
		{"denied: header that nginx drops", attempt{"GET", "/api/secret", shop, "10.1.2.3", 8080, "x.guest: 1"}, "403"},
		{"stricter: header that nginx would drop", attempt{"GET", "/api/secret", shop, "10.1.2.3", 8080, ""}, "403"},
		{"denied: connection", attempt{"GET", "/api/v1/x", shop, "192.0.2.9", 8080, "x-key: k-0123abcd"}, "403"},

		{"stricter: dot segments", attempt{"GET", "/api/../api/x", shop, "10.1.2.3", 8080, ""}, "403"},
		{"a way around an allowed path", attempt{"GET", "/api/..%2fother", shop, "10.1.2.3", 8080, ""}, "404"},
		{"encoded slash, not decoded", attempt{"GET", "/x/..%2fapi/x", shop, "10.1.2.3", 8080, ""}, "403"},
		{"a way around a denied path", attempt{"POST", "/api/%61dmin", shop, "10.1.2.3", 8080, ""}, "403"},
		{"a way around a denied path by a backslash", attempt{"POST", `/api\admin`, shop, "10.1.2.3", 8080, ""}, "403"},

		{"the route turns one filter off, the others stay", attempt{"GET", "/open/x", shop, "10.1.2.3", 8080, "x-internal: 1"}, "403"},
		{"a rule that may run away refuses all", attempt{"GET", "/", shop, "10.1.2.3", 8081, ""}, "403"},
	} {
		checkAttempt(t, "rbac", tc.why, tc.attempt, tc.want)
	}
}

func checkAttempt(t *testing.T, dump, why string, a attempt, want string) {
	t.Helper()
	router, _ := renderedCase(t, dump)
	var trace model.Trace
	o := router.Route(a.request(), &trace)
	got := "pass"
	if o.Kind != model.Routed {
		got = strings.TrimSpace(strings.Split(o.String()+" ", " ")[1])
		if o.Kind == model.NoRoute {
			got = "404"
		}
	}
	if got != want {
		t.Errorf("%s, %s: %+v: got %s (%v), want %s\n%s", dump, why, a, got, o, want, &trace)
	}
}
