package envoy

import (
	"net/http"
	"testing"

	"github.com/amesh-render/amesh-render/model"
)

const anyone = `[{"any":true}]`

// rules is the filter RBAC with one policy.
func rules(action, permissions, principals string) string {
	return `rbac|rbac.v3.RBAC|,"rules":{"action":"` + action + `","policies":{"p":{"permissions":` + permissions +
		`,"principals":` + principals + `}}}`
}

const toC = `{"match":{"prefix":"/"},"route":{"cluster":"c"}}`

func TestPermissionsAndPrincipals(t *testing.T) {
	permission := func(s string) [2]string { return [2]string{"[{" + s + "}]", anyone} }
	principal := func(s string) [2]string { return [2]string{anyone, "[{" + s + "}]"} }
	cidr := func(field, ip, bits string) string {
		return `"` + field + `":{"address_prefix":"` + ip + `","prefix_len":` + bits + `}`
	}
	for _, tc := range []struct {
		name string
		rule [2]string
		want any // holds
	}{
		{"any", permission(`"any":true`), true},
		{"header", permission(`"header":{"name":"x-a","string_match":{"exact":"1"}}`), true},
		{"absent header, inverted", permission(`"header":{"name":"x-z","string_match":{"exact":"1"},"invert_match":true}`), false},
		{"method", permission(`"header":{"name":":method","string_match":{"exact":"GET"}}`), true},
		{"host", permission(`"header":{"name":":authority","string_match":{"exact":"a.test","ignore_case":true}}`), true},
		{"path, without the query", permission(`"url_path":{"path":{"exact":"/p"}}`), true},
		{"path is normalised", permission(`"url_path":{"path":{"prefix":"/x"}}`), false},
		{"template", permission(`"uri_template":{"name":"t","typed_config":{"@type":"type.googleapis.com/` +
			`envoy.extensions.path.match.uri_template.v3.UriTemplateMatchConfig","path_template":"/*"}}`), true},
		{"destination port", permission(`"destination_port":8001`), true},
		{"port range ends before its end", permission(`"destination_port_range":{"start":8000,"end":8001}`), false},
		{"port range", permission(`"destination_port_range":{"start":8001,"end":8002}`), true},
		{"destination", permission(cidr("destination_ip", "10.0.0.0", "8")), true},
		{"other destination", permission(cidr("destination_ip", "10.1.0.0", "16")), false},
		{"no server name", permission(`"requested_server_name":{"exact":""}`), true},
		{"metadata", permission(`"metadata":{"filter":"f","path":[{"key":"k"}],"value":{"present_match":true}}`), false},
		{"no metadata", permission(`"metadata":{"filter":"f","path":[{"key":"k"}],"value":{"present_match":false}}`), false},
		{"inverted metadata", permission(`"metadata":{"filter":"f","path":[{"key":"k"}],"value":{"present_match":true},"invert":true}`), true},
		{"metadata of RBAC itself", permission(`"metadata":{"filter":"envoy.filters.http.rbac","path":[{"key":"k"}],"value":{"present_match":true}}`), nil},
		{"not", permission(`"not_rule":{"destination_port":8002}`), true},
		{"and", permission(`"and_rules":{"rules":[{"any":true},{"destination_port":8002}]}`), false},
		{"or", permission(`"or_rules":{"rules":[{"destination_port":8002},{"any":true}]}`), true},
		{"not of a nest", permission(`"not_rule":{"or_rules":{"rules":[{"destination_port":8002},{"not_rule":{"any":true}}]}}`), true},
		{"unknown", permission(`"matcher":{"name":"m","typed_config":{"@type":"type.googleapis.com/google.protobuf.Empty"}}`), nil},
		{"unknown, but it does not matter", permission(`"or_rules":{"rules":[{"any":true},{"matcher":{"name":"m",
			"typed_config":{"@type":"type.googleapis.com/google.protobuf.Empty"}}}]}`), true},
		{"peer", principal(cidr("direct_remote_ip", "10.3.0.1", "32")), true},
		{"source", principal(cidr("source_ip", "10.3.0.2", "32")), false},
		{"client", principal(cidr("remote_ip", "9.9.9.9", "32")), true},
		{"client is not the peer", principal(cidr("remote_ip", "10.3.0.1", "32")), false},
		{"authenticated", principal(`"authenticated":{}`), false},
		{"not authenticated", principal(`"not_id":{"authenticated":{"principal_name":{"exact":"p"}}}`), true},
		{"filter state", principal(`"filter_state":{"key":"io.istio.peer_principal","string_match":{"prefix":""}}`), false},
		{"principal's header", principal(`"header":{"name":"x-a","present_match":true}`), true},
		{"principal's path", principal(`"url_path":{"path":{"safe_regex":{"regex":"/p"}}}`), true},
		{"and of principals", principal(`"and_ids":{"ids":[{"any":true},{"not_id":{"any":true}}]}`), false},
		{"or of principals", principal(`"or_ids":{"ids":[{"authenticated":{}},{"any":true}]}`), true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := arriving("A.test", "/x/../p?q", headers("x-a: 1", "x-forwarded-for: 9.9.9.9")...)
			for action, refusedIf := range map[string]bool{"ALLOW": false, "DENY": true} {
				route := managed(t, `"normalize_path":true`, []string{rules(action, tc.rule[0], tc.rule[1])}, hosts("", toC))
				want := any("c")
				if tc.want == nil {
					want = "undecided"
				} else if tc.want == refusedIf {
					want = http.StatusForbidden
				}
				if got := route(r); result(got) != want {
					t.Errorf("%s: got %v, want %v", action, got, want)
				}
			}
		})
	}
}

