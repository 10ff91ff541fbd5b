package render_test

import (
	"encoding/json"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/amesh-render/amesh-render/plugins"
	"github.com/amesh-render/amesh-render/render"
	"github.com/amesh-render/amesh-render/render/apisix"
)

// hostileConfig is a configuration of every plugin that there is, each before all others and for none of the requests: it would
// undo whatever it could take the place of.
func hostileConfig(global bool) *plugins.Config {
	c := &plugins.Config{Name: "hostile", Global: global}
	for _, name := range apisix.PluginNames {
		conf := map[string]any{"_meta": map[string]any{"priority": 30000, "filter": []any{[]any{"uri", "==", "never"}}}}
		if name == "response-rewrite" || name == "proxy-rewrite" {
			conf = map[string]any{"headers": map[string]any{"set": map[string]any{"x-forwarded-client-cert": "forged"}, "remove": []any{"authorization"}}}
		}
		c.Plugins = append(c.Plugins, plugins.Plugin{Name: name, Config: conf})
	}
	return c
}

// TestUsersRemoveNoGuard adds a hostile configuration to every case: routes match as before, those that refuse stay as they
// are, and what the renderer does by plugins is still done.
func TestUsersRemoveNoGuard(t *testing.T) {
	cases, err := filepath.Glob("testdata/*/in.*")
	if err != nil || len(cases) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, in := range cases {
		t.Run(filepath.Base(filepath.Dir(in)), func(t *testing.T) {
			snap, options := readCase(t, in)
			options.Plugins = nil
			before := render.Render(snap, options).Config
			options.Plugins = &plugins.Set{Files: []*plugins.File{{Name: "f", Configs: []*plugins.Config{hostileConfig(false), hostileConfig(true)}}}}
			after := render.Render(snap, options).Config
			if len(before.Routes) != len(after.Routes) || !reflect.DeepEqual(before.Upstreams, after.Upstreams) {
				t.Fatal("there are other routes or upstreams than before")
			}
			for i, old := range before.Routes {
				checkGuarded(t, old, after.Routes[i], after)
			}
			for _, rule := range after.Others["global_rules"] {
				if strings.Contains(text(t, rule), "cache_") || rule["plugins"].(map[string]any)["proxy-cache"] != nil {
					t.Error("a global rule answers from a cache before routes refuse")
				}
			}
		})
	}
}

func checkGuarded(t *testing.T, old, now *apisix.Route, config *apisix.Config) {
	t.Helper()
	bare := *now
	bare.Plugins, bare.PluginConfigID = old.Plugins, ""
	if !reflect.DeepEqual(&bare, old) {
		t.Errorf("%s is another route than before", old.ID)
	}
	if strings.Contains(old.Name, "refused") && (now.PluginConfigID != "" || !reflect.DeepEqual(now.Plugins, old.Plugins)) {
		t.Errorf("%s refuses, and has a user's plugins", old.ID)
	}
	effective, ok := config.Effective(now)
	if !ok {
		t.Errorf("%s names a plugin_config that is not there", old.ID)
		return
	}
	for _, name := range old.Plugins.Names() {
		was, is := plugin(t, old.Plugins, name), plugin(t, effective, name)
		if name == "fault-injection" && old.UpstreamID == "" {
			delete(is, "_meta") // a route answers after plugins that ask who the client is
		}
		if name == "proxy-rewrite" || name == "response-rewrite" {
			checkRewrite(t, old.ID+" "+name, was, is)
		} else if !reflect.DeepEqual(was, is) {
			t.Errorf("%s: %s was %v and is %v", old.ID, name, was, is)
		}
	}
	if old.Plugins != nil && old.Plugins.ForwardAuth != nil && strings.Contains(text(t, effective.Other), "30000") {
		t.Errorf("%s: a plugin acts before forward-auth", old.ID)
	}
}

// checkRewrite checks that what was removed, added or rewritten still is, unless the user sets the same header.
func checkRewrite(t *testing.T, what string, was, is map[string]any) {
	t.Helper()
	for key, value := range was {
		if key != "headers" && !reflect.DeepEqual(value, is[key]) {
			t.Errorf("%s: %s was %v and is %v", what, key, value, is[key])
		}
	}
	old, _ := was["headers"].(map[string]any)
	now, _ := is["headers"].(map[string]any)
	removed, _ := old["remove"].([]any)
	for _, name := range removed {
		list, _ := now["remove"].([]any)
		set, _ := now["set"].(map[string]any)
		if !slices.Contains(list, name) || set[name.(string)] != nil {
			t.Errorf("%s: the header %v is no longer removed", what, name)
		}
	}
	set, _ := old["set"].(map[string]any)
	for name, value := range set {
		users, _ := now["set"].(map[string]any)
		if !reflect.DeepEqual(users[name], value) {
			t.Errorf("%s: the header %s was set to %v", what, name, value)
		}
	}
}

