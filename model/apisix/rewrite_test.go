package apisix

import (
	"slices"
	"testing"
	"time"

	"github.com/amesh-render/amesh-render/model"
	conf "github.com/amesh-render/amesh-render/render/apisix"
)

// through is what a request to /* with these plugins comes to.
func through(p conf.Plugins, r *model.Request) model.Outcome {
	route := to("r", "/*", plugins(p))
	route.UpstreamID = "own"
	return routerOf(route).Route(r, nil)
}

func TestTargetForTheUpstream(t *testing.T) {
	rewrite := func(p conf.ProxyRewrite) conf.Plugins { return conf.Plugins{ProxyRewrite: &p} }
	regex := func(pairs ...string) conf.Plugins { return rewrite(conf.ProxyRewrite{RegexURI: pairs}) }
	for _, tc := range []struct {
		name         string
		plugins      conf.Plugins
		target, want string
	}{
		{"no plugin: as sent", conf.Plugins{}, "/a%2Fb//c?x=%41", "/a%2Fb//c?x=%41"},
		{"headers only: encoded anew", rewrite(conf.ProxyRewrite{Host: "h"}), "/d/a%2Fb%20c//x?q=%41", "/d/a/b%20c/x?q=%41"},
		{"headers only, as sent", rewrite(conf.ProxyRewrite{UseRealRequestURI: true}), "/a%2Fb//c?x", "/a%2Fb//c?x"},
		{"prefix", regex(`\A/old`, "/new"), "/old/x?q=1", "/new/x?q=1"},
		{"prefix, empty query", regex(`\A/old`, "/new"), "/old?", "/new"},
		{"no match", regex(`\A/old`, "/new"), "/other%20x", "/other%20x"},
		{"first pair that matches", regex("/a", "/1", "/b", "/2"), "/b/a", "/b/1"},
		{"captures and dollars", regex(`\A/(a+)/(.*)\z`, "/$2/${1}$$"), "/aa/b", "/b/aa$"},
		{"first match only", regex("a", "b"), "/aaa", "/baa"},
		{"question mark in the replacement", regex(`\A/v([0-9])/(.*)\z`, "/$2?v=$1"), "/v1/x?q=1", "/x?v=1&q=1"},
		{"question mark in the path", regex(`\A/old`, "/new"), "/old%3Fx", "/new%3Fx"},
		{"literal", rewrite(conf.ProxyRewrite{URI: "/x"}), "/a?q=1", "/x?q=1"},
		{"literal with a variable", rewrite(conf.ProxyRewrite{URI: "/x$uri"}), "/a b"[:2], "/x/a"},
		{"escaping", regex(`\A/a`, "/b"), "/a%22%7B%7C%C3%BC", "/b%22%7B%7C%C3%BC"},
	} {
		if got := through(tc.plugins, get("h", tc.target)); got.Path != tc.want {
			t.Errorf("%s: %s: got %s, want %s", tc.name, tc.target, got.Path, tc.want)
		}
	}
}

