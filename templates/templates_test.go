package templates_test

import (
	"bytes"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/amesh-render/amesh-render/render/apisix"
	"github.com/amesh-render/amesh-render/templates"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var sidecar = templates.Settings{
	OutboundPort: 15001, InboundPort: 15006, OutboundTCPPort: 15002, InboundTCPPort: 15007,
	IPv6: true, Workers: "2", Lua: true, LuaPath: "/usr/local/apisix/conf/lua/?.lua",
	Plugins: []string{"proxy-rewrite", "amesh-split"}, StreamPlugins: []string{"traffic-split"},
	ErrorLogLevel: "warn", AccessLog: true, ShutdownTimeout: "25s",
}

var gateway = templates.Settings{
	Gateway: true, Listen: []int{80, 8080}, TCPListen: []int{3306}, Workers: "auto",
	Plugins: []string{"proxy-rewrite"}, Resolvers: []string{"10.96.0.10"}, BufferAnswers: true,
	ErrorLogLevel: "info", ShutdownTimeout: "60s", TrustStore: "/etc/ca.pem", VerifyUpstreams: true,
}

// Both roles, with every switch on in one and off in the other.
func TestConfigGolden(t *testing.T) {
	for name, settings := range map[string]templates.Settings{"sidecar": sidecar, "gateway": gateway} {
		got := config(t, settings)
		path := filepath.Join("testdata", name+".yaml")
		if *update {
			if err := os.WriteFile(path, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s: not as in %s: run go test ./templates -update and read the difference\n%s", name, path, got)
		}
	}
}

func config(t *testing.T, s templates.Settings) []byte {
	t.Helper()
	text, err := templates.Config(s)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// What matters is what APISIX reads, not how it is written.
func TestConfigSays(t *testing.T) {
	for _, tc := range []struct {
		settings templates.Settings
		path     string
		want     any
	}{
		{sidecar, "deployment.role", "data_plane"},
		{sidecar, "deployment.role_data_plane.config_provider", "yaml"},
		{sidecar, "apisix.node_listen", []any{15001, 15006}},
		{sidecar, "apisix.stream_proxy.tcp", []any{15002, "[::]:15002", 15007, "[::]:15007"}},
		{sidecar, "apisix.router.http", "radixtree_host_uri"},
		{sidecar, "apisix.extra_lua_path", "/usr/local/apisix/conf/lua/?.lua"},
		{sidecar, "nginx_config.http.real_ip_from", []any{"unix:"}},
		{sidecar, "nginx_config.stream.real_ip_from", []any{"unix:"}},
		{sidecar, "nginx_config.http.underscores_in_headers", "on"},
		{sidecar, "nginx_config.envs", nil},
		{sidecar, "apisix.status.ip", "127.0.0.1"},
		{sidecar, "apisix.control.ip", "127.0.0.1"},
		{sidecar, "plugin_attr.prometheus.export_addr.ip", "127.0.0.1"},
		{sidecar, "plugins", []any{"proxy-rewrite", "amesh-split"}},
		{gateway, "apisix.node_listen", []any{80, 8080}},
		{gateway, "apisix.stream_proxy.tcp", []any{3306}},
		{gateway, "apisix.enable_ipv6", false},
		{gateway, "apisix.extra_lua_path", nil},
		{gateway, "apisix.trusted_addresses", nil},
		{gateway, "apisix.dns_resolver", []any{"10.96.0.10"}},
		{gateway, "apisix.ssl.ssl_trusted_certificate", "/etc/ca.pem"},
		{gateway, "nginx_config.http.access_log", nil},
		{gateway, "nginx_config.worker_processes", "auto"},
		{gateway, "stream_plugins", []any{}},
	} {
		var doc any
		if err := yaml.Unmarshal(config(t, tc.settings), &doc); err != nil {
			t.Fatal(err)
		}
		for _, key := range strings.Split(tc.path, ".") {
			mapping, _ := doc.(map[string]any)
			doc = mapping[key]
		}
		if !equal(doc, tc.want) {
			t.Errorf("%s is %v, want %v", tc.path, doc, tc.want)
		}
	}
}

func equal(a, b any) bool {
	x, err1 := yaml.Marshal(a)
	y, err2 := yaml.Marshal(b)
	return err1 == nil && err2 == nil && bytes.Equal(x, y)
}

// Connections to the application must come from the address that the interception rules let pass, for inbound ports only.
func TestConfigBindsInbound(t *testing.T) {
	s := sidecar
	s.InboundPort, s.InboundTCPPort = 21006, 21007
	text := string(config(t, s))
	for _, want := range []string{
		`"~^21006 " 127.0.0.6;`, `"~^21006 .*:" ::6;`, `"~^21007 " 127.0.0.6;`, `"~^21007 .*:" ::6;`, "grpc_bind $amesh_bind;",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s", want)
		}
	}
	if strings.Contains(string(config(t, gateway)), "amesh_bind") {
		t.Error("a gateway has no application beside it")
	}
}

// APISIX finds a plugin by its name in a file; nginx does not start, or drops routes, where one is missing.
func TestLuaFiles(t *testing.T) {
	for dir, names := range map[string][]string{
		"lua/apisix/plugins": apisix.LuaPluginNames, "lua/apisix/stream/plugins": apisix.LuaStreamPluginNames,
	} {
		entries, err := fs.Glob(templates.Lua, dir+"/*.lua")
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range entries {
			got = append(got, strings.TrimSuffix(strings.TrimPrefix(e, dir+"/"), ".lua"))
		}
		if !slices.Equal(got, names) {
			t.Errorf("%s has %v, want %v", dir, got, names)
		}
	}
}