// plugin is a plugin as the file has it.
func plugin(t *testing.T, p *apisix.Plugins, name string) map[string]any {
	t.Helper()
	var all map[string]map[string]any
	written := apisix.AppendObject(nil, &apisix.Route{Plugins: p}, apisix.Lines)
	var route struct{ Plugins json.RawMessage }
	if err := json.Unmarshal(written, &route); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(route.Plugins, &all); err != nil {
		t.Fatal(err)
	}
	return all[name]
}

func text(t *testing.T, x any) string {
	t.Helper()
	b, err := json.Marshal(x)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// withPlugins renders the case user-plugins with other manifests.
func withPlugins(t *testing.T, manifests string, custom ...string) render.Result {
	t.Helper()
	file, err := plugins.Parse("f.yaml", []byte(manifests))
	if err != nil {
		t.Fatal(err)
	}
	snap, options := readCase(t, "testdata/user-plugins/in.yaml")
	options.Plugins, options.CustomPlugins = &plugins.Set{Files: []*plugins.File{file}}, custom
	return render.Render(snap, options)
}

func spec(s string) string {
	return "{apiVersion: apisix.apache.org/v1alpha1, kind: AmeshPluginConfig, metadata: {name: n}, spec: " + s + "}"
}

// effective is a plugin of the route whose name that is, "" for none.
func effective(t *testing.T, r render.Result, route, name string) string {
	t.Helper()
	for _, one := range r.Config.Routes {
		if strings.HasSuffix(one.Name, " "+route) {
			p, ok := r.Config.Effective(one)
			if !ok {
				t.Fatalf("the plugin_config of %s is missing", one.ID)
			}
			if !slices.Contains(p.Names(), name) {
				return ""
			}
			return text(t, plugin(t, p, name))
		}
	}
	t.Fatalf("there is no route %q", route)
	return ""
}

func TestRewritesBesideTheMeshs(t *testing.T) {
	for _, tc := range []struct{ route, plugin, conf, want, finding string }{
		{"headers", "response-rewrite", `{body: b, status_code: 201}`,
			`{"body":"b","headers":{"remove":["x-powered-by"],"set":{"x-header":"ours"}},"status_code":201}`, ""},
		{"headers", "response-rewrite", `{headers: {add: ["x-new: 1"], set: {X-HEADER: 2}, remove: [x-powered-by, x-more]}}`,
			`{"headers":{"add":["x-new: 1"],"remove":["x-powered-by","x-more"],"set":{"X-HEADER":"2"}}}`, ""},
		{"headers", "response-rewrite", `{headers: {add: ["x-header: 1"]}}`, "", `both deal with the header "x-header"`},
		{"headers", "response-rewrite", `{headers: {set: {X-Powered-By: me}}}`, "", `both deal with the header "x-powered-by"`},
		{"headers", "response-rewrite", `{vars: [[status, "==", 200]], body: b}`, "", "vars cannot stand beside that"},
		{"headers", "response-rewrite", `{_meta: {priority: 1}, body: b}`, "", "_meta cannot stand beside that"},
		{"headers", "response-rewrite", `{status_code: "200"}`, "", "status_code, which is not a number from 200 to 598"},
		{"headers", "response-rewrite", `{body: x, body_base64: true}`, "", "a body that is not base64"},
		{"headers", "response-rewrite", `{headers: {set: {a: [1]}}}`, "", "with such headers APISIX would leave out the route"},
		{"headers", "response-rewrite", `{headers: {add: {a: b}}}`, "", "with such headers APISIX would leave out the route"},
		{"headers", "response-rewrite", `{headers: {add: ["a: b:c"]}}`, "", "with such headers APISIX would leave out the route"},
		{"headers", "proxy-rewrite", `{headers: {x-a: 1}, uri: /u}`,
			`{"headers":{"remove":["x-secret"],"set":{"x-a":"1","x-mesh":"m"}},"uri":"/u"}`, ""},
		{"headers", "proxy-rewrite", `{headers: {add: {x-a: [1, 2]}}, method: POST, host: a.b:80}`,
			`{"headers":{"add":{"x-a":["1","2"]},"remove":["x-secret"],"set":{"x-mesh":"m"}},"host":"a.b:80","method":"POST","use_real_request_uri_unsafe":true}`, ""},
		{"headers", "proxy-rewrite", `{headers: {set: {x-copy: "$http_x_secret"}}}`, "", `both deal with the header "x-secret"`},
		{"headers", "proxy-rewrite", `{host: "a b"}`, "", "host, which is no host that APISIX takes"},
		{"headers", "proxy-rewrite", `{regex_uri: [a, b]}`, "", "regex_uri cannot stand beside that"},
		{"rewritten", "proxy-rewrite", `{uri: /mine}`, "", "sets uri as the mesh says"},
		{"split", "traffic-split", `{rules: []}`, "", "divides requests among clusters as the mesh says"},
		{"answer", "fault-injection", `{abort: {http_status: 200}}`, "", "as the mesh says"},
		{"plain", "fault-injection", `{abort: {http_status: 200}}`, `{"abort":{"http_status":200}}`, ""},
	} {
		t.Run(tc.route+" "+tc.conf, func(t *testing.T) {
			r := withPlugins(t, spec("{plugins: [{name: "+tc.plugin+", config: "+tc.conf+"}]}"))
			want := tc.want
			if want == "" {
				want = effective(t, withPlugins(t, spec("{}")), tc.route, tc.plugin)
			}
			if got := effective(t, r, tc.route, tc.plugin); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
			found := slices.ContainsFunc(r.Findings(), func(f render.Finding) bool {
				return f.Severity == render.Dropped && f.Resource == "plugin_config/default/n" && f.Field == "spec.plugins[0]" &&
					tc.finding != "" && strings.Contains(f.Message, tc.finding) && strings.Contains(f.Message, tc.route)
			})
			if found != (tc.finding != "") {
				t.Errorf("want a finding %q, got %+v", tc.finding, r.Findings())
			}
		})
	}
}

// An edit of what plugins say does not change the routes, nor ids.
func TestEditsKeepIDs(t *testing.T) {
	a := withPlugins(t, spec("{plugins: [{name: limit-count, config: {count: 1, time_window: 1, policy: local}}]}"))
	b := withPlugins(t, spec("{plugins: [{name: limit-count, config: {count: 2, time_window: 1, policy: local}}]}"))
	if !reflect.DeepEqual(a.Config.Routes, b.Config.Routes) {
		t.Error("the routes have changed")
	}
	x, y := a.Config.Others["plugin_configs"], b.Config.Others["plugin_configs"]
	if len(x) != 1 || len(y) != 1 || x[0]["id"] != y[0]["id"] || reflect.DeepEqual(x, y) {
		t.Errorf("got %v and %v", x, y)
	}
}

func TestCustomPlugins(t *testing.T) {
	manifest := spec("{plugins: [{name: my-own}], pluginMetadata: {my-own: {a: 1}}}")
	if got := effective(t, withPlugins(t, manifest), "plain", "my-own"); got != "" {
		t.Errorf("a plugin that nobody knows is used: %s", got)
	}
	if got := effective(t, withPlugins(t, manifest, "my-own"), "plain", "my-own"); got != "{}" {
		t.Errorf("got %q", got)
	}
}

// Strings that APISIX looks up are the user's to use; text for the environment stays text.
func TestReferencesAreTheUsersToMake(t *testing.T) {
	r := withPlugins(t, spec(`{plugins: [{name: http-logger, config: {uri: "$env://LOG", auth_header: "$secret://vault/1/log", x: "${{HOME}}"}},
		{name: response-rewrite, config: {headers: {set: {x-a: "$env://A"}}}}]}`))
	for _, f := range r.Findings() {
		if strings.Contains(f.Message, "APISIX would not load") {
			t.Errorf("got %+v", f)
		}
	}
	for _, format := range []apisix.Format{apisix.Block, apisix.Lines} {
		file := string(apisix.Encode(r.Config, apisix.EncodeOptions{Format: format}))
		if strings.Contains(file, "${{") || !strings.Contains(file, `"\u0024{{HOME}}"`) || !strings.Contains(file, `$secret://vault/1/log`) {
			t.Errorf("%v: the text is not as it was given", format)
		}
	}
}

// In Envoy every filter acts before a route answers by itself: so do plugins that ask who the client is.
func TestAnswersComeAfterAuthentication(t *testing.T) {
	for conf, want := range map[string]bool{
		"{plugins: [{name: key-auth}, {name: limit-count, config: {count: 1, time_window: 1}}]}": true,
		"{plugins: [{name: limit-count, config: {count: 1, time_window: 1}}]}":                   false,
		"{plugins: [{name: key-auth, config: {_meta: {disable: true}}}]}":                        false,
	} {
		r := withPlugins(t, spec(conf))
		for _, route := range []string{"answer", "gone"} {
			if got := strings.Contains(effective(t, r, route, "fault-injection"), `"priority":2000`); got != want {
				t.Errorf("%s: %s answers later: %v", conf, route, got)
			}
		}
		told := func(field string) bool {
			return slices.ContainsFunc(r.Findings(), func(f render.Finding) bool {
				return f.Field == field && strings.Contains(f.Message, "it may have no effect on 2 routes")
			})
		}
		if want && (told("spec.plugins[0]") || !told("spec.plugins[1]")) {
			t.Errorf("%s: got %+v", conf, r.Findings())
		}
		if got := effective(t, r, "no route", "fault-injection"); strings.Contains(got, "priority") {
			t.Error("the end of a virtual host answers later")
		}
	}
}
