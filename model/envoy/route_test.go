package envoy

import (
	"testing"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	templatev3 "github.com/envoyproxy/go-control-plane/envoy/extensions/path/match/uri_template/v3"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/amesh-render/amesh-render/model"
)

func TestPaths(t *testing.T) {
	for _, tc := range []struct {
		match, target string
		want          bool
	}{
		{`"prefix":"/a"`, "/ab", true},
		{`"prefix":"/a"`, "/A", false},
		{`"prefix":"/a","case_sensitive":false`, "/AB", true},
		{`"prefix":"/a?"`, "/a?x", false},
		{`"path":"/a"`, "/a?b=/c", true},
		{`"path":"/a"`, "/a/", false},
		{`"path":"/a","case_sensitive":false`, "/A", true},
		{`"path_separated_prefix":"/a"`, "/a", true},
		{`"path_separated_prefix":"/a"`, "/a/b", true},
		{`"path_separated_prefix":"/a"`, "/ab", false},
		{`"path_separated_prefix":"/a"`, "/a?x", true},
		{`"path_separated_prefix":"/a","case_sensitive":false`, "/A/b", true},
		{`"safe_regex":{"regex":"/a.*"}`, "/a/b?q", true},
		{`"safe_regex":{"regex":"/a"}`, "/ab", false},
		{`"safe_regex":{"regex":"/a|/b"}`, "/bc", false},
		{`"safe_regex":{"regex":"/[ab]"}`, "/b", true},
		{`"safe_regex":{"regex":"/a"},"case_sensitive":false`, "/A", false},
		{`"connect_matcher":{}`, "/a", false},
	} {
		t.Run(tc.match+tc.target, func(t *testing.T) { checkMatch(t, tc.match, get("h", tc.target), tc.want) })
	}
	connect := get("h", "")
	connect.Method = "CONNECT"
	checkMatch(t, `"connect_matcher":{}`, connect, true)
	checkMatch(t, `"prefix":"/"`, connect, false)
}

// checkMatch expects one route with that match to match or not.
func checkMatch(t *testing.T, match string, r *model.Request, want bool) {
	t.Helper()
	rc := table(t, `{"virtual_hosts":[{"name":"v","domains":["*"],"routes":[
		{"match":{`+match+`},"route":{"cluster":"c"}}]}]}`)
	if got := rc.Route(r, nil); (got.Kind == model.Routed) != want || got.Kind == model.Undecided {
		t.Errorf("%s: got %v, want a match: %t", match, got, want)
	}
}

func TestTemplates(t *testing.T) {
	for _, tc := range []struct {
		template, target string
		want             bool
	}{
		{"/a/*/c", "/a/b/c?q", true},
		{"/a/*/c", "/a/b/b/c", false},
		{"/a/*/c", "/a//c", false},
		{"/a/**", "/a/b/c", true},
		{"/a/**", "/a/", true},
		{"/a/{x}", "/a/b", true},
		{"/a/{x}", "/a/b/c", false},
		{"/a/{x=b/*}/d", "/a/b/c/d", true},
		{"/a/{x=b/*}/d", "/a/c/c/d", false},
		{"/{x}.{y=**}", "/a.b/c", true},
		{"/a.b", "/aXb", false},
	} {
		t.Run(tc.template+" "+tc.target, func(t *testing.T) {
			packed, err := anypb.New(&templatev3.UriTemplateMatchConfig{PathTemplate: tc.template})
			if err != nil {
				t.Fatal(err)
			}
			c := template(&corev3.TypedExtensionConfig{Name: "t", TypedConfig: packed})
			if got := c.holds(withoutQuery(tc.target)); got != model.Holds(tc.want) {
				t.Errorf("got %d, want %t", got, tc.want)
			}
		})
	}
}