// gRPC upstreams get nginx's own uri, escaped again, whatever proxy-rewrite has made of the target.
func TestTargetForGRPC(t *testing.T) {
	for _, tc := range []struct {
		name         string
		rewrite      *conf.ProxyRewrite
		target, want string
	}{
		{"no plugin: as sent", nil, "/a%2Fb//c?x=%41", "/a%2Fb//c?x=%41"},
		{"as sent", &conf.ProxyRewrite{UseRealRequestURI: true}, "/a%2Fb//c?x", "/a%2Fb//c?x"},
		{"plain", &conf.ProxyRewrite{RegexURI: []string{`\A/old`, "/new"}}, "/old/x?q=1", "/new/x?q=1"},
		{"empty query", &conf.ProxyRewrite{RegexURI: []string{`\A/old`, "/new"}}, "/old/x?", "/new/x"},
		{"escaped twice", &conf.ProxyRewrite{RegexURI: []string{`\A/old`, "/new"}}, "/old/a%20b?q=%20", "/new/a%2520b?q=%20"},
		{"encoded anew by any rewrite", &conf.ProxyRewrite{Host: "h"}, "/a%20b", "/a%2520b"},
		{"question mark", &conf.ProxyRewrite{RegexURI: []string{`\A/v([0-9])/(.*)\z`, "/$2?v=$1"}}, "/v1/x?q=1", "/x%3Fv=1?q=1"},
		{"ignored", &conf.ProxyRewrite{URI: "/new", UseRealRequestURI: true}, "/old?q=1", "/old?q=1"},
	} {
		for _, scheme := range []string{"grpc", "grpcs"} {
			route := to("r", "/*", plugins(conf.Plugins{ProxyRewrite: tc.rewrite}))
			route.UpstreamID = "own"
			upstream := &conf.Upstream{ID: "own", Scheme: scheme, Nodes: []conf.Node{{Host: "10.0.0.9", Port: 1}}}
			got := New(&conf.Config{Routes: []*conf.Route{route}, Upstreams: []*conf.Upstream{upstream}}).Route(get("h", tc.target), nil)
			if got.Path != tc.want {
				t.Errorf("%s: %s: got %s, want %s", scheme, tc.name, got.Path, tc.want)
			}
		}
	}
}

func TestRequestHeaders(t *testing.T) {
	r := get("h", "/a/b")
	r.Headers = []model.Header{{Name: "x-a", Value: "1"}, {Name: "x_a", Value: "2"}, {Name: "x-b", Value: "3"}, {Name: "x-request-id", Value: "4"}}
	got := through(conf.Plugins{ProxyRewrite: &conf.ProxyRewrite{
		RegexURI: []string{`\A/(a)/(b)\z`, "/$2"},
		Headers: &conf.RequestHeaders{
			Add:    map[string]any{"x-a": "added", "x-c": []any{"$1-${2}", "$3${uri}"}},
			Set:    map[string]any{"Host": "other", "x-b": "${http_x_b ?? none}", "x-d": "${http_x_d ?? none}", "x-e": "costs ${mesh_nil ?? $}1"},
			Remove: []string{"X-C2", "x_a"},
		},
	}}, r)
	want := []model.Header{{Name: "x-a", Value: "1,added"}, {Name: "x-b", Value: "3"}, {Name: "x-c", Value: "a-b,/a/b"},
		{Name: "x-d", Value: "none"}, {Name: "x-e", Value: "costs $1"}}
	if h := model.Combined(got.Headers); !slices.Equal(h, want) {
		t.Errorf("got %v, want %v", h, want)
	}
}

func TestHostForTheUpstream(t *testing.T) {
	for name, tc := range map[string]struct {
		upstream conf.Upstream
		host     string
		want     string
	}{
		"passed":        {conf.Upstream{}, "", "h:80"},
		"rewritten":     {conf.Upstream{}, "new", "new"},
		"node":          {conf.Upstream{PassHost: "node", Nodes: []conf.Node{{Host: "n", Port: 80}}}, "new", "n"},
		"node and port": {conf.Upstream{PassHost: "node", Nodes: []conf.Node{{Host: "n", Port: 81}}}, "", "n:81"},
		"upstream_host": {conf.Upstream{PassHost: "rewrite", UpstreamHost: "u_1"}, "new", "u_1"},
	} {
		tc.upstream.ID = "own"
		route := to("r", "/*", plugins(conf.Plugins{ProxyRewrite: &conf.ProxyRewrite{Host: tc.host, UseRealRequestURI: true}}))
		route.UpstreamID = "own"
		got := New(&conf.Config{Routes: []*conf.Route{route}, Upstreams: []*conf.Upstream{&tc.upstream}}).Route(get("h:80", "/"), nil)
		if got.Host != tc.want {
			t.Errorf("%s: got %q, want %q", name, got.Host, tc.want)
		}
	}
}

