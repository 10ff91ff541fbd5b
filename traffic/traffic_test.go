package traffic_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/amesh-render/amesh-render/model"
	"github.com/amesh-render/amesh-render/render/apisix"
	"github.com/amesh-render/amesh-render/standalone"
	"github.com/amesh-render/amesh-render/traffic"
)

// config reads routes, one a line in YAML's flow form, and upstreams v1, v2 and none, which has no nodes.
func config(t *testing.T, routes string) *apisix.Config {
	t.Helper()
	text := "routes:\n"
	for line := range strings.Lines(strings.TrimSpace(routes)) {
		text += "  - " + strings.TrimSpace(line) + "\n"
	}
	text += "upstreams:\n"
	for _, id := range []string{"v1", "v2"} {
		text += fmt.Sprintf("  - {id: %s, type: roundrobin, nodes: [{host: 10.0.0.1, port: 80, weight: 1}]}\n", id)
	}
	text += "  - {id: none, type: roundrobin, nodes: []}\n#END\n"
	file, err := standalone.Read("test", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	c, problems := file.Config()
	if len(problems) > 0 {
		t.Fatalf("%v\n%s", problems, text)
	}
	return c
}

// told is a change in one line: the request, and what becomes of it.
func told(c traffic.Change) string {
	r := c.Request
	words := r.MethodOrDefault() + " " + r.Authority + r.Target
	for _, h := range r.Headers {
		words += fmt.Sprintf(" %s=%s", h.Name, h.Value)
	}
	return words + ": " + outcome(c.Old) + " to " + outcome(c.New)
}

func outcome(o model.Outcome) string {
	if o.Kind == model.Routed {
		return o.Cluster + o.Path
	}
	return fmt.Sprint(o.Status)
}

func TestCompare(t *testing.T) {
	const plain = `{id: r, hosts: [a.test], uri: /*, upstream_id: v1}`
	for _, tc := range []struct {
		name, old, new string
		want           []string // changes that must be among those that are found
	}{
		{"other upstream", plain, `{id: r, hosts: [a.test], uri: /*, upstream_id: v2}`, []string{"GET a.test/: v1/ to v2/"}},
		{"header", plain, plain + "\n" + `{id: h, hosts: [a.test], uri: /*, priority: 1, vars: [[http_end_user, ==, jason]], upstream_id: v2}`,
			[]string{"GET a.test/ end-user=jason: v1/ to v2/"}},
		{"pattern", plain, plain + "\n" + `{id: h, hosts: [a.test], uri: /*, priority: 1, vars: [[uri, "~~", "\\A/(?:b|cc)[0-9]{2}\\z"]], upstream_id: v2}`,
			[]string{"GET a.test/b00: v1/b00 to v2/b00"}},
		{"absent header", `{id: r, hosts: [a.test], uri: /*, vars: [[http_x, "!", "~~", "\\A"]], upstream_id: v1}`, plain,
			[]string{"GET a.test/ x=: 404 to v1/"}},
		{"range of numbers", plain, plain + "\n" + `{id: h, hosts: [a.test], uri: /*, priority: 1, vars: [[arg_n, ">", 7]], upstream_id: v2}`,
			[]string{"GET a.test/?n=8: v1/?n=8 to v2/?n=8"}},
		{"both of two", plain, plain + "\n" + `{id: h, hosts: [a.test], uri: /*, priority: 1, vars: [[AND, [http_a, ==, "1"], [OR, [cookie_b, ==, "2"], [request_method, ==, PUT]]]], upstream_id: v2}`,
			[]string{"PUT a.test/ a=1: v1/ to v2/"}},
		{"one value for two conditions", plain, plain + "\n" + `{id: h, hosts: [a.test], uri: /*, priority: 1, vars: [[http_a, "~~", "\\A"], [http_a, "!", "~~", "\\A(?:|xx)\\z"]], upstream_id: v2}`,
			[]string{"GET a.test/ a=x: v1/ to v2/"}},
		{"order", `{id: a, hosts: [a.test], uri: /*, priority: 1, vars: [[http_a, ==, "1"]], upstream_id: v1}
			{id: b, hosts: [a.test], uri: /*, priority: 2, vars: [[http_b, ==, "1"]], upstream_id: v2}`,
			`{id: a, hosts: [a.test], uri: /*, priority: 2, vars: [[http_a, ==, "1"]], upstream_id: v1}
			{id: b, hosts: [a.test], uri: /*, priority: 1, vars: [[http_b, ==, "1"]], upstream_id: v2}`,
			[]string{"GET a.test/ a=1 b=1: v2/ to v1/"}},
		{"longer path", plain, plain + "\n" + `{id: p, hosts: [a.test], uri: "/api/*", upstream_id: v2}`,
			[]string{"GET a.test/api/: v1/api/ to v2/api/"}},
		{"method", plain, `{id: r, hosts: [a.test], uri: /*, methods: [GET, PUT], upstream_id: v1}`,
			[]string{"REPORT a.test/: v1/ to 404"}},
		{"wildcard host", plain, plain + "\n" + `{id: w, hosts: ["*.b.test"], uri: /*, upstream_id: v2}`,
			[]string{"GET some.b.test/: 404 to v2/"}},
		{"hosts that a condition looks for", plain, plain + "\n" + `{id: w, uri: /*, vars: [[host, "~~", "\\Ac-."]], upstream_id: v2}`,
			[]string{"GET c-x/: 404 to v2/"}},
		{"no nodes", plain, `{id: r, hosts: [a.test], uri: /*, upstream_id: none}`, []string{"GET a.test/: v1/ to 503"}},
		{"rewrite", plain, `{id: r, hosts: [a.test], uri: /*, upstream_id: v1, plugins: {proxy-rewrite: {regex_uri: ["\\A/old", "/new"]}}}`,
			[]string{"GET a.test/old: v1/old to v1/new"}},
		{"client", plain, plain + "\n" + `{id: c, hosts: [a.test], uri: /*, priority: 1, vars: [[remote_addr, ipmatch, [10.1.0.0/16]]], upstream_id: v2}`,
			[]string{"GET a.test/: v1/ to v2/"}},
		{"chance", plain, `{id: r, hosts: [a.test], uri: /*, upstream_id: v1, plugins: {fault-injection: {abort: {http_status: 418, percentage: 30}}}}`,
			[]string{"GET a.test/: v1/ to 418"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			found := traffic.Compare(config(t, tc.old), config(t, tc.new))
			var all []string
			for _, c := range found.Changes {
				all = append(all, told(c))
			}
			for _, want := range tc.want {
				if !slices.Contains(all, want) {
					t.Errorf("got\n  %s\nwant among them\n  %s", strings.Join(all, "\n  "), want)
				}
			}
			if len(found.Unreached) > 0 {
				t.Errorf("no request took %q", found.Unreached)
			}
		})
	}
}

// Nothing is asked where nothing can have changed.
func TestCompareTriesOnlyWhatDiffers(t *testing.T) {
	const same = `{id: a, hosts: [a.test], uri: /*, upstream_id: v1}`
	if found := traffic.Compare(config(t, same), config(t, same)); found.Requests != 0 {
		t.Errorf("%d requests for configurations that are the same", found.Requests)
	}
	found := traffic.Compare(config(t, same+"\n"+`{id: b, hosts: [b.test], uri: /*, upstream_id: v1}`),
		config(t, same+"\n"+`{id: b, hosts: [b.test], uri: /*, upstream_id: v2}`))
	if len(found.Changes) != 1 || found.Changes[0].Request.Authority != "b.test" || found.Changes[0].Others == 0 {
		t.Errorf("got %+v", found.Changes)
	}
}

// A route that nothing can come to is named.
func TestCompareNamesWhatItDoesNotReach(t *testing.T) {
	const first = `{id: a, hosts: [a.test], uri: /*, priority: 1, upstream_id: v1}`
	found := traffic.Compare(config(t, first), config(t, first+"\n"+`{id: hidden, hosts: [a.test], uri: /*, upstream_id: v2}`))
	if !slices.Equal(found.Unreached, []string{"hidden"}) || len(found.Changes) != 0 {
		t.Errorf("got %+v", found)
	}
}

// Deeply nested conditions take no time that grows with their depth's power of two.
func TestCompareNestedConditions(t *testing.T) {
	x := apisix.Compare("http_a0", "==", "1")
	for i := range 40 {
		x = apisix.Not(apisix.Or(x, apisix.And(apisix.Compare(fmt.Sprintf("http_a%d", i), "==", "1"), x)))
		if i > 8 {
			x.Operands = x.Operands[:1]
			x.Operands = append(x.Operands, apisix.Compare("http_b", "==", "2"))
		}
	}
	old := &apisix.Config{Routes: []*apisix.Route{{ID: "r", URI: "/*", UpstreamID: "v1"}}}
	new := &apisix.Config{Routes: []*apisix.Route{{ID: "r", URI: "/*", UpstreamID: "v1", Vars: []apisix.Expr{x}}}}
	if found := traffic.Compare(old, new); found.Requests == 0 {
		t.Error("nothing was tried")
	}
}