func TestRBACAnswers(t *testing.T) {
	nobody := `[{"not_id":{"any":true}}]`
	perRoute := func(config string) string {
		return `"typed_per_filter_config":{"rbac":{"@type":"type.googleapis.com/` + config + `}}`
	}
	const own = `envoy.extensions.filters.http.rbac.v3.RBACPerRoute"`
	for _, tc := range []struct {
		name, filter, fields string
		want                 any
	}{
		{"no policy allows", rules("ALLOW", anyone, nobody), ``, 403},
		{"no policy denies", rules("DENY", anyone, nobody), ``, "c"},
		{"log", rules("LOG", anyone, anyone), ``, "c"},
		{"no rules", `rbac|rbac.v3.RBAC|`, ``, "c"},
		{"shadow rules", `rbac|rbac.v3.RBAC|,"shadow_rules":{"action":"ALLOW"}`, ``, "c"},
		{"allow without policies", `rbac|rbac.v3.RBAC|,"rules":{"action":"ALLOW"}`, ``, 403},
		{"condition", `rbac|rbac.v3.RBAC|,"rules":{"policies":{"p":{"permissions":` + anyone + `,"principals":` + anyone +
			`,"condition":{}}}}`, ``, "undecided"},
		{"matcher", `rbac|rbac.v3.RBAC|,"matcher":{}`, ``, "undecided"},
		{"the route allows", rules("DENY", anyone, anyone), perRoute(own), "c"},
		{"the route refuses", rules("ALLOW", anyone, anyone), perRoute(own + `,"rbac":{"rules":{"action":"ALLOW"}}`), 403},
		{"the route disables", rules("DENY", anyone, anyone), perRoute(`envoy.config.route.v3.FilterConfig","disabled":true`), "c"},
		{"the route enables only", rules("DENY", anyone, anyone), perRoute(`envoy.config.route.v3.FilterConfig","config":{}`), 403},
	} {
		t.Run(tc.name, func(t *testing.T) {
			route := managed(t, "", []string{tc.filter}, hosts("", `{"match":{"prefix":"/"},"route":{"cluster":"c"}`+optional(tc.fields)+`}`))
			got := route(arriving("h", "/"))
			if result(got) != tc.want {
				t.Errorf("got %v, want %v", got, tc.want)
			}
			if got.Status == 403 && (got.Body != "RBAC: access denied" || got.Filter != "rbac") {
				t.Errorf("got the body %q of %q", got.Body, got.Filter)
			}
		})
	}
}

