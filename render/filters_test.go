package render_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/amesh-render/amesh-render/model"
	model_apisix "github.com/amesh-render/amesh-render/model/apisix"
	"github.com/amesh-render/amesh-render/render"
)

// rendered is a golden case as APISIX would serve it.
func rendered(t *testing.T, name string) *model_apisix.Router {
	t.Helper()
	snap, options := readCase(t, "testdata/"+name+"/in.yaml")
	return model_apisix.New(render.Render(snap, options).Config)
}

func request(target string, headers ...string) *model.Request {
	r := &model.Request{Target: target, Authority: "h", LocalPort: 8001}
	for i := 0; i < len(headers); i += 2 {
		r.Headers = append(r.Headers, model.Header{Name: headers[i], Value: headers[i+1]})
	}
	return r
}

// TestFaultsStrikeTheirShare draws many requests and counts those that are aborted, delayed, and both.
func TestFaultsStrikeTheirShare(t *testing.T) {
	const draws = 20_000
	router, rng := rendered(t, "faults"), rand.New(rand.NewPCG(1, 0))
	grpc := []string{"content-type", "application/grpc+proto"}
	for _, tc := range []struct {
		target       string
		headers      []string
		abort, delay float64
		status       int
		grpcStatus   string
		wait         time.Duration
	}{
		{target: "/delay", delay: 1, wait: 1500 * time.Millisecond},
		{target: "/some-delay", delay: 0.0105, wait: 7 * time.Second},
		{target: "/abort", abort: 1, status: 503},
		{target: "/abort", headers: grpc, abort: 1, status: 200, grpcStatus: "14"},
		{target: "/some-abort", abort: 0.05, status: 404},
		{target: "/both", abort: 1, delay: 0.5, status: 418, wait: time.Second},
		{target: "/grpc", headers: grpc, abort: 0.0001, delay: 0.5, status: 200, grpcStatus: "14", wait: time.Millisecond},
		{target: "/header"},
		{target: "/header", headers: []string{"x-fault", "a"}},
		{target: "/header", headers: []string{"x-fault", "a", "x-b", ""}, abort: 1, delay: 1, status: 418, wait: time.Second},
		{target: "/never"},
		{target: "/direct", abort: 0.01, delay: 0.02, status: 418, wait: time.Second},
		{target: "/redirect", abort: 0.2, delay: 1, status: 500, wait: time.Second},
		{target: "/other-cluster"},
		{target: "/own-cluster", abort: 0.1, status: 418},
		{target: "/split"},
		{target: "/lost"},
		{target: "/off"},
		{target: "/bad-condition"},
	} {
		var aborted, delayed, both float64
		for range draws {
			r := request(tc.target, tc.headers...)
			r.Random = rng.Uint64()
			got := router.Route(r, nil)
			abort := got.Kind == model.Answered && got.Status == tc.status && got.Body != "ok"
			if abort && header(got, "grpc-status") != tc.grpcStatus {
				t.Fatalf("%s: got grpc-status %q, want %q", tc.target, header(got, "grpc-status"), tc.grpcStatus)
			}
			if got.Delay != 0 && got.Delay != tc.wait {
				t.Fatalf("%s: got a delay of %v, want %v", tc.target, got.Delay, tc.wait)
			}
			aborted += count(abort)
			delayed += count(got.Delay != 0)
			both += count(abort && got.Delay != 0)
		}
		for what, share := range map[string][2]float64{
			"aborted": {aborted, tc.abort}, "delayed": {delayed, tc.delay}, "aborted and delayed": {both, tc.abort * tc.delay},
		} {
			within := 5 * math.Sqrt(draws*share[1]*(1-share[1]))
			if math.Abs(share[0]-draws*share[1]) > within {
				t.Errorf("%s %v: %v of %d requests %s, want a share of %v", tc.target, tc.headers, share[0], draws, what, share[1])
			}
		}
	}
}

