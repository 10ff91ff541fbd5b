package diff_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/amesh-render/amesh-render/diff"
	"github.com/amesh-render/amesh-render/render"
	"github.com/amesh-render/amesh-render/standalone"
)

// side reads a file in YAML without its last line.
func side(t *testing.T, text string) diff.Side {
	t.Helper()
	file, err := standalone.Read("test.yaml", []byte(strings.TrimSpace(text)+"\n#END\n"))
	if err != nil {
		t.Fatal(err)
	}
	c, problems := file.Config()
	if len(problems) > 0 {
		t.Fatalf("%v\n%s", problems, text)
	}
	return diff.Side{Name: "test.yaml", Objects: file.Objects(), Config: c}
}

const base = `
routes:
  - {id: r, name: shop, hosts: [a.test], uri: /*, vars: [[http_x, ==, "1"]], timeout: {connect: 1, send: 2, read: 2}, upstream_id: u}
upstreams:
  - {id: u, name: "outbound|80|v1|shop.default", type: roundrobin, retries: 1, nodes: [{host: 10.0.0.1, port: 80, weight: 1}]}
  - {id: u2, name: "outbound|80|v1|shop.default #2", type: roundrobin, retries: 9, nodes: [{host: 10.0.0.1, port: 80, weight: 1}]}
  - {id: w, name: "outbound|80|v2|shop.default", type: roundrobin, retries: 1, nodes: [{host: 10.0.0.2, port: 80, weight: 1}]}
consumers:
  - {username: jack, plugins: {key-auth: {key: a}}}
`

