package render_test

import (
	"strings"
	"testing"

	"github.com/amesh-render/amesh-render/plugins"
	"github.com/amesh-render/amesh-render/render"
)

// TestUsersLeaveTheQuestion: forward-auth asks in the access phase, after what other plugins do in the rewrite phase. A user's
// plugin must not change by what the service judges.
func TestUsersLeaveTheQuestion(t *testing.T) {
	for _, test := range []struct {
		name, conf string
		changes    bool
	}{
		{"proxy-rewrite", `{headers: {set: {Authorization: Bearer admin}}}`, true},
		{"proxy-rewrite", `{headers: {x_token: admin}}`, true},
		{"proxy-rewrite", `{headers: {add: {x-token: admin}}}`, true},
		{"proxy-rewrite", `{headers: {remove: [X-Token]}}`, true},
		{"proxy-rewrite", `{method: GET}`, true},
		{"proxy-rewrite", `{headers: {set: {x-other: "1"}}}`, false},
		{"real-ip", `{source: http_x_forwarded_for}`, true},
		{"jwe-decrypt", `{}`, true},
		{"request-id", `{header_name: X-Token}`, true},
		{"request-id", `{}`, false},
		{"degraphql", `{query: "{ a }"}`, true},
	} {
		for _, kind := range []string{"route", "global", "overlay"} {
			t.Run(kind+" "+test.name+" "+test.conf, func(t *testing.T) {
				snap, options := readCase(t, "testdata/ext-authz-forward-auth/in.yaml")
				options.Plugins = userSet(t, kind, test.name, test.conf)
				result := render.Render(snap, options)
				var told bool
				for _, f := range result.Findings() {
					told = told || strings.Contains(f.Message, "before the plugin forward-auth asks who may pass")
				}
				if told != test.changes {
					t.Errorf("a finding: %v, want %v", told, test.changes)
				}
				if got := text(t, result.Config.Others["global_rules"]); strings.Contains(got, test.name) != (!test.changes && kind != "route") {
					t.Errorf("global rules: %s", got)
				}
				for _, route := range result.Config.Routes {
					if route.Plugins != nil && route.Plugins.ForwardAuth != nil && kind == "route" && test.changes {
						effective, _ := result.Config.Effective(route)
						if got := text(t, effective); strings.Contains(got, "admin") || route.PluginConfigID != "" {
							t.Errorf("%s has it: %s", route.ID, got)
						}
					}
				}
			})
		}
	}
}

// userSet is one plugin of a user, on routes, in a global rule, or in one of an overlay.
func userSet(t *testing.T, kind, name, conf string) *plugins.Set {
	t.Helper()
	if kind == "overlay" {
		overlay, err := plugins.ParseOverlay("o", []byte("global_rules: [{id: mine, plugins: {"+name+": "+conf+"}}]"))
		if err != nil {
			t.Fatal(err)
		}
		return &plugins.Set{Overlays: []*plugins.Overlay{overlay}}
	}
	manifest := "{apiVersion: apisix.apache.org/v1alpha1, kind: AmeshPluginConfig, metadata: {name: mine}, spec: {plugins: " +
		"[{name: " + name + ", config: " + conf + "}]"
	if kind == "global" {
		manifest += ", global: true"
	}
	file, err := plugins.Parse("f", []byte(manifest+"}}"))
	if err != nil {
		t.Fatal(err)
	}
	return &plugins.Set{Files: []*plugins.File{file}}
}