func count(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func header(o model.Outcome, name string) string {
	i := slices.IndexFunc(o.ResponseHeaders, func(h model.Header) bool { return h.Name == name })
	if i < 0 {
		return ""
	}
	return o.ResponseHeaders[i].Value
}

// TestCrossOriginRequests checks who answers a request, and whether its origin is allowed.
func TestCrossOriginRequests(t *testing.T) {
	const preflight, asked = "OPTIONS", "access-control-request-method"
	router := rendered(t, "cors-policies")
	for _, tc := range []struct {
		name, method, target string
		headers              []string
		answered             bool
		origin               string
	}{
		{name: "plain", target: "/exact"},
		{name: "allowed", target: "/exact", headers: []string{"origin", "https://a.example"}, origin: "https://a.example"},
		{name: "case is ignored", target: "/exact", headers: []string{"origin", "https://b.EXAMPLE"}, origin: "https://b.EXAMPLE"},
		{name: "case is not ignored", target: "/exact", headers: []string{"origin", "https://A.example"}},
		{name: "longer", target: "/exact", headers: []string{"origin", "https://a.example.evil"}},
		{name: "the dot is literal", target: "/exact", headers: []string{"origin", "https://a-example"}},
		{name: "preflight", method: preflight, target: "/exact", headers: []string{"origin", "https://a.example", asked, "PUT"},
			answered: true, origin: "https://a.example"},
		{name: "preflight of another", method: preflight, target: "/exact", headers: []string{"origin", "https://x.example", asked, "PUT"}},
		{name: "preflight of another, answered", method: preflight, target: "/answered",
			headers: []string{"origin", "https://x.example", asked, "PUT"}, answered: true},
		{name: "OPTIONS without a method", method: preflight, target: "/exact", headers: []string{"origin", "https://a.example"}},
		{name: "OPTIONS with an empty method", method: preflight, target: "/exact", headers: []string{"origin", "https://a.example", asked, ""}},
		{name: "OPTIONS without origin", method: preflight, target: "/answered", headers: []string{asked, "PUT"}},
		{name: "OPTIONS with an empty origin", method: preflight, target: "/all", headers: []string{"origin", "", asked, "PUT"}},
		{name: "any", target: "/all", headers: []string{"origin", "null"}, origin: "null"},
		{name: "empty, though an expression allows it", target: "/maybe-empty", headers: []string{"origin", ""}},
		{name: "prefix", target: "/parts", headers: []string{"origin", "https://dev-1"}, origin: "https://dev-1"},
		{name: "not a prefix", target: "/parts", headers: []string{"origin", "http://x?https://dev-1"}},
		{name: "suffix", target: "/parts", headers: []string{"origin", "http://x.example"}, origin: "http://x.example"},
		{name: "contains", target: "/parts", headers: []string{"origin", "http://a|b.org"}, origin: "http://a|b.org"},
		{name: "expression", target: "/parts", headers: []string{"origin", "null"}, origin: "null"},
		{name: "whole expression only", target: "/parts", headers: []string{"origin", "nullx"}},
		{name: "nobody", target: "/none", headers: []string{"origin", "https://a.example"}},
		{name: "turned off", method: preflight, target: "/off", headers: []string{"origin", "https://a.example", asked, "PUT"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := request(tc.target, tc.headers...)
			r.Method = tc.method
			got := router.Route(r, nil)
			if answered := got.Kind == model.Answered && got.Status == 200; answered != tc.answered {
				t.Errorf("got %v, want answered %t", got, tc.answered)
			}
			if origin := header(got, "access-control-allow-origin"); origin != tc.origin {
				t.Errorf("got the origin %q allowed, want %q", origin, tc.origin)
			}
		})
	}
}

// TestRouteConditions: fractions, cookies and templates select the routes of their requests.
func TestRouteConditions(t *testing.T) {
	router, rng := rendered(t, "route-conditions"), rand.New(rand.NewPCG(1, 0))
	won := map[string]float64{}
	const draws = 20_000
	for range draws {
		r := request("/x")
		r.Random = rng.Uint64()
		won[router.Route(r, nil).Name]++
	}
	// The second takes those of its fifth that the first has not taken: Envoy compares one number with both.
	for name, share := range map[string]float64{"vh8001 tenth": 0.1, "vh8001 millionth": 0.100001, "vh8001 rest": 0.799999} {
		if math.Abs(won[name]-draws*share) > 5*math.Sqrt(draws*share*(1-share)) {
			t.Errorf("%s: %v of %d requests, want a share of %v", name, won[name], draws, share)
		}
	}
	for _, tc := range []struct{ target, cookie, want string }{
		{"/cookie", "a=1", "vh8001 cookie"},
		{"/cookie", "a=1; b=y", "vh8001 cookie"},
		{"/cookie", "a=1; b=xx", "vh8001 rest"},
		{"/cookie", "a=2", "vh8001 rest"},
		{"/plain", "", "vh8001 no-certificate"},
		{"/all", "", "vh8001 all"},
		{"/a/1/2/x/3.json", "", "vh8001 template"},
		{"/a/1/2/x/3.json/", "", "vh8001 rest"},
		{"/a/1//x/3.json", "", "vh8001 rest"},
		{"/A/", "", "vh8001 template-rest"},
		{"/%41/b/c", "", "vh8001 template-rest"},
		{"/A", "", "vh8001 rest"},
	} {
		r := request(tc.target, "cookie", tc.cookie)
		r.Random = math.MaxUint64 // in no fraction
		if got := router.Route(r, nil); got.Name != tc.want {
			t.Errorf("%s with cookies %q: got the route %q, want %q", tc.target, tc.cookie, got.Name, tc.want)
		}
	}
}
