package standalone_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/amesh-render/amesh-render/render/apisix"
	"github.com/amesh-render/amesh-render/standalone"
)

// goldens are the files that our renderer has written, by path.
func goldens(t testing.TB) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	for _, pattern := range []string{"../render/testdata/*/want.yaml", "../render/apisix/testdata/everything.*", "../examples/*/apisix*"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			out[path] = text
		}
	}
	if len(out) < 40 {
		t.Fatalf("found %d golden files only", len(out))
	}
	return out
}

func read(t testing.TB, name, text string) *standalone.File {
	t.Helper()
	f, err := standalone.Read(name, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// inJSON is a file that holds ${{HOME}} in JSON, to show what no escape prevents.
const inJSON = "../render/apisix/testdata/everything.json"

// What the renderer writes reads back as what it was made of, in every format, without a problem.
func TestReadGoldens(t *testing.T) {
	for path, text := range goldens(t) {
		if strings.Contains(path, "/user-") {
			continue // those have what users add, which Config resolves
		}
		t.Run(path, func(t *testing.T) {
			if !standalone.Is(text) {
				t.Error("not taken for a file of APISIX's")
			}
			f := read(t, path, string(text))
			config, problems := f.Config()
			if path == inJSON {
				f.Problems = nil
			}
			for _, p := range append(f.Problems, problems...) {
				t.Errorf("%d:%d: %s", p.Line, p.Column, p)
			}
			for _, format := range []apisix.Format{apisix.Block, apisix.Lines, apisix.JSON} {
				again := apisix.Encode(config, apisix.EncodeOptions{Format: format})
				name := "x.yaml"
				if format == apisix.JSON {
					name = "x.json"
				}
				got, problems := read(t, name, string(again)).Config()
				if len(problems) > 0 || !reflect.DeepEqual(got, config) {
					t.Errorf("%v: reads back otherwise: %v", format, problems)
				}
				if format == apisix.Block && filepath.Base(path) == "want.yaml" && !bytes.Equal(withoutComments(again), withoutComments(text)) {
					t.Errorf("%v: written anew it is\n%s", format, again)
				}
			}
		})
	}
}

func withoutComments(text []byte) []byte {
	var out []byte
	for line := range bytes.Lines(text) {
		if !bytes.HasPrefix(line, []byte("#")) {
			out = append(out, line...)
		}
	}
	return out
}

func TestIs(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       bool
	}{
		{"block", "routes:\n  - id: a\n", true},
		{"comment and mark", "# x\n---\nupstreams: []\n", true},
		{"quoted", "\"routes\": []\n", true},
		{"json", "{\"upstreams\": [], \"routes\": []}", true},
		{"flow", "# gen 1\n{\n\"routes\":[\n]}\n#END\n", true},
		{"only the end", "x: 1\n#END\n", true},
		{"config_dump", `{"configs": [{"@type": "x", "routes": [{"routes": 1}]}]}`, false},
		{"yaml dump", "configs:\n- x: routes\n  routes: []\n", false},
		{"discovery response", `{"version_info": "1", "resources": []}`, false},
		{"list", `[{"routes": []}]`, false},
		{"empty", "", false},
		{"gzip", "\x1f\x8b\x08", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := standalone.Is([]byte(tt.text)); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestConfig(t *testing.T) {
	f := read(t, "apisix.yaml", `
services:
  - id: 1
    hosts: [shop]
    enable_websocket: true
    upstream: {type: roundrobin, nodes: {"10.0.0.1:80": 1, "h": 2}}
    plugins:
      cors: {allow_origins: "null"}
      redirect: {uri: /from-service}
plugin_configs:
  - id: p
    plugins:
      redirect: {uri: /from-plugin-config}
      limit-count: {count: 1}
routes:
  - id: a
    uri: /a
    host: own
    remote_addrs: [10.0.0.0/8]
    vars: [[http_x, "==", "1"]]
    service_id: 1
    plugin_config_id: p
    plugins:
      proxy-mirror: {host: "http://m:1", _meta: {disable: true}}
  - id: b
    uri: /b
    service_id: "1"
  - id: c
    uri: /c
    upstream: {nodes: [{host: h, port: 1, weight: 1}]}
    plugins:
      traffic-split: {rules: [{weighted_upstreams: [{weight: 1}, {upstream: {nodes: {"x:1": 1}}}]}]}
  - {id: "off", uri: /off, status: 0, upstream_id: u}
  - {id: gone, uri: /gone, service_id: nobody}
  - {id: gone2, uri: /gone2, plugin_config_id: nobody, upstream_id: u}
  - {id: bad, uri: /bad, priority: high, upstream_id: u}
  - {id: twice, uri: /first, upstream_id: u}
  - {id: twice, uri: /second, upstream_id: u, filter_func: "function(vars) return true end"}
upstreams:
  - {id: u, create_time: 1, nodes: [], tls: {client_cert_id: c}}
global_rules:
  - {id: g, plugins: {prometheus: {}}}
#END
`)
	config, problems := f.Config()
	got, err := json.MarshalIndent(config, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s\n%v", got, problems)
	byID := map[string]*apisix.Route{}
	for _, r := range config.Routes {
		byID[r.ID] = r
	}
	a := byID["a"]
	if a == nil || !reflect.DeepEqual(a.Hosts, []string{"own"}) || a.UpstreamID != "service/1" || !a.EnableWebsocket {
		t.Errorf("route a is %+v", a)
	}
	if vars, _ := json.Marshal(a.Vars); string(vars) != `[["remote_addr","ipmatch",["10.0.0.0/8"]],["http_x","==","1"]]` {
		t.Errorf("vars are %s", vars)
	}
	if p := a.Plugins; p.Redirect.URI != "/from-plugin-config" || p.Cors.AllowMethods != "*" || p.ProxyMirror != nil || p.Other["limit-count"] == nil {
		t.Errorf("plugins of a are %+v", p)
	}
	if b := byID["b"]; !reflect.DeepEqual(b.Hosts, []string{"shop"}) || b.Plugins.Redirect.URI != "/from-service" {
		t.Errorf("route b is %+v", b)
	}
	if c := byID["c"]; c.UpstreamID != "route/c" || c.Plugins.TrafficSplit.Rules[0].WeightedUpstreams[1].UpstreamID != "route/c/0/1" {
		t.Errorf("route c is %+v", c)
	}
	if g := byID["gone"]; g.Plugins.FaultInjection.Abort.HTTPStatus != 404 || byID["gone2"].Plugins.FaultInjection.Abort.HTTPStatus != 503 {
		t.Errorf("route gone is %+v", g)
	}
	if byID["off"] != nil || byID["bad"] != nil || byID["twice"].URI != "/second" {
		t.Error("a route is there that APISIX has not")
	}
	var ids []string
	for _, u := range config.Upstreams {
		ids = append(ids, u.ID)
	}
	if want := []string{"u", "service/1", "route/c", "route/c/0/1"}; !reflect.DeepEqual(ids, want) {
		t.Errorf("upstreams are %v, want %v", ids, want)
	}
	if nodes := config.Upstreams[1].Nodes; nodes[0] != (apisix.Node{Host: "10.0.0.1", Port: 80, Weight: 1}) || nodes[1] != (apisix.Node{Host: "h", Port: 80, Weight: 2}) {
		t.Errorf("nodes are %v", nodes)
	}
	if len(config.Others["global_rules"]) != 1 || len(config.Others) != 1 {
		t.Errorf("others are %v", config.Others)
	}
	var told []string
	for _, p := range problems {
		told = append(told, p.String())
	}
	want := []string{
		`route/gone: service_id: there is no service "nobody": requests are answered 404`,
		`route/gone2: plugin_config_id: there is no plugin_config "nobody": requests are answered 503`,
		`route/bad: priority: APISIX drops the route: is the string "high", not an integer`,
		`route/twice: filter_func: what this Lua code does is not known`,
		`upstream/u: what this upstream does is not known in full: the field "client_cert_id"`,
	}
	if !reflect.DeepEqual(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
}