// text is what a person is shown.
func text(t *testing.T, old, new string, o diff.Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := diff.NewReport(diff.Compare(side(t, old), side(t, new), o)).WriteText(&b, diff.Style{}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestEachChangeIsTold(t *testing.T) {
	for _, tc := range []struct{ name, from, to, want string }{
		{"destination", "upstream_id: u}", "upstream_id: w}", `
      destination  - outbound|80|v1|shop.default (v1)
                   + outbound|80|v2|shop.default (v2)`},
		{"weights", "upstream_id: u}", "upstream_id: u, plugins: {traffic-split: {rules: [{weighted_upstreams: [{weight: 3}, {upstream_id: w, weight: 1}]}]}}}", `
                   + 75% outbound|80|v1|shop.default (v1), 25% outbound|80|v2|shop.default (v2)`},
		{"condition", `[http_x, ==, "1"]`, `[http_x, ==, "2"]`, `
      conditions  - http_x == "1"
                  + http_x == "2"`},
		{"hosts", "hosts: [a.test]", "hosts: [a.test, b.test]", "\n      hosts  + b.test"},
		{"path", "uri: /*", "uri: /shop/*", "\n      paths  - /*\n             + /shop/*"},
		{"method", "uri: /*", "uri: /*, methods: [GET]", "\n      methods  + GET"},
		{"order", "uri: /*", "uri: /*, priority: 7", "\n      order  - priority 0\n             + priority 7"},
		{"timeout", "read: 2", "read: 9", "\n      timeout  - connect 1s, idle 2s\n               + connect 1s, send 2s, read 9s"},
		{"guard", "upstream_id: u}", "upstream_id: u, plugins: {ip-restriction: {whitelist: [10.0.0.0/8]}}}",
			"\n      guard ip-restriction  + {\"whitelist\":[\"10.0.0.0/8\"]}"},
		{"refusal", "upstream_id: u}", "upstream_id: u, plugins: {fault-injection: {abort: {http_status: 403}}}}",
			"\n      answer  + refuses: 403 Forbidden"},
		{"redirect", "upstream_id: u}", "upstream_id: u, plugins: {redirect: {uri: /new, ret_code: 301}}}",
			"\n      redirect  + 301 to /new"},
		{"websocket", "uri: /*", "uri: /*, enable_websocket: true", "\n      enable_websocket  + true"},
		{"retries", "retries: 1, nodes: [{host: 10.0.0.1", "retries: 5, nodes: [{host: 10.0.0.1",
			"  ~ outbound|80|v1|shop.default  1 endpoint\n      retries  - 1\n               + 5"},
		{"another upstream of the cluster", "upstream_id: u}", "upstream_id: u2}",
			"\n      destination  - outbound|80|v1|shop.default (upstream u)\n                   + outbound|80|v1|shop.default (upstream u2)"},
		{"no endpoint left", "[{host: 10.0.0.1, port: 80, weight: 1}]", "[]", "0 endpoints: −1, none left: 503"},
		{"consumer", "key: a", "key: b", "  ~ consumers/jack\n      plugins.key-auth.key: (hidden) → (hidden, another)"},
		{"labels alone", "name: shop,", "name: shop, labels: {a: b},", "No request can notice that the ids, names or labels of 1 other object differ."},
		{"another id", "{id: r,", "{id: renamed,", "No request can notice that the ids, names or labels of 1 other object differ."},
	} {
		t.Run(tc.name, func(t *testing.T) {
			changed := strings.Replace(base, tc.from, tc.to, 1)
			if changed == base {
				t.Fatalf("%q is not in the file", tc.from)
			}
			if got := text(t, base, changed, diff.Options{}); !strings.Contains(got, strings.TrimPrefix(tc.want, "")) {
				t.Errorf("got\n%s\nwant in it\n%s", got, tc.want)
			}
		})
	}
}

func TestNothingDiffers(t *testing.T) {
	if got := text(t, base, base, diff.Options{Traffic: true}); got != "" {
		t.Errorf("got %q", got)
	}
}

// Many routes that change alike are one change.
func TestRoutesThatChangeAlikeAreFolded(t *testing.T) {
	routes := func(read int) string {
		var b strings.Builder
		b.WriteString("routes:\n")
		for i := range 100 {
			fmt.Fprintf(&b, "  - {id: r%02d, hosts: [h%02d.test], uri: /*, timeout: {connect: 1, send: 2, read: %d}, upstream_id: u}\n", i, i, read)
		}
		return b.String() + "upstreams:\n  - {id: u, type: roundrobin, nodes: []}\n"
	}
	got := text(t, routes(2), routes(3), diff.Options{})
	if lines := strings.Count(got, "\n"); lines > 12 || !strings.Contains(got, "~ … and 96 more routes") {
		t.Errorf("%d lines:\n%s", lines, got)
	}
}

// One more route before others makes no new findings of theirs.
func TestFindings(t *testing.T) {
	finding := func(message string, route int) render.Finding {
		return render.Finding{Severity: render.Dropped, Message: message, Resource: fmt.Sprintf("route_config/80 virtual_host/a route/%d", route)}
	}
	old, new := side(t, base), side(t, base)
	old.Findings = []render.Finding{finding("a", 0), finding("gone", 1)}
	new.Findings = []render.Finding{finding("a", 1), finding("a", 2), finding("new", 3)}
	f := diff.Compare(old, new, diff.Options{}).Findings
	if fmt.Sprint(f.New) != fmt.Sprint([]render.Finding{finding("a", 2), finding("new", 3)}) || len(f.Gone) != 1 || f.Gone[0].Message != "gone" {
		t.Errorf("got %+v", f)
	}
	new.Findings = nil // a file that was rendered before
	if f := diff.Compare(old, new, diff.Options{}); f.Different {
		t.Errorf("findings of one side count: %+v", f.Findings)
	}
}

// Whatever is in a file, a comment holds it, and it means nothing to markdown or a terminal.
func TestHostileTexts(t *testing.T) {
	hostile := "|`</details>\\n# x\\x1b[31m " + strings.Repeat("long ", 60)
	file := func(body string) string {
		var b strings.Builder
		b.WriteString("routes:\n")
		for i := range 3000 {
			fmt.Fprintf(&b, "  - {id: r%d, name: \"%s\", hosts: [h%d.test], uri: /*, plugins: {fault-injection: {abort: {http_status: 404, body: \"%s%d\"}}}}\n",
				i, hostile[:60], i, body, i)
		}
		return b.String()
	}
	f := diff.Compare(side(t, file("")), side(t, file(hostile)), diff.Options{})
	report := diff.NewReport(f)
	var markdown, text bytes.Buffer
	if err := report.WriteMarkdown(&markdown); err != nil {
		t.Fatal(err)
	}
	if markdown.Len() > 65_000 || !strings.Contains(markdown.String(), "too long for a comment") {
		t.Errorf("%d bytes of markdown", markdown.Len())
	}
	if opened, closed := strings.Count(markdown.String(), "\n<details>"), strings.Count(markdown.String(), "\n</details>"); opened != closed {
		t.Errorf("%d details opened, %d closed", opened, closed)
	}
	if err := report.WriteText(&text, diff.Style{}); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(text.String()+markdown.String(), "\x1b\r") {
		t.Error("an escape gets to the terminal")
	}
}

// The JSON form never has null where docs/diff.md shows a list.
func TestJSONHasNoNull(t *testing.T) {
	for _, o := range []diff.Options{{}, {Traffic: true}} {
		text, err := json.Marshal(diff.NewReport(diff.Compare(side(t, base), side(t, strings.Replace(base, "upstream_id: u}", "upstream_id: w}", 1)), o)))
		if err != nil || bytes.Contains(text, []byte("null")) {
			t.Errorf("%v: %s", err, text)
		}
	}
	if text, _ := json.Marshal(diff.NewReport(diff.Compare(diff.Side{}, side(t, base), diff.Options{}))); bytes.Contains(text, []byte("null")) {
		t.Errorf("%s", text)
	}
}