// TestFiltersGuardWhatTheRouterAnswers: filters see requests for which there is no route, and no forwarding one.
func TestFiltersGuardWhatTheRouterAnswers(t *testing.T) {
	for _, routes := range []string{
		`{"match":{"path":"/none"},"route":{"cluster":"c"}}`, `{"match":{"prefix":"/"},"direct_response":{"status":200}}`,
		`{"match":{"prefix":"/"},"redirect":{}}`,
	} {
		route := managed(t, "", []string{rules("DENY", anyone, anyone)}, hosts("", routes))
		if got := route(arriving("h", "/")); result(got) != 403 {
			t.Errorf("%s: got %v, want 403", routes, got)
		}
	}
	route := managed(t, "", []string{rules("DENY", anyone, anyone)}, hosts(`"require_tls":"ALL",`))
	if got := route(arriving("h", "/")); result(got) != 403 {
		t.Errorf("require_tls: got %v, want 403", got)
	}
}

func TestMostSpecificConfigurationWins(t *testing.T) {
	config := func(refuse bool) string {
		action := "DENY"
		if refuse {
			action = "ALLOW"
		}
		return `"typed_per_filter_config":{"rbac":{` + filterTypes + `rbac.v3.RBACPerRoute","rbac":{"rules":{"action":"` + action + `"}}}}`
	}
	for _, tc := range []struct {
		name                       string
		table, host, route, weight string
		want                       any
	}{
		{"route configuration", config(true), "", "", "", 403},
		{"virtual host", config(true), config(false), "", "", "c"},
		{"route", "", config(false), config(true), "", 403},
		{"weighted cluster", "", "", config(true), config(false), "c"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			host := tc.host
			if host != "" {
				host += ","
			}
			text := hosts(host, `{"match":{"prefix":"/"},"route":{"weighted_clusters":{"clusters":[
				{"name":"c","weight":1`+optional(tc.weight)+`}]}}`+optional(tc.route)+`}`)
			route := managed(t, "", []string{"rbac|rbac.v3.RBAC|"}, text+optional(tc.table))
			if got := route(arriving("h", "/")); result(got) != tc.want {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

func TestOtherFilters(t *testing.T) {
	for _, tc := range []struct {
		name, filter string
		want         any
	}{
		{"router", `r|router.v3.Router|`, "c"},
		{"statistics", `s|grpc_stats.v3.FilterConfig|`, "c"},
		{"unknown", `l|lua.v3.Lua|,"inline_code":"x"`, "undecided"},
		{"ext_authz", `a|ext_authz.v3.ExtAuthz|`, "undecided"},
		{"ext_authz, disabled by the route", `off|ext_authz.v3.ExtAuthz|`, "c"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			route := managed(t, "", []string{tc.filter}, hosts(`"typed_per_filter_config":{"off":{`+filterTypes+
				`ext_authz.v3.ExtAuthzPerRoute","disabled":true}},`, toC))
			if got := route(arriving("h", "/")); result(got) != tc.want {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

func TestAnswersToGRPC(t *testing.T) {
	route := managed(t, "", []string{rules("DENY", anyone, anyone)}, hosts("", toC))
	got := route(arriving("h", "/", headers("content-type: application/grpc")...))
	want := "content-type: application/grpc; grpc-message: RBAC: access denied; grpc-status: 7"
	if got.Status != http.StatusOK || got.Kind != model.Answered || shown(got.ResponseHeaders) != want || got.Body != "" {
		t.Errorf("got %v with %q and body %q, want 200 with %q", got, shown(got.ResponseHeaders), got.Body, want)
	}
}
