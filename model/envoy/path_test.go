package envoy

import (
	"testing"

	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
)

func TestCanonicalPath(t *testing.T) {
	for _, tc := range []struct{ target, want string }{
		{"/a/b", "/a/b"},
		{"/a/../b?x=/../", "/b?x=/../"},
		{"/a/./b", "/a/b"},
		{"/a/b/..", "/a/"},
		{"/a/.", "/a/"},
		{"/..", "/"},
		{"/../../a", "/a"},
		{"/a/%2e%2E/b", "/b"},
		{"/a/.%2e", "/"},
		{`/a\b\..\c`, "/a/c"},
		{"/%61%7E%2d", "/a~-"},
		{"/a%2Fb%2f", "/a%2Fb%2f"},
		{"/a%5Cb", "/a%5Cb"},
		{"/%zz%4", "/%zz%4"},
		{"//a//b", "//a//b"},
		{"/a//..", "/a/"},
		{"/a/...", "/a/..."},
		{"/a.b/..c", "/a.b/..c"},
		{"/a b<", "/a%20b%3C"},
	} {
		if got, ok := canonical(tc.target); !ok || got != tc.want {
			t.Errorf("%s: got %q, %t, want %q", tc.target, got, ok, tc.want)
		}
	}
	if got, ok := canonical("/a%00"); ok {
		t.Errorf("NUL: got %q, want a refusal", got)
	}
}

func TestNormalisation(t *testing.T) {
	for _, tc := range []struct {
		name, manager, target string
		status                int
		want                  string
	}{
		{"off", `{}`, "/a/../b", 0, "/a/../b"},
		{"on", `{"normalize_path":true}`, "/a/../b", 0, "/b"},
		{"slashes are merged last", `{"normalize_path":true,"merge_slashes":true}`, "/a//..//b", 0, "/a/b"},
		{"not in the query", `{"merge_slashes":true}`, "//a?x=//", 0, "/a?x=//"},
		{"escaped slashes are kept", `{"path_with_escaped_slashes_action":"KEEP_UNCHANGED"}`, "/a%2Fb", 0, "/a%2Fb"},
		{"refused", `{"path_with_escaped_slashes_action":"REJECT_REQUEST"}`, "/a%2Fb", 400, ""},
		{"redirected", `{"path_with_escaped_slashes_action":"UNESCAPE_AND_REDIRECT"}`, "/a%5cb", 307, ""},
		{"decoded first", `{"path_with_escaped_slashes_action":"UNESCAPE_AND_FORWARD","normalize_path":true}`,
			"/a%2f..%5Cb", 0, "/b"},
		{"not found in the query", `{"path_with_escaped_slashes_action":"REJECT_REQUEST"}`, "/a?x=%2F", 0, "/a?x=%2F"},
		{"fragment", `{}`, "/a#b", 400, ""},
		{"NUL", `{"normalize_path":true}`, "/%00", 400, ""},
		{"no slash", `{}`, "a", 404, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := &manager{msg: parse[*hcmv3.HttpConnectionManager](t, tc.manager)}
			q := newRequest(get("h", tc.target))
			status, why := m.normalise(q, 80)
			if status != tc.status || status == 0 && q.target != tc.want {
				t.Errorf("got %q, status %d (%s), want %q, status %d", q.target, status, why, tc.want, tc.status)
			}
		})
	}
}

func TestHostStripping(t *testing.T) {
	for _, tc := range []struct{ manager, host, want string }{
		{`{}`, "a.:80", "a.:80"},
		{`{"strip_any_host_port":true}`, "a:81", "a"},
		{`{"strip_any_host_port":true}`, "[::1]", "[::1]"},
		{`{"strip_matching_host_port":true}`, "a:80", "a"},
		{`{"strip_matching_host_port":true}`, "a:81", "a:81"},
		{`{"strip_trailing_host_dot":true}`, "a.:81", "a:81"},
	} {
		m := &manager{msg: parse[*hcmv3.HttpConnectionManager](t, tc.manager)}
		q := newRequest(get(tc.host, "/"))
		if m.normalise(q, 80); q.authority != tc.want {
			t.Errorf("%s %s: got %q, want %q", tc.manager, tc.host, q.authority, tc.want)
		}
	}
}
