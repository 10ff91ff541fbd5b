package watch

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const patience = 20 * time.Second

// contents is what a user of the inputs reads: the paths and, of directories, the visible files in them.
func contents(paths ...string) string {
	var all []string
	for _, path := range paths {
		if b, err := os.ReadFile(path); err == nil {
			all = append(all, strings.TrimSpace(string(b)))
		} else if info, err := os.Stat(path); err == nil && info.IsDir() {
			files, _ := filepath.Glob(path + "/[^.]*")
			all = append(all, "["+contents(files...)+"]")
		} else {
			all = append(all, "-")
		}
	}
	return strings.Join(all, " ")
}

// running is Inputs that run, and that watch all they have to.
type running struct {
	*Inputs
	t     *testing.T
	paths []string
}

// watchThem runs Inputs that rely on being told: they look by themselves once an hour. To know that they listen, one
// more file is changed; whoever tells of it has listened to the others first.
func watchThem(t *testing.T, paths ...string) *running {
	t.Helper()
	bell := filepath.Join(t.TempDir(), "bell")
	in := NewInputs(append(paths, bell)...)
	in.Recheck, in.Poll = time.Hour, time.Hour
	in.Trouble = func(err error) { t.Errorf("trouble: %v", err) }
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan struct{})
	go func() {
		in.Run(ctx)
		close(stopped)
	}()
	t.Cleanup(func() {
		cancel()
		select {
		case <-stopped:
		case <-time.After(patience):
			t.Error("Run does not return")
		}
	})
	must(t, os.Mkdir(bell, 0o755))
	r := &running{in, t, paths}
	r.receive("the bell")
	return r
}

func (r *running) receive(what string) {
	r.t.Helper()
	select {
	case <-r.Changed:
	case <-time.After(patience):
		r.t.Fatalf("%s: no signal; there is %q", what, contents(r.paths...))
	}
}

// expect waits for a signal after which a reader finds this. A change in several steps may take several.
func (r *running) expect(what, want string) {
	r.t.Helper()
	for {
		r.receive(what)
		if contents(r.paths...) == want {
			return
		}
	}
}
