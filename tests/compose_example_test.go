package tests

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"gopkg.in/yaml.v3"
)

// A composition is what compose.yaml says, as far as processes can be started from it without Docker.
type composition struct {
	Services map[string]struct {
		Image       string
		Command     []string
		Networks    any
		Healthcheck struct{ Test []string }
	}
}

// TestExampleCompose starts the processes of the compose example with the commands of its compose.yaml. Its network becomes
// one of the loopback interface, which may be the caller's on Linux without being asked for.
func TestExampleCompose(t *testing.T) {
	if l, err := net.Listen("tcp", "127.30.9.41:0"); err != nil {
		t.Skipf("the loopback interface has not all of 127.0.0.0/8: %v", err)
	} else {
		l.Close()
	}
	m := startCompose(t)
	m.await(t, "all versions of reviews are in the file", func() bool {
		return m.nodesOf("reviews") == "127.30.9.41 127.30.9.42 127.30.9.43"
	})
	apisix := m.startAPISIX(t)
	if apisix {
		m.await(t, "the health check of APISIX succeeds", m.healthy)
		m.await(t, "all versions answer", func() bool { return m.ask("reviews") == "reviews v1, reviews v2, reviews v3" })
		if got := m.ask("ratings"); got != "ratings v1" {
			t.Errorf("GET http://ratings/ is answered by %q", got)
		}
	}
	if err := m.controlPlane.Process.Signal(syscall.SIGUSR1); err != nil {
		t.Fatal(err)
	}
	m.await(t, "only v1 of reviews is in the file", func() bool { return m.nodesOf("reviews") == "127.30.9.41" })
	if apisix {
		m.await(t, "only v1 answers", func() bool {
			got := m.ask("reviews")
			if !strings.HasPrefix(got, "reviews v1") {
				t.Errorf("meanwhile a request is answered by %q", got)
			}
			return got == "reviews v1"
		})
	}
}

// A miniature is the example, running.
type miniature struct {
	compose      composition
	dir          string // with conf/ and dumps/
	port         int    // of APISIX
	status       int    // of its status pages
	services     int    // the port of the services, at addresses of their own
	controlPlane *exec.Cmd
}

func startCompose(t *testing.T) *miniature {
	t.Helper()
	dir, err := os.MkdirTemp("", "amesh-render-compose-") // which APISIX's workers can read
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	m := &miniature{dir: dir, port: freeTCPPort(t), status: freeTCPPort(t), services: freeTCPPort(t)}
	if err := yaml.Unmarshal([]byte(content(t, "../examples/compose/compose.yaml")), &m.compose); err != nil {
		t.Fatal(err)
	}
	for _, sub := range []string{"dumps", "logs"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	m.copyDumps(t)
	m.serve(t)
	xds := filepath.Join(dir, "xds.sock")
	m.controlPlane = m.start(t, "controlplane", "/dumps", filepath.Join(dir, "dumps"), "0.0.0.0:15010", "unix://"+xds)
	m.await(t, "the control plane listens", func() bool { return exists(xds) })
	conf := m.command(t, "conf", "/conf", filepath.Join(dir, "conf"), "9080", fmt.Sprint(m.port), "636:636", fmt.Sprintf("%d:%d", os.Getuid(), os.Getgid()))
	conf.Args = append(conf.Args, m.apisixFlags(t)...)
	if out, err := conf.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	m.start(t, "agent", "/conf/apisix.yaml", m.file(), "grpc://controlplane:15010", "unix://"+xds)
	return m
}

// apisixFlags keep the ports of an APISIX in this test apart from those of others.
func (m *miniature) apisixFlags(t *testing.T) []string {
	return []string{
		"--mounted-at", filepath.Join(m.dir, "conf"), "--workers", "1", "--dns-resolver", "127.0.0.1", "--access-log", "off",
		"--ipv6", "off", "--set", fmt.Sprintf("apisix.control.port=%d", freeTCPPort(t)), "--set", fmt.Sprintf("apisix.status.port=%d", m.status),
		"--set", fmt.Sprintf("plugin_attr.prometheus.export_addr.port=%d", freeTCPPort(t)), "--set", "nginx_config.error_log=logs/error.log",
	}
}

func (m *miniature) file() string { return filepath.Join(m.dir, "conf", "apisix.yaml") }

// copyDumps moves the dumps to the network of this test, as the README says.
func (m *miniature) copyDumps(t *testing.T) {
	t.Helper()
	paths, err := filepath.Glob("../examples/compose/dumps/*.yaml")
	if err != nil || len(paths) != 2 {
		t.Fatalf("the dumps are %q: %v", paths, err)
	}
	for _, path := range paths {
		text := strings.ReplaceAll(content(t, path), "address: 0.0.0.0, port_value: 9080", fmt.Sprintf("address: 0.0.0.0, port_value: %d", m.port))
		text = strings.ReplaceAll(text, "port_value: 9080", fmt.Sprintf("port_value: %d", m.services))
		text = strings.ReplaceAll(text, "address: 172.30.9.", "address: 127.30.9.")
		if err := os.WriteFile(filepath.Join(m.dir, "dumps", filepath.Base(path)), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// serve stands in for the containers that answer with a text, at the addresses that they have.
func (m *miniature) serve(t *testing.T) {
	t.Helper()
	served := 0
	for name, service := range m.compose.Services {
		if !strings.HasPrefix(service.Image, "hashicorp/http-echo:") {
			continue
		}
		served++
		text := strings.TrimPrefix(service.Command[1], "-text=")
		if want := strings.ReplaceAll(name, "-", " "); text != want {
			t.Errorf("%s answers %q, not %q", name, text, want)
		}
		mesh := service.Networks.(map[string]any)["mesh"].(map[string]any)
		address := strings.Replace(mesh["ipv4_address"].(string), "172.", "127.", 1)
		listener, err := net.Listen("tcp", fmt.Sprintf("%s:%d", address, m.services))
		if err != nil {
			t.Fatal(err)
		}
		server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, text) })}
		go server.Serve(listener)
		t.Cleanup(func() { server.Close() })
	}
	if served != 6 {
		t.Fatalf("%d services answer", served)
	}
}

