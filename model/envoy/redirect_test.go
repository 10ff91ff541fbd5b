package envoy

import "testing"

func TestRedirects(t *testing.T) {
	for _, tc := range []struct{ redirect, host, target, want string }{
		{`"host_redirect":"x.test"`, "a.test:80", "/a?q", "http://x.test/a?q"},
		{`"port_redirect":8443`, "a.test:80", "/", "http://a.test:8443/"},
		{`"port_redirect":8443,"host_redirect":"x.test"`, "a.test:80", "/", "http://x.test:8443/"},
		{`"https_redirect":true`, "a.test:80", "/", "https://a.test/"},
		{`"https_redirect":true`, "a.test:8080", "/", "https://a.test:8080/"},
		{`"https_redirect":true`, "[::1]:80", "/", "https://[::1]/"},
		{`"https_redirect":true`, "[::1]", "/", "https://[::1]/"},
		{`"scheme_redirect":"ftp"`, "a.test:80", "/", "ftp://a.test/"},
		{`"scheme_redirect":"http"`, "a.test:80", "/", "http://a.test:80/"},
		{`"path_redirect":"/x"`, "a.test", "/a?q", "http://a.test/x?q"},
		{`"path_redirect":"x"`, "a.test", "/a", "http://a.test/x"},
		{`"path_redirect":"/x?y"`, "a.test", "/a?q", "http://a.test/x?y"},
		{`"path_redirect":"/x?y","strip_query":true`, "a.test", "/a?q", "http://a.test/x?y"},
		{`"path_redirect":"/x","strip_query":true`, "a.test", "/a?q", "http://a.test/x"},
		{`"strip_query":true`, "a.test", "/a?q", "http://a.test/a"},
		{`"prefix_rewrite":"/x"`, "a.test", "/a/b?q", "http://a.test/x/b?q"},
		{`"prefix_rewrite":"x"`, "a.test", "/a/b?q", "http://a.test/x/b?q"},
		{`"regex_rewrite":{"pattern":{"regex":"^/a/(.*)$"},"substitution":"/\\1/x"}`, "a.test", "/a/b?q", "http://a.test/b/x?q"},
		{`"regex_rewrite":{"pattern":{"regex":".*"},"substitution":""}`, "a.test", "/a/b?q", "http://a.test/a/b?q"},
	} {
		t.Run(tc.redirect+tc.host, func(t *testing.T) {
			rc := table(t, `{`+hosts("", `{"match":{"prefix":"/a"},"redirect":{`+tc.redirect+`}},
				{"match":{"prefix":"/"},"redirect":{`+tc.redirect+`}}`)+`}`)
			if got := shown(rc.Route(get(tc.host, tc.target), nil).ResponseHeaders); got != "location: "+tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestAnswersHaveTheirHeaders(t *testing.T) {
	const add = `"response_headers_to_add":[{"header":{"key":"x-a","value":"1"}},{"header":{"key":"content-type","value":"t/t"}}]`
	for _, tc := range []struct{ name, vh, action, want string }{
		{"redirect", ``, `"redirect":{"path_redirect":"/x"}`, "location: http://h:80/x?q; x-a: 1"},
		{"direct response", ``, `"direct_response":{"status":403,"body":{"inline_string":"no"}}`, "content-type: t/t; x-a: 1"},
		{"without a body", ``, `"direct_response":{"status":403}`, "x-a: 1"},
		{"status of a redirect", ``, `"direct_response":{"status":301}`, "location: http://h:80/a?q; x-a: 1"},
		{"to TLS", `"require_tls":"ALL",`, `"direct_response":{"status":200}`, "location: https://h:80/a?q"},
		{"no cluster", ``, `"route":{"cluster_header":"x-none"}`, "x-a: 1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			rc := table(t, `{`+hosts(tc.vh, `{"match":{"prefix":"/"},`+add+`,`+tc.action+`}`)+`}`)
			if got := shown(rc.Route(get("h:80", "/a?q"), nil).ResponseHeaders); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}
