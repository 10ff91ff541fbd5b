package apisix

import (
	"slices"
	"testing"

	"github.com/amesh-render/amesh-render/model"
	conf "github.com/amesh-render/amesh-render/render/apisix"
)

func TestAbort(t *testing.T) {
	abort := &conf.FaultInjection{Abort: &conf.Abort{HTTPStatus: 418, Body: "no"}}
	r := routerOf(to("a", "/*", plugins(conf.Plugins{FaultInjection: abort})))
	got := r.Route(get("h", "/"), nil)
	if got.Kind != model.Answered || got.Status != 418 || got.Body != "no" {
		t.Errorf("got %v with body %q, want an answer 418 with body no", got, got.Body)
	}
}

// nginx sends no header with an empty value.
func TestEmptyHeaders(t *testing.T) {
	abort := &conf.FaultInjection{Abort: &conf.Abort{HTTPStatus: 418, Headers: map[string]string{"x-a": "$http_absent", "x-b": "1"}}}
	got := routerOf(to("a", "/*", plugins(conf.Plugins{FaultInjection: abort}))).Route(get("h", "/"), nil)
	if want := []model.Header{{Name: "x-b", Value: "1"}}; !slices.Equal(got.ResponseHeaders, want) {
		t.Errorf("fault-injection: got %v, want %v", got.ResponseHeaders, want)
	}
	cors := &conf.Cors{AllowOrigins: "*", AllowHeaders: "**"}
	got = routerOf(to("a", "/*", plugins(conf.Plugins{Cors: cors}))).Route(get("h", "/"), nil)
	for _, h := range got.ResponseHeaders {
		if h.Value == "" {
			t.Errorf("cors: %s is empty", h.Name)
		}
	}
}

func TestInterpolation(t *testing.T) {
	q, _, _ := newRequest(get("h", "/a?x=1"))
	for template, want := range map[string]string{
		"plain":                             "plain",
		"$uri":                              "/a",
		"${uri}b":                           "/ab",
		"${ uri }":                          "/a",
		"$uri-$host.":                       "/a-",
		"$arg_x!":                           "1!",
		"${http_absent ?? v}":               "v",
		"${uri ?? v}":                       "/a",
		"[$http_absent]":                    "[]",
		"costs ${mesh_nil ?? $}5":           "costs $5",
		"${mesh_nil ?? $}${mesh_nil ?? $}x": "$$x",
		"a $ b":                             "a $ b",
		"end $":                             "end $",
		"${}":                               "${}",
		"${open":                            "${open",
		`\$uri`:                             `\$uri`,
		"$$uri":                             "$/a",
	} {
		if got := q.interpolate(template); got != want {
			t.Errorf("%q: got %q, want %q", template, got, want)
		}
	}
}

// splitAmong is a route whose traffic-split has these entries; its own upstream is "own".
func splitAmong(entries ...conf.WeightedUpstream) *conf.Route {
	r := to("r", "/*", plugins(conf.Plugins{TrafficSplit: &conf.TrafficSplit{
		Rules: []conf.SplitRule{{WeightedUpstreams: entries}},
	}}))
	r.UpstreamID = "own"
	return r
}

func TestTrafficSplit(t *testing.T) {
	w := func(id string, weight int) conf.WeightedUpstream {
		return conf.WeightedUpstream{UpstreamID: id, Weight: weight}
	}
	choices := func(c ...model.Choice) model.Outcome { return model.Outcome{Kind: model.Routed, Clusters: c} }
	for _, tc := range []struct {
		name    string
		entries []conf.WeightedUpstream
		want    model.Outcome
	}{
		{"weights", []conf.WeightedUpstream{w("a", 90), w("b", 10)}, choices(model.Choice{Cluster: "a", Weight: 9},
			model.Choice{Cluster: "b", Weight: 1})},
		{"the route's own", []conf.WeightedUpstream{w("a", 1), w("", 1)}, choices(model.Choice{Cluster: "a", Weight: 1},
			model.Choice{Cluster: "own", Weight: 1})},
		{"0 is never picked", []conf.WeightedUpstream{w("a", 0), w("b", 1)}, choices(model.Choice{Cluster: "b", Weight: 1})},
		{"all 0 is an equal split", []conf.WeightedUpstream{w("a", 0), w("b", 0)},
			choices(model.Choice{Cluster: "a", Weight: 1}, model.Choice{Cluster: "b", Weight: 1})},
		{"a single one, even at 0", []conf.WeightedUpstream{w("a", 0)}, choices(model.Choice{Cluster: "a", Weight: 1})},
		{"of one id the last weight", []conf.WeightedUpstream{w("a", 5), w("b", 1), w("a", 1)},
			choices(model.Choice{Cluster: "a", Weight: 1}, model.Choice{Cluster: "b", Weight: 1})},
		{"which may make all of them 0", []conf.WeightedUpstream{w("a", 5), w("b", 0), w("a", 0)},
			choices(model.Choice{Cluster: "a", Weight: 1}, model.Choice{Cluster: "b", Weight: 1})},
		{"an id that is missing", []conf.WeightedUpstream{w("a", 1), w("gone", 0)},
			model.Outcome{Kind: model.Answered, Status: 500}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := New(&conf.Config{
				Routes:    []*conf.Route{splitAmong(tc.entries...)},
				Upstreams: []*conf.Upstream{upstream("own"), upstream("a"), upstream("b")},
			})
			if got := r.Route(get("h", "/"), nil); !got.Agrees(tc.want) {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

func TestUpstreams(t *testing.T) {
	empty := &conf.Upstream{ID: "empty", Name: "outbound|80||gone"}
	again := &conf.Upstream{ID: "again", Name: "outbound|80||x #2", Nodes: upstream("x").Nodes}
	r := New(&conf.Config{
		Routes: []*conf.Route{
			to("empty", "/empty"), to("again", "/again"), to("missing", "/missing"),
			{ID: "none", URI: "/none", Plugins: &conf.Plugins{}},
		},
		Upstreams: []*conf.Upstream{empty, again},
	})
	for target, want := range map[string]any{
		"/again": "outbound|80||x", "/missing": 502, "/none": 503, "/empty": 503,
	} {
		check(t, r, get("h", target), want)
	}
	if got := r.Route(get("h", "/empty"), nil); got.Cluster != "outbound|80||gone" {
		t.Errorf("an upstream without nodes: got cluster %q, want its name", got.Cluster)
	}
}