func TestIgnoredPathParameters(t *testing.T) {
	for ignore, want := range map[string]any{"true": "c", "false": 404} {
		rc := table(t, `{"ignore_path_parameters_in_path_matching":`+ignore+`,"virtual_hosts":[{"name":"v","domains":["*"],
			"routes":[{"match":{"path":"/a"},"route":{"cluster":"c"}}]}]}`)
		if got := rc.Route(get("h", "/a;v=1?q"), nil); result(got) != want {
			t.Errorf("%s: got %v, want %v", ignore, got, want)
		}
	}
}

func TestOtherConditions(t *testing.T) {
	plain, tls, certified := get("h", "/"), get("h", "/"), get("h", "/")
	tls.TLS, certified.TLS = &model.TLS{}, &model.TLS{Certificate: true}
	random := func(n uint64) *model.Request { r := get("h", "/"); r.Random = n; return r }
	typed := func(s string) *model.Request { return get("h", "/", model.Header{Name: "content-type", Value: s}) }
	cookies := get("h", "/", model.Header{Name: "cookie", Value: `a=1; b="2"`}, model.Header{Name: "cookie", Value: "a=3"})
	for _, tc := range []struct {
		name, match string
		request     *model.Request
		want        bool
	}{
		{"grpc", `"grpc":{}`, typed("application/grpc"), true},
		{"grpc with a codec", `"grpc":{}`, typed("application/grpc+proto"), true},
		{"grpc-web is not", `"grpc":{}`, typed("application/grpc-web"), false},
		{"nor is a parameter", `"grpc":{}`, typed("application/grpc;x"), false},
		{"no content type", `"grpc":{}`, plain, false},
		{"fraction", `"runtime_fraction":{"default_value":{"numerator":10}}`, random(109), true},
		{"fraction's end", `"runtime_fraction":{"default_value":{"numerator":10}}`, random(110), false},
		{"per million", `"runtime_fraction":{"default_value":{"numerator":10,"denominator":"MILLION"}}`, random(110), false},
		{"presented", `"tls_context":{"presented":true}`, certified, true},
		{"not presented", `"tls_context":{"presented":true}`, tls, false},
		{"plaintext", `"tls_context":{"presented":false}`, plain, true},
		{"cookie, the first", `"cookies":[{"name":"a","string_match":{"exact":"1"}}]`, cookies, true},
		{"cookie in quotes", `"cookies":[{"name":"b","string_match":{"exact":"2"}}]`, cookies, true},
		{"no cookie", `"cookies":[{"name":"c","string_match":{"exact":""}}]`, cookies, false},
		{"no cookie, inverted", `"cookies":[{"name":"c","string_match":{"exact":""},"invert_match":true}]`, cookies, true},
	} {
		t.Run(tc.name, func(t *testing.T) { checkMatch(t, `"prefix":"/",`+tc.match, tc.request, tc.want) })
	}
}

func TestUndecided(t *testing.T) {
	for _, match := range []string{
		`"prefix":"/","dynamic_metadata":[{"filter":"f"}]`, `"prefix":"/","filter_state":[{"key":"k"}]`,
		`"safe_regex":{"regex":"("}`, `"headers":[]`, `"path_match_policy":{"name":"x"}`,
	} {
		rc := table(t, `{"virtual_hosts":[{"name":"v","domains":["*"],"routes":[{"match":{`+match+`},"route":{"cluster":"c"}},
			{"match":{"prefix":"/"},"route":{"cluster":"d"}}]}]}`)
		if got := rc.Route(get("h", "/"), nil); got.Kind != model.Undecided || got.Reason == "" {
			t.Errorf("%s: got %v, want undecided, and why", match, got)
		}
	}
	rc := table(t, `{"virtual_hosts":[{"name":"v","domains":["*"],"routes":[
		{"match":{"prefix":"/a","dynamic_metadata":[{"filter":"f"}]},"route":{"cluster":"c"}},
		{"match":{"prefix":"/"},"route":{"cluster":"d"}}]}]}`)
	if got := rc.Route(get("h", "/b"), nil); got.Cluster != "d" {
		t.Errorf("a route that cannot match anyhow: got %v, want d", got)
	}
}
