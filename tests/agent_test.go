package tests

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	"google.golang.org/protobuf/proto"

	"github.com/amesh-render/amesh-render/examples/bookinfo"
	"github.com/amesh-render/amesh-render/render"
	config "github.com/amesh-render/amesh-render/render/apisix"
	"github.com/amesh-render/amesh-render/xds/replay"
	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// patience is how long a condition may take to come true on a slow machine.
const patience = 60 * time.Second

// bookinfoWith is the example's snapshot with reviews' first endpoint at another address.
func bookinfoWith(t *testing.T, address string) *snapshot.Snapshot {
	t.Helper()
	original, err := snapshot.Decode(snapshot.Source{Name: "bookinfo", Reader: bytes.NewReader(bookinfo.Dump)})
	if err != nil {
		t.Fatal(err)
	}
	b := snapshot.NewBuilder()
	b.SetNode(original.Node())
	put := func(m proto.Message) {
		if err := b.Put(m); err != nil {
			t.Fatal(err)
		}
	}
	for _, m := range original.Listeners().All() {
		put(m)
	}
	for _, m := range original.RouteConfigurations().All() {
		put(m)
	}
	for _, m := range original.Clusters().All() {
		put(m)
	}
	for name, m := range original.Endpoints().All() {
		if strings.Contains(name, "reviews") {
			m = proto.Clone(m).(*endpointv3.ClusterLoadAssignment)
			m.Endpoints[0].LbEndpoints[0].GetEndpoint().GetAddress().GetSocketAddress().Address = address
		}
		put(m)
	}
	return b.Snapshot()
}

// serveSnapshot serves snapshots on a Unix socket.
func serveSnapshot(t *testing.T, s *snapshot.Snapshot) (server *replay.Server, address string) {
	t.Helper()
	server = replay.New(func(r replay.Rejection) { t.Errorf("the agent has rejected a response: %v", r) })
	if _, err := server.Set(s); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "xds.sock")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	go server.Serve(listener)
	t.Cleanup(server.Stop)
	return server, "unix://" + path
}

// agentCommand is an agent as a process of its own, and its output file's directory.
func agentCommand(t *testing.T, address, output string, flags ...string) *exec.Cmd {
	t.Helper()
	c := ourCommand(t, append([]string{"agent", "--xds", address, "-o", output, "--log-level", "error",
		"--node-id", "sidecar~10.244.140.225~productpage-v1-0.default~default.svc.cluster.local"}, flags...)...)
	c.Stderr = os.Stderr
	return c
}

// ourCommand is the program as a process of its own.
func ourCommand(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	program := filepath.Join(t.TempDir(), "amesh-render") // the name makes the test binary behave as the command
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, program); err != nil {
		t.Fatal(err)
	}
	return exec.Command(program, args...)
}

// A watcher reads a file over and over, and knows what no reader may ever see.
type watcher struct {
	path    string
	seconds map[int64]string // the content at each modification time
	last    string
	reads   int
	commits int
	bad     []string
}

func (w *watcher) read() {
	before, err := os.Stat(w.path)
	if err != nil {
		return
	}
	text, err := os.ReadFile(w.path)
	after, err2 := os.Stat(w.path)
	if err != nil || err2 != nil || !os.SameFile(before, after) || before.ModTime() != after.ModTime() {
		return // replaced meanwhile: not one reading
	}
	w.reads++
	content, second := string(text), before.ModTime().Unix()
	if content == w.last {
		return
	}
	w.last = content
	w.commits++
	if why := incomplete(content); why != "" {
		w.bad = append(w.bad, why)
	}
	if other, ok := w.seconds[second]; ok && other != content {
		w.bad = append(w.bad, fmt.Sprintf("two contents share the second %d", second))
	}
	w.seconds[second] = content
}

// incomplete says what a file lacks to be a whole configuration; "" when nothing.
func incomplete(text string) string {
	if !strings.HasPrefix(text, "# gen ") || !strings.HasSuffix(text, "\n#END\n") {
		return fmt.Sprintf("the file begins with %.20q and ends with %q", text, text[max(0, len(text)-20):])
	}
	var body strings.Builder
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "#") {
			body.WriteString(line)
		}
	}
	var c config.Config
	if err := json.Unmarshal([]byte(body.String()), &c); err != nil {
		return err.Error()
	}
	for _, p := range c.Validate(config.Lines) {
		return p.String()
	}
	if len(c.Routes) == 0 {
		return "there are no routes"
	}
	return ""
}