func TestRedirectToHTTPS(t *testing.T) {
	toHTTPS := conf.Plugins{Redirect: &conf.Redirect{HTTPToHTTPS: true, RetCode: 302}}
	for _, tc := range []struct {
		method, scheme string
		status         int
	}{{"GET", "http", 301}, {"HEAD", "http", 301}, {"POST", "http", 308}, {"GET", "https", 0}} {
		r := get("H:80", "/a%20b?q=1")
		r.Method, r.Scheme = tc.method, tc.scheme
		got := through(toHTTPS, r)
		if got.Status != tc.status || (got.Kind == model.Routed) != (tc.scheme == "https") {
			t.Errorf("%s by %s: got %v, want %d", tc.method, tc.scheme, got, tc.status)
		}
		want := []model.Header{{Name: "location", Value: "https://h:9443/a b?q=1"}}
		if tc.status != 0 && !slices.Equal(got.ResponseHeaders, want) {
			t.Errorf("%s by %s: got %v, want %v", tc.method, tc.scheme, got.ResponseHeaders, want)
		}
	}
}

func TestRedirect(t *testing.T) {
	for _, tc := range []struct {
		name         string
		redirect     conf.Redirect
		target, want string
		status       int
	}{
		{"raw target", conf.Redirect{URI: "https://$host:8443$real_request_uri"}, "/a%2Fb?q=1", "https://h:8443/a%2Fb?q=1", 302},
		{"host with port", conf.Redirect{URI: "http://${http_host}/x", RetCode: 308}, "/a", "http://h:80/x", 308},
		{"query", conf.Redirect{URI: "/x", AppendQueryString: true}, "/a?q=1", "/x?q=1", 302},
		{"two queries", conf.Redirect{URI: "/x?a=b", AppendQueryString: true}, "/a?q=1", "/x?a=b&q=1", 302},
		{"encoded", conf.Redirect{URI: "http://h$uri", EncodeURI: true}, "/a%20b", "http://h/a%20b", 302},
		{"pattern", conf.Redirect{RegexURI: []string{`\A/old`, "https://n/new"}, RetCode: 301}, "/old/x", "https://n/new/x", 301},
		{"backslashes vanish, dollars stay", conf.Redirect{URI: `/a\b$/c`}, "/", "/ab$/c", 302},
	} {
		got := through(conf.Plugins{Redirect: &tc.redirect}, get("h:80", tc.target))
		if got.Status != tc.status || len(got.ResponseHeaders) != 1 || got.ResponseHeaders[0].Value != tc.want {
			t.Errorf("%s: got %v %v, want %d %s", tc.name, got, got.ResponseHeaders, tc.status, tc.want)
		}
	}
	passed := through(conf.Plugins{Redirect: &conf.Redirect{RegexURI: []string{`\A/old`, "/new"}}}, get("h", "/other"))
	if passed.Kind != model.Routed {
		t.Errorf("a pattern that does not match: got %v, want routed", passed)
	}
}

func TestFaults(t *testing.T) {
	none, half := 0, 50
	when := func(x conf.Expr) [][]conf.Expr { return [][]conf.Expr{{conf.Present("http_nobody")}, {x}} }
	got := through(conf.Plugins{FaultInjection: &conf.FaultInjection{
		Delay: &conf.Delay{Duration: 1.5, Vars: when(conf.Compare("uri", conf.OpEqual, "/a"))},
		Abort: &conf.Abort{HTTPStatus: 503, Percentage: &none},
	}}, get("h", "/a"))
	if got.Kind != model.Routed || got.Delay != 1500*time.Millisecond {
		t.Errorf("got %v after %v, want routed after 1.5s", got, got.Delay)
	}
	aborted := 0
	for random := range uint64(10_000) {
		r := get("h", "/a")
		r.Random = random * 0x9e3779b97f4a7c15
		if through(conf.Plugins{FaultInjection: &conf.FaultInjection{Abort: &conf.Abort{HTTPStatus: 503, Percentage: &half}}}, r).Status == 503 {
			aborted++
		}
	}
	if aborted < 4800 || aborted > 5200 {
		t.Errorf("%d of 10000 requests are aborted, want about half", aborted)
	}
}

