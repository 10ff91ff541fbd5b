package cmd

import (
	"bufio"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// dumpOf is a dump with clusters of these names.
func dumpOf(clusters ...string) string {
	var b strings.Builder
	b.WriteString("resources:\n")
	for _, name := range clusters {
		b.WriteString("- {'@type': type.googleapis.com/envoy.config.cluster.v3.Cluster, name: " + name + ", type: STATIC}\n")
	}
	return b.String()
}

// A show is a replay command that is running.
type show struct {
	*testing.T
	dir     string
	keys    io.Writer
	stderr  *bufio.Scanner
	address string
	done    chan int
}

// play starts the command on a directory with these files, which come as name, content, name, content, ….
func play(t *testing.T, flags []string, files ...string) *show {
	t.Helper()
	s := &show{T: t, dir: t.TempDir(), done: make(chan int, 1)}
	for i := 0; i < len(files); i += 2 {
		s.edit(files[i], files[i+1])
	}
	in, keys := io.Pipe()
	out, stderr := io.Pipe()
	s.keys, s.stderr = keys, bufio.NewScanner(out)
	go func() {
		s.done <- Run(append([]string{"replay", s.dir, "--listen", "127.0.0.1:0"}, flags...), Streams{In: in, Err: stderr})
		stderr.Close()
	}()
	ready := s.line("^listening on (grpc://127.0.0.1:[0-9]+)$")
	s.address = ready[1]
	t.Cleanup(func() {
		s.signal(syscall.SIGTERM)
		for s.stderr.Scan() {
		}
		if code := <-s.done; code != exitOK {
			t.Errorf("got exit code %d", code)
		}
		keys.Close()
	})
	return s
}

// edit replaces a file as editors do, in one step.
func (s *show) edit(name, text string) {
	s.Helper()
	path := filepath.Join(s.dir, name)
	if err := os.WriteFile(path+"~", []byte(text), 0o600); err != nil {
		s.Fatal(err)
	}
	if err := os.Rename(path+"~", path); err != nil {
		s.Fatal(err)
	}
}

func (s *show) signal(n syscall.Signal) {
	s.Helper()
	if err := syscall.Kill(os.Getpid(), n); err != nil {
		s.Fatal(err)
	}
}

// line waits for the next line on standard error, which must match.
func (s *show) line(pattern string) []string {
	s.Helper()
	if !s.stderr.Scan() {
		s.Fatalf("standard error has ended, want %s", pattern)
	}
	found := regexp.MustCompile(pattern).FindStringSubmatch(s.stderr.Text())
	if found == nil {
		s.Fatalf("got %s\nwant %s", s.stderr.Text(), pattern)
	}
	return found
}

// clusters are what a client gets.
func (s *show) clusters() string {
	s.Helper()
	code, out, stderr := runCommand(s.T, "capture", "--xds", s.address, "--node-id", "sidecar~10.0.0.1~a.b~b.svc.cluster.local")
	if code != exitOK {
		s.Fatalf("capture: %d, %s", code, stderr)
	}
	snap, err := snapshot.Decode(snapshot.Source{Name: "capture", Reader: strings.NewReader(out)})
	if err != nil {
		s.Fatal(err)
	}
	return strings.Join(snap.Clusters().Names(), " ")
}

func (s *show) serves(want string) {
	s.Helper()
	if got := s.clusters(); got != want {
		s.Errorf("got clusters %s, want %s", got, want)
	}
}

func TestReplaySteps(t *testing.T) {
	s := play(t, nil, "b.yaml", dumpOf("x", "y"), "a.yaml", dumpOf("x"), "c.json", "{", "d.json", dumpOf("z"), "notes.md", "x")
	s.line("^serving 1/4 a.yaml: 1 cluster, 0 listeners, 0 route configurations, 0 load assignments$")
	s.serves("x")

	io.WriteString(s.keys, "\n")
	s.line("^serving 2/4 b.yaml: 2 clusters, ")
	s.serves("x y")

	s.signal(syscall.SIGUSR1)
	s.line(`^amesh-render: replay: .*c\.json.*; still serving 2/4 b\.yaml$`)
	s.serves("x y")

	io.WriteString(s.keys, "any words\n")
	s.line("^serving 4/4 d.json: ")
	s.serves("z")
	io.WriteString(s.keys, "\n")
	s.line("^4/4 d.json is the last dump; with --loop the first would follow$")
	s.serves("z")
}

func TestReplayFollowsEdits(t *testing.T) {
	s := play(t, nil, "a.yaml", dumpOf("x"), "b.yaml", dumpOf("y"))
	s.line("^serving 1/2 a.yaml: 1 cluster, ")
	s.edit("a.yaml", dumpOf("x", "new"))
	s.line("^serving 1/2 a.yaml: 2 clusters, ")
	s.serves("new x")

	s.edit("a.yaml", "{")
	s.line(`^amesh-render: replay: .*a\.yaml.*; still serving 1/2 a\.yaml$`)
	s.serves("new x")

	// The dump that is not served says nothing, and neither does one that is broken still: the next line is about the repair.
	s.edit("b.yaml", dumpOf("y", "z"))
	s.edit("a.yaml", dumpOf("repaired"))
	s.line("^serving 1/2 a.yaml: 1 cluster, ")
	s.serves("repaired")

	s.edit("0.yaml", dumpOf("first"))
	s.line("^serving 2/3 a.yaml: 1 cluster, ")
	io.WriteString(s.keys, "\n")
	s.line("^serving 3/3 b.yaml: 2 clusters, ")
	if err := os.Remove(filepath.Join(s.dir, "b.yaml")); err != nil {
		t.Fatal(err)
	}
	s.line(`^amesh-render: replay: .*b\.yaml: no such file or directory; still serving 3/3 b\.yaml$`)
	s.serves("y z")
}

func TestReplayLoopsByItself(t *testing.T) {
	s := play(t, []string{"--interval", "1ms", "--loop"}, "a.yaml", dumpOf("x"), "b.yaml", dumpOf("y", "z"))
	for range 3 {
		s.line("^serving 1/2 a.yaml: 1 cluster, ")
		s.line("^serving 2/2 b.yaml: 2 clusters, ")
	}
}

func TestReplayOfWhatIsMissing(t *testing.T) {
	s := play(t, nil, "a.yaml", "resources:\n- {'@type': type.googleapis.com/envoy.config.cluster.v3.Cluster, name: x, type: EDS}\n")
	s.line("^serving 1/1 a.yaml: 1 cluster, .*, 0 load assignments; and empty, since the dump lacks them, 1 resource$")
	s.serves("x")
}

func TestReplayRefuses(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	good := fileOf(t, dumpOf("x"))
	for _, test := range []struct {
		args []string
		want string
	}{
		{nil, "amesh-render: replay: no dump given\n"},
		{[]string{"-"}, "amesh-render: replay: standard input is for the Enter key: name a file\n"},
		{[]string{good, "--interval", "-1s"}, "interval -1s is shorter than nothing"},
		{[]string{"/nowhere.json"}, "open /nowhere.json: no such file or directory"},
		{[]string{t.TempDir()}, "holds no dumps"},
		{[]string{fileOf(t, "{")}, "file:1:2"},
		{[]string{good, "--listen", taken.Addr().String()}, "address already in use"},
		{[]string{good, "--listen", "unix://a"}, `listen: "unix://a": the path of a Unix socket must be absolute`},
	} {
		code, _, stderr := runCommand(t, append([]string{"replay"}, test.args...)...)
		if code != exitTrouble || !strings.Contains(stderr, test.want) {
			t.Errorf("%q: got %d, %s", test.args, code, stderr)
		}
	}
}

func TestListenAtUnixSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	first, url, err := listen("unix://" + path)
	if err != nil || url != "unix://"+path {
		t.Fatalf("got %q, %v", url, err)
	}
	if _, _, err := listen("unix://" + path); err == nil {
		t.Error("two listen at one socket")
	}
	first.(*net.UnixListener).SetUnlinkOnClose(false) // as if it were killed
	first.Close()
	second, _, err := listen("unix://" + path)
	if err != nil {
		t.Fatalf("a socket that was left behind is in the way: %v", err)
	}
	second.Close()
}
