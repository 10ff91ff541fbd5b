package render_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/amesh-render/amesh-render/plugins"
	"github.com/amesh-render/amesh-render/render"
)

// withOverlays renders a case with overlays.
func withOverlays(t *testing.T, name string, texts ...string) render.Result {
	t.Helper()
	set := &plugins.Set{}
	for i, text := range texts {
		o, err := plugins.ParseOverlay(string(rune('a'+i)), []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		set.Overlays = append(set.Overlays, o)
	}
	snap, options := readCase(t, "testdata/"+name+"/in.yaml")
	options.Plugins = set
	return render.Render(snap, options)
}

func hasFinding(r render.Result, severity render.Severity, resource, field, message string) bool {
	return slices.ContainsFunc(r.Findings(), func(f render.Finding) bool {
		return f.Severity == severity && f.Resource == resource && f.Field == field && strings.Contains(f.Message, message)
	})
}

func TestOverlays(t *testing.T) {
	for _, tc := range []struct {
		name, in, overlay        string
		severity                 render.Severity
		resource, field, message string
	}{
		{"a consumer's plugin before the one that refuses", "ext-authz-forward-auth",
			`consumers: [{username: u, plugins: {proxy-cache: {cache_strategy: memory, _meta: {priority: 2002}}}}]`,
			render.Dropped, "overlay/a", "consumers/u plugins.proxy-cache", "act before it"},
		{"a consumer's plugin in place of the one that refuses", "ext-authz-forward-auth",
			`consumer_groups: [{id: g, plugins: {forward-auth: {uri: "http://yes"}}}]`,
			render.Dropped, "overlay/a", "consumer_groups/g plugins.forward-auth", "would take the place"},
		{"a route beside those that refuse", "ext-authz-forward-auth", `routes: [{id: r, uri: /checked/mine, plugins: {mocking: {}}}]`,
			render.Approximate, "overlay/a", "routes/r", "the mesh refuses requests by routes of its own"},
		{"a cache for all", "user-overlay", `global_rules: [{id: g, plugins: {proxy-cache: {}}}]`,
			render.Dropped, "overlay/a", "global_rules/g plugins.proxy-cache", "before a route can refuse"},
		{"an upstream that is not there", "user-overlay", `routes: [{id: r, uri: /, upstream_id: none}]`,
			render.Dropped, "route/r", "upstream_id", `no upstream has the id "none"`},
		{"an id that APISIX does not take", "user-overlay", `protos: [{id: "a b", content: x}]`,
			render.Dropped, "overlay/a", "protos[0]", "is not of at most 64"},
		{"a plugin that nobody knows", "user-overlay", `services: [{id: s, plugins: {no-such: {}}}]`,
			render.Dropped, "overlay/a", "services/s plugins.no-such", "has no plugin"},
		{"text for the environment", "user-overlay", `protos: [{id: p, content: "${{"}]`,
			render.Approximate, "overlay/a", "protos/p", "in apisix.json"},
		{"a template that fails for this pod", "user-overlay", `protos: [{id: p, content: {{ index .node.ips 3 }}}]`,
			render.Dropped, "overlay/a", "", "nothing of it is in the output"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := withOverlays(t, tc.in, strings.ReplaceAll(tc.overlay, `"${{"`, `"{{ "${{" }}"`))
			if !hasFinding(r, tc.severity, tc.resource, tc.field, tc.message) {
				t.Errorf("there is no such finding in %+v", r.Findings())
			}
			for section, objects := range r.Config.Others {
				for _, o := range objects {
					for _, guarded := range []string{"proxy-cache", "forward-auth"} {
						if p, _ := o["plugins"].(map[string]any); p[guarded] != nil {
							t.Errorf("%s still has %s", section, guarded)
						}
					}
				}
			}
		})
	}
}

func TestLaterOverlaysWin(t *testing.T) {
	r := withOverlays(t, "user-overlay", "protos: [{id: p, content: one}]", "protos: [{id: p, content: two}]")
	if protos := r.Config.Others["protos"]; len(protos) != 1 || protos[0]["content"] != "two" {
		t.Errorf("got %v", protos)
	}
	if !hasFinding(r, render.Dropped, "overlay/a", "protos/p", "overlay/b has an object of this id too") {
		t.Errorf("got %+v", r.Findings())
	}
}
