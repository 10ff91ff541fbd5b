package envoy

import (
	"testing"

	"github.com/amesh-render/amesh-render/model"
)

func TestPathRewrites(t *testing.T) {
	for _, tc := range []struct{ match, rewrite, target, want string }{
		{`"prefix":"/a"`, ``, "/a/b?q", "/a/b?q"},
		{`"prefix":"/a"`, `"prefix_rewrite":"/x"`, "/a/b?q=/a", "/x/b?q=/a"},
		{`"prefix":"/a"`, `"prefix_rewrite":"/"`, "/a/b", "//b"},
		{`"prefix":"/a/"`, `"prefix_rewrite":"/"`, "/a/b", "/b"},
		{`"prefix":"/a","case_sensitive":false`, `"prefix_rewrite":"/x"`, "/A/b", "/x/b"},
		{`"prefix":"/a"`, `"prefix_rewrite":"/x?y=1"`, "/ab?q", "/x?y=1b?q"},
		{`"path":"/a/b"`, `"prefix_rewrite":"/x"`, "/a/b?q", "/x?q"},
		{`"path_separated_prefix":"/a"`, `"prefix_rewrite":"/x"`, "/a/b", "/x/b"},
		{`"safe_regex":{"regex":"/a.*"}`, `"prefix_rewrite":"/x"`, "/a/b?q", "/x?q"},
		{`"prefix":"/"`, `"regex_rewrite":{"pattern":{"regex":"a"},"substitution":"x"}`, "/a/ba?a", "/x/bx?a"},
		{`"prefix":"/"`, `"regex_rewrite":{"pattern":{"regex":"/(\\w)(\\w*)"},"substitution":"/\\2\\1\\0\\\\"}`,
			"/ab/c", `/ba/ab\/c/c\`},
		{`"prefix":"/"`, `"regex_rewrite":{"pattern":{"regex":"(x)?a"},"substitution":"[\\1]"}`, "/a", "/[]"},
		{`"prefix":"/"`, `"regex_rewrite":{"pattern":{"regex":"b*"},"substitution":"-"}`, "/ab", "-/-a-"},
		{`"prefix":"/"`, `"regex_rewrite":{"pattern":{"regex":"z"},"substitution":"x"}`, "/a", "/a"},
	} {
		t.Run(tc.match+tc.rewrite+tc.target, func(t *testing.T) {
			rc := table(t, `{`+hosts("", `{"match":{`+tc.match+`},"route":{"cluster":"c"`+optional(tc.rewrite)+`}}`)+`}`)
			if got := rc.Route(get("h", tc.target), nil); got.Kind != model.Routed || got.Path != tc.want {
				t.Errorf("got %q of %v, want %q", got.Path, got, tc.want)
			}
		})
	}
}

func optional(fields string) string {
	if fields == "" {
		return ""
	}
	return "," + fields
}

func TestRewritesThatEnvoyRefuses(t *testing.T) {
	for _, rewrite := range []string{
		`"regex_rewrite":{"pattern":{"regex":"("},"substitution":"x"}`,
		`"regex_rewrite":{"pattern":{"regex":"a"},"substitution":"\\1"}`,
		`"regex_rewrite":{"pattern":{"regex":"a"},"substitution":"\\"}`,
		`"regex_rewrite":{"pattern":{"regex":"a"},"substitution":"\\x"}`,
		`"prefix_rewrite":"/x","regex_rewrite":{"pattern":{"regex":"a"},"substitution":"x"}`,
		`"host_rewrite_path_regex":{"pattern":{"regex":"a"},"substitution":"\\1"}`,
	} {
		rc := table(t, `{`+hosts("", `{"match":{"prefix":"/"},"route":{"cluster":"c",`+rewrite+`}}`)+`}`)
		if got := rc.Route(get("h", "/a"), nil); got.Kind != model.Undecided {
			t.Errorf("%s: got %v, want undecided", rewrite, got)
		}
	}
}

func TestHostRewrites(t *testing.T) {
	weighted := func(fields string) string {
		return `"weighted_clusters":{"clusters":[{"name":"c","weight":1,"host_rewrite_literal":"w.test"}]}` + fields
	}
	for _, tc := range []struct{ name, action, want string }{
		{"none", `"cluster":"c"`, "h:80"},
		{"literal", `"cluster":"c","host_rewrite_literal":"x.test"`, "x.test"},
		{"header", `"cluster":"c","host_rewrite_header":"X-Host"`, "one.test"},
		{"absent header", `"cluster":"c","host_rewrite_header":"x-none"`, "h:80"},
		{"header that the route removes", `"cluster":"c","host_rewrite_header":"x-gone"`, "h:80"},
		{"path", `"cluster":"c","host_rewrite_path_regex":{"pattern":{"regex":"^/(\\w+)/.*$"},"substitution":"\\1.test"}`, "a.test"},
		{"weighted cluster", weighted(``), "w.test"},
		{"route over weighted cluster", weighted(`,"host_rewrite_literal":"x.test"`), "x.test"},
		{"endpoint", `"cluster":"named","auto_host_rewrite":true`, "node.test"},
		{"endpoint without a name", `"cluster":"bare","auto_host_rewrite":true`, "h:80"},
		{"unknown endpoint", `"cluster":"c","auto_host_rewrite":true`, "undecided"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			route := managed(t, "", nil, hosts("", `{"match":{"prefix":"/"},"request_headers_to_remove":["x-gone"],
				"route":{"prefix_rewrite":"/",`+tc.action+`}}`))
			got := route(arriving("h:80", "/a/b", headers("x-host: one.test", "x-host: two.test", "x-gone: g")...))
			host := got.Host
			if got.Kind == model.Undecided {
				host = "undecided"
			}
			if host != tc.want {
				t.Errorf("got %q of %v, want %q", host, got, tc.want)
			}
		})
	}
}
