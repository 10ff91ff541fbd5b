package istiod

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// agent is an amesh-render agent that runs, and the file that it keeps.
type agent struct {
	*watched
	pages string // URL of the status pages
	log   logbook
}

// startAgent starts an agent as the injector would start it in a pod of productpage. When the test is over, it must stop
// as it should.
func startAgent(t testing.TB, podIP string, flags ...string) *agent {
	t.Helper()
	a := &agent{watched: watch(t, filepath.Join(t.TempDir(), "apisix.yaml"))}
	command := exec.Command(program, append([]string{"agent", "--output", a.path, "--status-addr", "127.0.0.1:0",
		"--log-level", "debug", "--log-format", "json"}, flags...)...)
	command.Env = []string{
		"POD_NAME=productpage-v1-0", "POD_NAMESPACE=default", "INSTANCE_IP=" + podIP, "SERVICE_ACCOUNT=bookinfo-productpage",
		`ISTIO_METAJSON_LABELS={"app":"productpage","version":"v1"}`, "ISTIO_META_CLUSTER_ID=Kubernetes",
	}
	stderr, err := command.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		a.log.readFrom(stderr)
	}()
	t.Cleanup(func() { a.stop(t, command, read) })
	until(t, "the agent serves its status pages", func() bool {
		a.pages = "http://" + a.log.attribute("following", "status")
		return a.pages != "http://"
	})
	return a
}

// stop stops the agent. It must be gone in time, with the exit code 0.
func (a *agent) stop(t testing.TB, command *exec.Cmd, read <-chan struct{}) {
	if err := command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Errorf("the agent has ended by itself: %v", err)
	}
	late := time.AfterFunc(deadline, func() { command.Process.Kill() })
	defer late.Stop()
	<-read
	if err := command.Wait(); err != nil {
		t.Errorf("the agent did not stop as it should: %v", err)
	}
	if t.Failed() {
		t.Logf("the agent's log:\n%s", a.log.String())
	}
}

// page is one of the status pages.
func (a *agent) page(t testing.TB, path string) string {
	t.Helper()
	response, err := http.Get(a.pages + path)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %v\n%s", path, response.Status, err, body)
	}
	return string(body)
}

// metric is the sum of a metric's series, on the page that Prometheus reads; 0 if there are none.
func (a *agent) metric(t testing.TB, name string) (sum float64) {
	t.Helper()
	for line := range strings.Lines(a.page(t, "/metrics")) {
		series, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if family, _, _ := strings.Cut(series, "{"); family != "amesh_render_"+name {
			continue
		}
		n, err := strconv.ParseFloat(value, 64)
		if err != nil {
			t.Fatalf("metric %s: %v", series, err)
		}
		sum += n
	}
	return sum
}

// writes is how often the file has been replaced. What the metric says must be as many versions as could be read.
func (a *agent) writes(t testing.TB) (n int) {
	t.Helper()
	until(t, "config_writes_total is the number of versions of the file", func() bool {
		n = len(a.all())
		return a.metric(t, "config_writes_total") == float64(n)
	})
	return n
}

// logbook keeps the lines of a log in JSON. The zero value is empty.
type logbook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logbook) readFrom(r io.Reader) {
	for lines := bufio.NewScanner(r); lines.Scan(); {
		l.mu.Lock()
		l.text.Write(append(lines.Bytes(), '\n'))
		l.mu.Unlock()
	}
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// attribute is that of the last line with the message; "" if there is none.
func (l *logbook) attribute(message, name string) (value string) {
	for line := range strings.Lines(l.String()) {
		var record map[string]any
		if json.Unmarshal([]byte(line), &record) == nil && record["msg"] == message {
			value, _ = record[name].(string)
		}
	}
	return value
}