// command is a service's command, with some of its arguments replaced; each of those must be there.
func (m *miniature) command(t *testing.T, service string, replace ...string) *exec.Cmd {
	t.Helper()
	program := filepath.Join(t.TempDir(), "amesh-render")
	self, err := os.Executable()
	if err == nil {
		err = os.Symlink(self, program)
	}
	if err != nil {
		t.Fatal(err)
	}
	args := slices.Clone(m.compose.Services[service].Command)
	for i := 0; i < len(replace); i += 2 {
		at := slices.Index(args, replace[i])
		if at < 0 {
			t.Fatalf("%s is not called with %q: %q", service, replace[i], args)
		}
		args[at] = replace[i+1]
	}
	if service == "agent" {
		args = append(args, "--status-addr", "127.0.0.1:0", "--log-level", "error")
	}
	return exec.Command(program, args...)
}

// start starts a service's process, which is ended with the test.
func (m *miniature) start(t *testing.T, service string, replace ...string) *exec.Cmd {
	t.Helper()
	return startProcess(t, m.command(t, service, replace...))
}

func startProcess(t *testing.T, c *exec.Cmd) *exec.Cmd {
	t.Helper()
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Process.Signal(syscall.SIGTERM)
		if err := c.Wait(); err != nil || t.Failed() {
			t.Logf("%q: %v\n%s", c.Args, err, &out)
		}
	})
	return c
}

// startAPISIX starts the APISIX of APISIX_HOME in the directory, if there is one; see apisix/README.md.
func (m *miniature) startAPISIX(t *testing.T) bool {
	t.Helper()
	home := os.Getenv("APISIX_HOME")
	if home == "" {
		t.Log("APISIX_HOME names no APISIX: looking at its file only")
		return false
	}
	for _, name := range []string{"apisix", "deps", "ui"} {
		if exists(filepath.Join(home, name)) {
			if err := os.Symlink(filepath.Join(home, name), filepath.Join(m.dir, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	init := exec.Command(filepath.Join(home, "bin", "apisix"), "init")
	init.Dir = m.dir
	if out, err := init.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	openresty := os.Getenv("OPENRESTY")
	if openresty == "" {
		openresty = "openresty"
	}
	startProcess(t, exec.Command(openresty, "-p", m.dir, "-c", filepath.Join(m.dir, "conf", "nginx.conf"), "-g", "daemon off;"))
	return true
}

// healthy runs the health check of APISIX's container.
func (m *miniature) healthy() bool {
	test := m.compose.Services["apisix"].Healthcheck.Test
	script := strings.ReplaceAll(test[len(test)-1], "$$", "$") // as compose reads it
	return exec.Command("bash", "-c", strings.ReplaceAll(script, "/7085", fmt.Sprintf("/%d", m.status))).Run() == nil
}

// nodesOf is the addresses of the nodes of the route for a host, in the file that APISIX loads.
func (m *miniature) nodesOf(host string) string {
	text, err := os.ReadFile(m.file())
	if err != nil {
		return err.Error()
	}
	var file struct {
		Routes []struct {
			Hosts      []string
			UpstreamID string `yaml:"upstream_id"`
		}
		Upstreams []struct {
			ID    string
			Nodes []struct{ Host string }
		}
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		return err.Error()
	}
	var nodes []string
	for _, route := range file.Routes {
		for _, upstream := range file.Upstreams {
			if slices.Contains(route.Hosts, host) && upstream.ID == route.UpstreamID {
				for _, node := range upstream.Nodes {
					nodes = append(nodes, node.Host)
				}
			}
		}
	}
	return strings.Join(nodes, " ")
}

// ask is who answers twelve requests for /reviews/0 to a host, each once.
func (m *miniature) ask(host string) string {
	var answers []string
	for range 12 {
		request, err := http.NewRequest(http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d/reviews/0", m.port), nil)
		if err != nil {
			return err.Error()
		}
		request.Host = host
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return err.Error()
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || response.StatusCode != http.StatusOK {
			return fmt.Sprint(response.StatusCode, err)
		}
		answers = append(answers, string(body))
	}
	slices.Sort(answers)
	return strings.Join(slices.Compact(answers), ", ")
}

func (m *miniature) await(t *testing.T, what string, met func() bool) {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !met() {
		select {
		case <-deadline.C:
			text, _ := os.ReadFile(m.file())
			t.Fatalf("not within %v: %s\nreviews: %s; %s\n%s", patience, what, m.nodesOf("reviews"), m.ask("reviews"), text)
		case <-tick.C:
		}
	}
}

func freeTCPPort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
