package apisix

import (
	"testing"

	"github.com/amesh-render/amesh-render/model"
	conf "github.com/amesh-render/amesh-render/render/apisix"
)

func TestPluginConfig(t *testing.T) {
	abort := func(status int) map[string]any {
		return map[string]any{"fault-injection": map[string]any{"abort": map[string]any{"http_status": status}}}
	}
	c := &conf.Config{
		Routes: []*conf.Route{
			{ID: "shared", URI: "/shared", PluginConfigID: "p", UpstreamID: "u"},
			{ID: "own", URI: "/own", PluginConfigID: "p", UpstreamID: "u",
				Plugins: &conf.Plugins{FaultInjection: &conf.FaultInjection{Abort: &conf.Abort{HTTPStatus: 418}}}},
			{ID: "missing", URI: "/missing", PluginConfigID: "q", UpstreamID: "u"},
			{ID: "other", URI: "/other", UpstreamID: "u"},
		},
		Upstreams: []*conf.Upstream{{ID: "u", Nodes: []conf.Node{{Host: "10.0.0.1", Port: 80, Weight: 1}}}},
		Others:    map[string][]conf.Object{"plugin_configs": {{"id": "p", "plugins": abort(503)}}},
	}
	for path, want := range map[string]model.Outcome{
		"/shared":  {Kind: model.Answered, Status: 503},
		"/own":     {Kind: model.Answered, Status: 418},
		"/missing": {Kind: model.Answered, Status: 503},
		"/other":   {Kind: model.Routed},
	} {
		got := New(c).Route(&model.Request{Method: "GET", Authority: "a", Target: path}, nil)
		if got.Kind != want.Kind || got.Status != want.Status {
			t.Errorf("%s: got %v, want %v", path, got, want)
		}
	}
}
