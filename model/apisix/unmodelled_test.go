package apisix

import (
	"slices"
	"testing"

	"github.com/amesh-render/amesh-render/model"
	conf "github.com/amesh-render/amesh-render/render/apisix"
)

func TestPluginsThatNobodyKnowsAreNamed(t *testing.T) {
	off := map[string]any{"_meta": map[string]any{"disable": true}}
	config := &conf.Config{
		Routes: []*conf.Route{{ID: "1", URI: "/*", UpstreamID: "u", Plugins: &conf.Plugins{Other: map[string]any{
			"key-auth": map[string]any{}, "prometheus": map[string]any{}, "ip-restriction": off,
		}}}},
		Upstreams: []*conf.Upstream{{ID: "u"}},
		Others: map[string][]conf.Object{"global_rules": {
			{"id": "g", "plugins": map[string]any{"limit-count": map[string]any{}, "key-auth": map[string]any{}}},
		}},
	}
	o := New(config).Route(&model.Request{Authority: "a", Target: "/"}, nil)
	if want := []string{"key-auth", "limit-count"}; !slices.Equal(o.Unmodelled, want) {
		t.Errorf("got %q, want %q", o.Unmodelled, want)
	}
	if o.Kind != model.Routed || o.Cluster != "u" {
		t.Errorf("got %v, want what comes of it if they let it pass", o)
	}
	config.Routes[0].Plugins = nil
	config.Others = nil
	if o := New(config).Route(&model.Request{Authority: "a", Target: "/"}, nil); o.Unmodelled != nil {
		t.Errorf("without plugins: got %q, want none", o.Unmodelled)
	}
}
