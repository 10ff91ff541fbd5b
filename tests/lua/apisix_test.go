package lua

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// configYAML is as little of APISIX's static configuration as the plugins need. LUA: luaDir.
const configYAML = `
deployment: {role: data_plane, role_data_plane: {config_provider: yaml}}
apisix:
  node_listen: [15001, 18080]
  enable_http2: true
  enable_control: false
  proxy_mode: "http&stream"
  stream_proxy: {tcp: [{addr: "0.0.0.0:15002"}, {addr: "[::]:15002"}]}
  router: {http: radixtree_host_uri}
  ssl: {enable: false}
  extra_lua_path: "LUA/?.lua"
plugins: [proxy-rewrite, response-rewrite, fault-injection, ip-restriction, workflow, amesh-destination, amesh-passthrough,
  amesh-split, amesh-cluster-header, amesh-host]
stream_plugins: [ip-restriction, amesh-destination, amesh-passthrough, amesh-split, amesh-sni]
nginx_config: {error_log_level: warn, worker_processes: 2, user: "USER",
  stream_configuration_snippet: "preread_timeout 2s;"}
`

// mesh is what apisix.yaml has.
type mesh struct {
	Routes       []object `json:"routes,omitempty"`
	StreamRoutes []object `json:"stream_routes,omitempty"`
	Upstreams    []object `json:"upstreams,omitempty"`
}

// apisix is a real APISIX in the pod of a world.
type apisix struct {
	prefix   string
	files    int
	badConfs bool // which the log may tell of
}

// startAPISIX runs the APISIX that APISIX_HOME names until the test ends: a directory with its apisix/ and deps/, and
// openresty in PATH.
func startAPISIX(t *testing.T, w world, conf mesh) *apisix {
	t.Helper()
	home := os.Getenv("APISIX_HOME")
	if home == "" {
		t.Skip("APISIX_HOME does not name an APISIX")
	}
	prefix, err := os.MkdirTemp("", "apisix")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(prefix) })
	a := &apisix{prefix: prefix}
	a.lay(t, home)
	a.write(t, conf)
	init := exec.Command(filepath.Join(home, "bin/apisix"), "init")
	init.Dir = prefix
	if out, err := init.CombinedOutput(); err != nil {
		t.Fatalf("apisix init: %v: %s", err, out)
	}
	cmd := exec.Command("ip", "netns", "exec", w.pod,
		"openresty", "-p", prefix, "-c", filepath.Join(prefix, "conf/nginx.conf"), "-g", "daemon off;")
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		cmd.Wait()
		a.checkLog(t)
	})
	a.await(t, w.http(t, nil))
	return a
}

// await returns when each of the workers has loaded the file: when new connections have met it many times in a row.
func (a *apisix) await(t *testing.T, client *http.Client) {
	t.Helper()
	inRow := 0
	await(t, "APISIX has loaded the file", func() bool {
		client.CloseIdleConnections()
		response, err := client.Get("http://10.99.0.2:18080/loaded")
		if err != nil {
			return false
		}
		response.Body.Close()
		inRow++
		if response.StatusCode != a.status() {
			inRow = 0
		}
		return inRow == 30
	})
}

// reload has APISIX load a file anew.
func (a *apisix) reload(t *testing.T, client *http.Client, conf mesh) {
	t.Helper()
	a.write(t, conf)
	a.await(t, client)
}

// lay makes the directory that APISIX runs in.
func (a *apisix) lay(t *testing.T, home string) {
	t.Helper()
	for _, dir := range []string{"conf/cert", "logs"} {
		if err := os.MkdirAll(filepath.Join(a.prefix, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"apisix", "deps"} {
		if err := os.Symlink(filepath.Join(home, name), filepath.Join(a.prefix, name)); err != nil {
			t.Fatal(err)
		}
	}
	text := strings.NewReplacer("LUA", absolute(t, luaDir), "USER", "root").Replace(configYAML)
	if err := os.WriteFile(filepath.Join(a.prefix, "conf/config.yaml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(home, "conf/mime.types"), filepath.Join(a.prefix, "conf/mime.types")); err != nil {
		t.Fatal(err)
	}
}

// status is what the file written last answers at /loaded.
func (a *apisix) status() int { return 200 + a.files }

// write replaces apisix.yaml. APISIX notices by the time of the file in whole seconds.
func (a *apisix) write(t *testing.T, conf mesh) {
	t.Helper()
	a.files++
	conf.Routes = append(conf.Routes[:len(conf.Routes):len(conf.Routes)], object{
		"id": "loaded", "uri": "/loaded", "priority": 100,
		"plugins": object{"fault-injection": object{"abort": object{"http_status": a.status(), "body": ""}}},
	})
	text, err := json.Marshal(conf)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(a.prefix, "conf/apisix.yaml")
	if err := os.WriteFile(file+".new", fmt.Appendf(nil, "%s\n#END\n", text), 0o644); err != nil {
		t.Fatal(err)
	}
	later := time.Now().Add(time.Duration(a.files) * time.Second)
	if err := os.Chtimes(file+".new", later, later); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		t.Fatal(err)
	}
}

// checkLog fails for what the plugins, or APISIX about them, have logged as an error.
func (a *apisix) checkLog(t *testing.T) {
	log, _ := os.ReadFile(filepath.Join(a.prefix, "logs/error.log"))
	for line := range strings.Lines(string(log)) {
		if strings.Contains(line, "[error]") && (strings.Contains(line, "lua entry thread aborted") ||
			strings.Contains(line, "failed to check") && !a.badConfs || strings.Contains(line, "failed to load plugin") || strings.Contains(line, "amesh:")) {
			t.Errorf("logged: %s", line)
		}
	}
	if t.Failed() {
		t.Logf("%s", log)
	}
}

// node is an upstream of one node, for the real APISIX.
func node(id, host string, port int) object {
	return object{"id": id, "type": "roundrobin", "nodes": []object{{"host": host, "port": port, "weight": 1}}}
}

// wantBody sends a request and fails unless it is answered so.
func wantBody(t *testing.T, client *http.Client, url, host string, status int, body string) {
	t.Helper()
	if got := ask(t, client, url, "Host", host); got.status != status || got.body != body {
		t.Errorf("%s of %s: got %d %q, want %d %q", url, host, got.status, got.body, status, body)
	}
}
