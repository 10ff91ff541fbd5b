package match

import (
	"strings"
	"testing"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// TestPluginsInWords: every plugin of a route is named, with what it does.
func TestPluginsInWords(t *testing.T) {
	half := 50
	r := &apisix.Route{Plugins: &apisix.Plugins{
		Brotli: &apisix.Brotli{}, ClientControl: &apisix.ClientControl{}, Cors: &apisix.Cors{}, Gzip: &apisix.Gzip{},
		FaultInjection: &apisix.FaultInjection{
			Abort: &apisix.Abort{HTTPStatus: 503, Vars: [][]apisix.Expr{{}}}, Delay: &apisix.Delay{Duration: 1.5, Percentage: &half},
		},
		ForwardAuth: &apisix.ForwardAuth{URI: "http://auth/"}, LimitReq: &apisix.LimitReq{},
		ProxyMirror: &apisix.ProxyMirror{Host: "http://10.0.0.1:80"},
		ProxyRewrite: &apisix.ProxyRewrite{RegexURI: []string{"^/a", "/b"}, Headers: &apisix.RequestHeaders{
			Add: map[string]any{"x-a": "1"}, Set: map[string]any{"x-s": "1"}, Remove: []string{"x-r"},
		}},
		Redirect: &apisix.Redirect{URI: "/moved"}, ResponseRewrite: &apisix.ResponseRewrite{}, TrafficSplit: &apisix.TrafficSplit{},
		Other: map[string]any{"key-auth": map[string]any{}},
	}}
	want := `
brotli: compresses responses
client-control: limits the size of bodies
cors: answers preflights; tells browsers which origins may read the response
fault-injection: delays by 1.5 s 50 % of the requests; answers 503 under conditions
forward-auth: asks http://auth/ whether the request may pass
gzip: compresses responses
limit-req: refuses what is more than its rate
proxy-mirror: sends a copy to http://10.0.0.1:80
proxy-rewrite: path ^/a → /b; adds x-a; sets x-s; removes x-r
redirect: redirects to /moved
response-rewrite: changes headers of the response
traffic-split: chooses the upstream by weight
key-auth: not known to this program
`
	got := "\n"
	for _, p := range pluginsOf(r) {
		got += strings.TrimSuffix(p.Name+": "+p.Does, ": ") + "\n"
	}
	if got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	if got := pluginsOf(&apisix.Route{}); got != nil {
		t.Errorf("without plugins: got %v", got)
	}
}
