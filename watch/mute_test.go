package watch

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fsnotify/fsnotify"
)

// mute is a notifier that tells what the test has it tell, and fails as the test wants it to.
type mute struct {
	events  chan fsnotify.Event
	errors  chan error
	refuses map[string]error // by the directory's base name
	watched map[string]int   // how often Add was called since Remove
	meddle  func(dir string) // before Add
	closed  bool
}

func newMute() *mute {
	return &mute{
		events: make(chan fsnotify.Event), errors: make(chan error),
		refuses: map[string]error{}, watched: map[string]int{}, meddle: func(string) {},
	}
}

func (m *mute) Add(dir string) error {
	m.meddle(dir)
	if _, err := os.Stat(dir); err != nil {
		return err
	}
	if err := m.refuses[filepath.Base(dir)]; err != nil {
		return err
	}
	m.watched[dir]++
	return nil
}

func (m *mute) Remove(dir string) error {
	if m.watched[dir] == 0 {
		return fsnotify.ErrNonExistentWatch
	}
	delete(m.watched, dir)
	return nil
}

func (m *mute) Close() error                  { m.closed = true; return nil }
func (m *mute) Events() <-chan fsnotify.Event { return m.events }
func (m *mute) Errors() <-chan error          { return m.errors }

// deaf runs Inputs in a bubble of time, with what open gives them for a kernel. It returns what they say of trouble.
func deaf(t *testing.T, open func() (notifier, error), path string) (in *Inputs, troubles *[]error) {
	in, troubles = NewInputs(path), &[]error{}
	in.open = open
	in.Trouble = func(err error) { *troubles = append(*troubles, err) }
	ctx, cancel := context.WithCancel(t.Context())
	stopped := make(chan struct{})
	go func() {
		in.Run(ctx)
		close(stopped)
	}()
	t.Cleanup(func() {
		cancel()
		<-stopped
	})
	synctest.Wait()
	return in, troubles
}

// noticedAfter changes the file and returns how long it takes until it is noticed.
func noticedAfter(t *testing.T, in *Inputs, path, content string) time.Duration {
	t.Helper()
	replace(t, path, content)
	start := time.Now()
	select {
	case <-in.Changed:
	case <-time.After(time.Hour):
		t.Fatalf("%q is never noticed", content)
	}
	return time.Since(start)
}

const noise = settleQuiet / 2

func (m *mute) babble(ctx context.Context) {
	for ctx.Err() == nil {
		select {
		case m.events <- fsnotify.Event{Name: "noise"}:
		case <-ctx.Done():
		}
		select {
		case <-time.After(noise):
		case <-ctx.Done():
		}
	}
}

// watches lists the directories that the notifier watches, by their paths below dir.
func (m *mute) watches(dir string) string {
	var names []string
	for path := range m.watched {
		names = append(names, strings.TrimPrefix(path, dir+"/"))
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}