func TestCORS(t *testing.T) {
	shared := &conf.Cors{
		AllowOrigins: "null", AllowOriginsByRegex: []string{`\Ahttps://a\z`, `\Ahttps://b\z`}, AllowMethods: "GET", AllowHeaders: "x-a",
		Meta: &conf.Meta{Filter: []conf.Expr{conf.Or(
			conf.Compare("request_method", conf.OpNotEqual, "OPTIONS"), conf.Present("http_access_control_request_method"))}},
	}
	for _, tc := range []struct {
		method, origin, asked string
		status                int
		allowed               string
	}{
		{"GET", "https://a", "", 0, "https://a"},
		{"GET", "https://c", "", 0, ""},
		{"GET", "", "", 0, ""},
		{"OPTIONS", "https://b", "GET", 200, "https://b"},
		{"OPTIONS", "https://c", "GET", 200, ""},
		{"OPTIONS", "https://a", "", 0, ""}, // the filter keeps the plugin from running
	} {
		r := get("h", "/")
		r.Method = tc.method
		if tc.origin != "" {
			r.Headers = append(r.Headers, model.Header{Name: "origin", Value: tc.origin})
		}
		if tc.asked != "" {
			r.Headers = append(r.Headers, model.Header{Name: "access-control-request-method", Value: tc.asked})
		}
		got := through(conf.Plugins{Cors: shared}, r)
		allowed := ""
		for _, h := range got.ResponseHeaders {
			if h.Name == "access-control-allow-origin" {
				allowed = h.Value
			}
		}
		if allowed != tc.allowed || got.Kind == model.Answered && got.Status != tc.status || got.Kind == model.Routed && tc.status != 0 {
			t.Errorf("%+v: got %v, origin %q", tc, got, allowed)
		}
	}
}

func TestResponseHeaders(t *testing.T) {
	rewrite := &conf.ResponseRewrite{Headers: &conf.ResponseHeaders{
		Add: []string{"x-a: added"}, Remove: []string{"server"},
		Set: map[string]string{"x-b": "${sent_http_x_b ?? none}", "x-c": "${sent_http_x_c ?? a:b}", "x-d": "$sent_http_x_a"},
	}}
	r := get("h", "/")
	r.Response = []model.Header{{Name: "x-a", Value: "1"}, {Name: "x-b", Value: "2"}, {Name: "server", Value: "s"}}
	got := model.Combined(through(conf.Plugins{ResponseRewrite: rewrite}, r).ResponseHeaders)
	want := []model.Header{{Name: "x-a", Value: "1,added"}, {Name: "x-b", Value: "2"}, {Name: "x-c", Value: "a:b"}, {Name: "x-d", Value: "1, added"}}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	answered := through(conf.Plugins{ResponseRewrite: rewrite, Redirect: &conf.Redirect{URI: "/x"}}, r)
	if h := model.Combined(answered.ResponseHeaders); !slices.Contains(h, model.Header{Name: "location", Value: "/x"}) ||
		!slices.Contains(h, model.Header{Name: "x-c", Value: "a:b"}) {
		t.Errorf("of a redirect: got %v", h)
	}
}

func TestOrderOfPlugins(t *testing.T) {
	got := through(conf.Plugins{
		FaultInjection: &conf.FaultInjection{Abort: &conf.Abort{HTTPStatus: 403}}, Redirect: &conf.Redirect{URI: "/x"},
	}, get("h", "/"))
	if got.Status != 403 {
		t.Errorf("got %v, want fault-injection before redirect", got)
	}
	asked := through(conf.Plugins{ForwardAuth: &conf.ForwardAuth{URI: "http://a"}}, get("h", "/"))
	if asked.Kind != model.Undecided {
		t.Errorf("forward-auth: got %v, want undecided", asked)
	}
}
