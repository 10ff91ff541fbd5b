// Package lua tests the Lua plugins under Debian's nginx and its Lua module, with a stub in APISIX's place
// (testdata/apisix), and, where APISIX_HOME names one, in a real APISIX (apisix_*_test.go): the stream plugins there alone.
package lua

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"text/template"
	"time"
)

// patience is how long a condition may take to come true on a slow machine.
const patience = 60 * time.Second

// modules are what nginx must have: patterns of files by which their absence is noticed.
var modules = []string{
	"/usr/lib/nginx/modules/ngx_http_lua_module.so",
	"/usr/lib/nginx/modules/ndk_http_module.so",
	"/usr/share/lua/5.1/resty/core.lua",
	"/usr/lib/*/lua/5.1/cjson.so",
}

// object is JSON, as the renderer writes it.
type object = map[string]any

// configuration is what the stub loads: routes by the Host header, upstreams by id.
type configuration struct {
	Routes    map[string]route  `json:"routes,omitempty"`
	Upstreams map[string]object `json:"upstreams,omitempty"`
}

type route struct {
	Plugins  object `json:"plugins"`
	Upstream string `json:"upstream_id,omitempty"`
}

// server is an nginx that runs the plugins.
type server struct {
	dir     string
	process *os.Process
	client  *http.Client // speaks to it by its Unix socket
}

// start runs nginx until the test ends, in a network namespace, or in the present one if that is "".
func start(t *testing.T, conf configuration, namespace string) *server {
	t.Helper()
	needModules(t)
	// Not t.TempDir: a socket's path must be short.
	dir, err := os.MkdirTemp("", "lua")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	s := &server{dir: dir, client: &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", filepath.Join(dir, "nginx.sock"))
		},
	}}}
	t.Cleanup(s.client.CloseIdleConnections)
	s.writeRoutes(t, conf)
	s.writeConfiguration(t, namespace != "")
	s.run(t, namespace)
	return s
}

func needModules(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("nginx"); err != nil {
		t.Skip("nginx is not installed")
	}
	for _, file := range modules {
		if found, _ := filepath.Glob(file); len(found) == 0 {
			t.Skipf("no %s: install nginx, libnginx-mod-http-lua, lua-resty-core and lua-cjson", file)
		}
	}
}

func (s *server) writeRoutes(t *testing.T, conf configuration) {
	t.Helper()
	text, err := json.Marshal(conf)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.dir, "routes.json"), text, 0o644); err != nil {
		t.Fatal(err)
	}
}

func (s *server) writeConfiguration(t *testing.T, namespace bool) {
	t.Helper()
	tmpl, err := template.ParseFiles("testdata/nginx.conf.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	err = tmpl.Execute(&text, struct {
		Dir, Lua, Stub  string
		Namespace, Root bool
	}{s.dir, absolute(t, luaDir), absolute(t, "testdata/apisix"), namespace, os.Getuid() == 0})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.dir, "nginx.conf"), text.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// run starts nginx and waits until it answers.
func (s *server) run(t *testing.T, namespace string) {
	t.Helper()
	args := []string{"nginx", "-p", s.dir, "-e", filepath.Join(s.dir, "error.log"), "-c", filepath.Join(s.dir, "nginx.conf")}
	if namespace != "" {
		args = append([]string{"ip", "netns", "exec", namespace}, args...)
	}
	cmd := exec.Command(args[0], args[1:]...)
	var stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stderr, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s.process = cmd.Process
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }()
	t.Cleanup(func() {
		s.process.Signal(syscall.SIGTERM)
		<-exited
		if t.Failed() {
			log, _ := os.ReadFile(filepath.Join(s.dir, "error.log"))
			t.Logf("nginx: %s%s", stderr.String(), log)
		}
	})
	await(t, "nginx answers", func() bool {
		select {
		case err := <-exited:
			exited <- err
			t.Fatalf("nginx: %v: %s", err, stderr.String())
		default:
		}
		response, err := s.client.Get("http://test/test/worker")
		if err == nil {
			response.Body.Close()
		}
		return err == nil
	})
}

// await asks for a condition until it holds.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it has not come true: %s", what)
		}
	}
}

// reload makes nginx load everything anew, and returns when its former workers answer no more.
func (s *server) reload(t *testing.T) {
	t.Helper()
	workers := func() (pids []string) {
		out, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", s.process.Pid))
		if err != nil {
			t.Fatal(err)
		}
		return strings.Fields(string(out))
	}
	former := workers()
	s.client.CloseIdleConnections()
	if err := s.process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	await(t, "new workers", func() bool {
		now := workers()
		return len(now) > 0 && !slices.ContainsFunc(now, func(pid string) bool { return slices.Contains(former, pid) })
	})
}
