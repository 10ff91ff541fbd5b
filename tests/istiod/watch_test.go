package istiod

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"
	"testing"
	"time"
)

// watched is a file that is read all the time, as APISIX does it, only more often.
type watched struct {
	path string

	mu       sync.Mutex
	versions []*file
}

// watch reads the file once a millisecond until the test ends. What can be read must be complete, and APISIX must be able
// to go to it from the version before, or the test fails.
func watch(t testing.TB, path string) *watched {
	w := &watched{path: path}
	done := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() {
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for {
			if err := w.read(); err != nil {
				t.Error(err)
				return
			}
			select {
			case <-done:
				return
			case <-tick.C:
			}
		}
	})
	t.Cleanup(func() {
		close(done)
		running.Wait()
	})
	return w
}

// read reads the file, and keeps it if it has changed.
func (w *watched) read() error {
	last := w.latest()
	text, err := os.ReadFile(w.path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && last == nil:
		return nil
	case err != nil:
		return err
	case last != nil && last.text == string(text):
		return nil
	}
	f, err := parse(string(text))
	if err != nil {
		return fmt.Errorf("a bad file can be read: %w\n%s", err, text)
	}
	w.mu.Lock()
	w.versions = append(w.versions, f)
	w.mu.Unlock()
	if last == nil {
		return nil
	}
	if err := checkSuccession(last, f); err != nil {
		return fmt.Errorf("from one version to the next: %w\n%s\n%s", err, last.text, f.text)
	}
	return nil
}

// all are the versions that there were so far.
func (w *watched) all() []*file {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.versions)
}

// latest is the version that there is now; nil if there is none yet.
func (w *watched) latest() *file {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.versions) == 0 {
		return nil
	}
	return w.versions[len(w.versions)-1]
}

// await waits for the file to be as it should, and returns it.
func (w *watched) await(t testing.TB, what string, holds func(*file) bool) (f *file) {
	t.Helper()
	until(t, what, func() bool {
		f = w.latest()
		return f != nil && holds(f)
	})
	return f
}

// until waits for a condition.
func until(t testing.TB, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(deadline); !holds(); <-tick.C {
		if time.Now().After(end) {
			t.Fatalf("after %v it still does not hold: %s", deadline, what)
		}
	}
}
