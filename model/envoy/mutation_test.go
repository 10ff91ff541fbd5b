package envoy

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/amesh-render/amesh-render/model"
)

// option is the JSON of a HeaderValueOption; more are its other fields.
func option(name, value, more string) string {
	return `{"header":{"key":"` + name + `","value":"` + value + `"}` + optional(more) + `}`
}

// both are fields that do the same to requests and responses.
func both(add []string, remove string) string {
	var out []string
	for _, kind := range []string{"request", "response"} {
		out = append(out, `"`+kind+`_headers_to_add":[`+strings.Join(add, ",")+`],"`+kind+`_headers_to_remove":[`+remove+`]`)
	}
	return strings.Join(out, ",")
}

func TestHeaderOperationsOfOneLevel(t *testing.T) {
	const ifAbsent, overwrite, ifExists = `"append_action":"ADD_IF_ABSENT"`, `"append_action":"OVERWRITE_IF_EXISTS_OR_ADD"`,
		`"append_action":"OVERWRITE_IF_EXISTS"`
	for _, tc := range []struct {
		name   string
		add    []string
		remove string
		want   string
	}{
		{"append", []string{option("x-a", "2", "")}, ``, "x-a: 1,2"},
		{"append twice", []string{option("X-A", "2", ""), option("x-a", "3", "")}, ``, "x-a: 1,2,3"},
		{"add", []string{option("x-b", "2", "")}, ``, "x-a: 1; x-b: 2"},
		{"overwrite", []string{option("x-a", "2", overwrite)}, ``, "x-a: 2"},
		{"overwrite what is absent", []string{option("x-b", "2", overwrite)}, ``, "x-a: 1; x-b: 2"},
		{"overwrite if exists", []string{option("x-a", "2", ifExists), option("x-b", "2", ifExists)}, ``, "x-a: 2"},
		{"add if absent", []string{option("x-a", "2", ifAbsent), option("x-b", "2", ifAbsent)}, ``, "x-a: 1; x-b: 2"},
		{"two of them if absent: neither sees the other", []string{option("x-b", "2", ifAbsent), option("x-b", "3", ifAbsent)}, ``,
			"x-a: 1; x-b: 2,3"},
		{"overwrites come before additions", []string{option("x-a", "2", ""), option("x-a", "3", overwrite)}, ``, "x-a: 3,2"},
		{"deprecated append", []string{option("x-a", "2", `"append":false`)}, ``, "x-a: 2"},
		{"deprecated append, true", []string{option("x-a", "2", `"append":true`)}, ``, "x-a: 1,2"},
		{"removals come first", []string{option("x-a", "2", "")}, `"X-A"`, "x-a: 2"},
		{"removed is absent", []string{option("x-a", "2", ifAbsent)}, `"x-a"`, "x-a: 2"},
		{"removed does not exist", []string{option("x-a", "2", ifExists)}, `"x-a"`, ""},
		{"empty", []string{option("x-b", "", "")}, ``, "x-a: 1"},
		{"empty, kept", []string{option("x-b", "", `"keep_empty_value":true`)}, ``, "x-a: 1; x-b: "},
		{"empty does not overwrite", []string{option("x-a", "", overwrite)}, ``, "x-a: 1"},
		{"characters", []string{option("x-b", `$a: \\ 100%% \"`, "")}, ``, `x-a: 1; x-b: $a: \ 100% "`},
		{"the proxy's own", []string{option("x-envoy-b", "1", "")}, ``, "x-a: 1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			rc := table(t, `{`+hosts("", `{"match":{"prefix":"/"},`+both(tc.add, tc.remove)+`,"route":{"cluster":"c"}}`)+`}`)
			r := get("h", "/", headers("x-a: 1", "x-request-id: 7")...)
			r.Response = headers("x-a: 1", "server: s")
			got := rc.Route(r, nil)
			if shown(got.Headers) != tc.want || shown(got.ResponseHeaders) != tc.want {
				t.Errorf("got %q and %q of %v, want %q", shown(got.Headers), shown(got.ResponseHeaders), got, tc.want)
			}
			if len(r.Headers) != 2 || r.Headers[0].Value != "1" {
				t.Errorf("the request itself was changed: %v", r.Headers)
			}
		})
	}
}

func TestOrderOfLevels(t *testing.T) {
	level := func(name string) string {
		return both([]string{option("x-o", name, `"append_action":"OVERWRITE_IF_EXISTS_OR_ADD"`), option("x-l", name, "")}, "")
	}
	for _, tc := range []struct{ name, fields, want string }{
		{"most specific first", ``, "x-l: cluster,route,host,table; x-o: table"},
		{"most specific wins", `"most_specific_header_mutations_wins":true,`, "x-l: cluster,table,host,route; x-o: route"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			rc := table(t, `{`+tc.fields+level("table")+`,`+hosts(level("host")+`,`, `{"match":{"prefix":"/"},`+level("route")+`,
				"route":{"weighted_clusters":{"clusters":[{"name":"a","weight":1,`+level("cluster")+`},
				{"name":"b","weight":1,`+level("other")+`}]}}}`)+`}`)
			got := rc.Route(get("h", "/"), nil)
			if shown(got.Headers) != tc.want || shown(got.ResponseHeaders) != tc.want || got.Cluster != "a" {
				t.Errorf("got %q and %q of %v, want %q", shown(got.Headers), shown(got.ResponseHeaders), got, tc.want)
			}
		})
	}
}