// TestAgentKilled kills the agent at random moments while the control plane changes its mind, and reads the file all
// along: every reading is complete, and no two contents share a second. AMESH_RENDER_KILLS says how often.
func TestAgentKilled(t *testing.T) {
	rounds := 12
	if n, err := strconv.Atoi(os.Getenv("AMESH_RENDER_KILLS")); err == nil {
		rounds = n
	}
	seed := rand.Uint64()
	rng := rand.New(rand.NewPCG(seed, 0))
	server, address := serveSnapshot(t, bookinfoWith(t, "10.0.0.1"))
	path := filepath.Join(t.TempDir(), "apisix.yaml")
	w := &watcher{path: path, seconds: map[int64]string{}}
	longest := 1500 * time.Millisecond
	for round, deadline := 0, time.Now().Add(2*time.Minute); round < rounds || w.commits < 2 && time.Now().Before(deadline); round++ {
		if round >= rounds {
			longest *= 2 // the machine is too slow for an agent to get to its first commit
		}
		if _, err := server.Set(bookinfoWith(t, fmt.Sprintf("10.1.%d.%d", round/200, round%200+1))); err != nil {
			t.Fatal(err)
		}
		agent := agentCommand(t, address, path, "--status-addr", "")
		if err := agent.Start(); err != nil {
			t.Fatal(err)
		}
		end := time.Now().Add(time.Duration(rng.Int64N(int64(longest))))
		for change := 0; time.Now().Before(end); change++ {
			w.read()
			if change%50 == 49 {
				if _, err := server.Set(bookinfoWith(t, fmt.Sprintf("10.2.%d.%d", round/200, change%200+1))); err != nil {
					t.Fatal(err)
				}
			}
		}
		agent.Process.Signal(syscall.SIGKILL)
		agent.Wait()
		w.read()
	}
	t.Logf("%d rounds, %d readings, %d commits seen, %d bad", rounds, w.reads, w.commits, len(w.bad))
	for _, why := range w.bad {
		t.Errorf("seed %d: %s", seed, why)
	}
	if w.commits < 2 {
		t.Errorf("seed %d: only %d commits were seen: the test misses its mark", seed, w.commits)
	}
}

// TestAgentGathersBursts sends a thousand changes of endpoints within five seconds: they cost a handful of commits, and
// the last one is what a fresh rendering gives.
func TestAgentGathersBursts(t *testing.T) {
	const changes, span = 1000, 5 * time.Second
	server, address := serveSnapshot(t, bookinfoWith(t, "10.0.0.1"))
	path := filepath.Join(t.TempDir(), "apisix.yaml")
	status := freeAddress(t)
	agent := agentCommand(t, address, path, "--status-addr", status)
	if err := agent.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		agent.Process.Signal(syscall.SIGTERM)
		agent.Wait()
	})
	soon(t, "the first snapshot is written", func() bool { return metric(status, "config_writes_total") == 1 })

	begin := time.Now()
	var last *snapshot.Snapshot
	for i := range changes {
		last = bookinfoWith(t, fmt.Sprintf("10.3.%d.%d", i/250, i%250+1))
		if _, err := server.Set(last); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Until(begin.Add(span * time.Duration(i+1) / changes)))
	}
	want := string(config.Encode(render.Render(last, render.Options{}).Config, config.EncodeOptions{Format: config.Lines}))
	soon(t, "the last change is in the file", func() bool { return strings.HasSuffix(readFile(path), want) })
	took := time.Since(begin)
	got, most := metric(status, "config_writes_total")-1, 1+int(took/time.Second)
	t.Logf("%d changes in %v cost %d commits", changes, took.Round(time.Millisecond), got)
	if got > most {
		t.Errorf("%d changes in %v cost %d commits, want at most %d", changes, took, got, most)
	}
}

// freeAddress is a TCP address that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

func readFile(path string) string {
	text, _ := os.ReadFile(path)
	return string(text)
}

// soon waits for a condition.
func soon(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("after %v it still does not hold: %s", patience, what)
		}
	}
}

// metric reads a metric from an agent's status pages; -1 when there is none.
func metric(address, name string) int {
	response, err := http.Get("http://" + address + "/metrics")
	if err != nil {
		return -1
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return -1
	}
	m := regexp.MustCompile(`(?m)^amesh_render_` + name + ` (\S+)$`).FindSubmatch(text)
	if m == nil {
		return -1
	}
	value, err := strconv.ParseFloat(string(m[1]), 64)
	if err != nil {
		return -1
	}
	return int(value)
}