func TestCommandOperators(t *testing.T) {
	for _, tc := range []struct{ value, want string }{
		{"%PROTOCOL%", "HTTP/1.1"},
		{"%DOWNSTREAM_REMOTE_ADDRESS%", "10.3.0.1:40000"},
		{"<%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%>", "<10.3.0.1>"},
		{"%DOWNSTREAM_LOCAL_ADDRESS%", "10.0.0.1:8001"},
		{"%DOWNSTREAM_LOCAL_PORT%", "8001"},
		{"%REQ(X-B)%", "b1"},
		{"%REQ(x-none?x-b)%", "b1"},
		{"%REQ(x-b):1%", "b"},
		{"%REQ(:path)%", "/p?q"},
		{"%REQ(:METHOD)% %REQ(:authority)%", "GET h:80"},
		{"-%REQ(x-none)%-", "--"},
		{"%REQ(x-none)%", ""},
		{"100%%", "100%"},
		{"%%REQ(x-b)%%", "%REQ(x-b)%"},
		{"%REQUESTED_SERVER_NAME%", ""},
		{"%START_TIME%", "undecided"},
		{"%REQ()%", "undecided"},
		{"50% off", "undecided"},
		{"%", "undecided"},
	} {
		t.Run(tc.value, func(t *testing.T) {
			route := managed(t, "", nil, hosts("", `{"match":{"prefix":"/"},"request_headers_to_add":[`+
				option("x-a", tc.value, "")+`],"route":{"cluster":"c"}}`))
			o := route(arriving("h:80", "/p?q", headers("x-b: b1", "x-b: b2")...))
			got := strings.Join(values(o.Headers, "x-a"), "|")
			if o.Kind == model.Undecided {
				got = "undecided"
			}
			if got != tc.want {
				t.Errorf("got %q of %v, want %q", got, o, tc.want)
			}
		})
	}
}

// TestResponsesSeeTheRequestAsItWentOut: operations on the response see what those on the request, and the rewrite, did.
func TestResponsesSeeTheRequestAsItWentOut(t *testing.T) {
	rc := table(t, `{`+hosts("", `{"match":{"prefix":"/"},"request_headers_to_add":[`+option("x-n", "n", "")+`],
		"response_headers_to_add":[`+option("x-r", "%REQ(x-n)%%REQ(:path)%%RESP(x-s)%", "")+`],
		"route":{"cluster":"c","prefix_rewrite":"/x"}}`)+`}`)
	r := get("h", "/a")
	r.Response = headers("x-s: s")
	if got, want := shown(rc.Route(r, nil).ResponseHeaders), "x-r: n/xas; x-s: s"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestPseudoHeadersCannotBeChanged(t *testing.T) {
	for _, fields := range []string{
		`"request_headers_to_add":[` + option("Host", "x", "") + `]`, `"request_headers_to_remove":[":path"]`,
		`"response_headers_to_add":[` + option(":status", "200", "") + `]`,
	} {
		rc := table(t, `{`+hosts("", `{"match":{"prefix":"/"},`+fields+`,"route":{"cluster":"c"}}`)+`}`)
		if got := rc.Route(get("h", "/"), nil); got.Kind != model.Undecided {
			t.Errorf("%s: got %v, want undecided", fields, got)
		}
	}
}

func TestClientAddress(t *testing.T) {
	for _, tc := range []struct{ fields, forwarded, want string }{
		{``, "", "10.3.0.1:40000"},
		{``, "1.1.1.1, 2.2.2.2", "2.2.2.2:0"},
		{``, "1.1.1.1, x", "10.3.0.1:40000"},
		{``, "::1", "[::1]:0"},
		{`"xff_num_trusted_hops":1`, "1.1.1.1,2.2.2.2", "1.1.1.1:0"},
		{`"xff_num_trusted_hops":2`, "1.1.1.1,2.2.2.2", "10.3.0.1:40000"},
		{`"use_remote_address":true`, "1.1.1.1", "10.3.0.1:40000"},
		{`"use_remote_address":true,"xff_num_trusted_hops":1`, "1.1.1.1,2.2.2.2", "2.2.2.2:0"},
		{`"use_remote_address":true,"xff_num_trusted_hops":3`, "1.1.1.1,2.2.2.2", "10.3.0.1:40000"},
	} {
		t.Run(tc.fields+tc.forwarded, func(t *testing.T) {
			route := managed(t, tc.fields, nil, hosts("", `{"match":{"prefix":"/"},"request_headers_to_add":[`+
				option("x-c", "%DOWNSTREAM_REMOTE_ADDRESS%", "")+`],"route":{"cluster":"c"}}`))
			r := arriving("h", "/")
			if tc.forwarded != "" {
				r.Headers = headers("x-forwarded-for: " + tc.forwarded)
			}
			if got := values(route(r).Headers, "x-c"); len(got) != 1 || netip.MustParseAddrPort(got[0]).String() != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}
