package watch

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fsnotify/fsnotify"
)

func checkTroubles(t *testing.T, got []error, want ...error) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("got troubles %v, want %v", got, want)
	}
	for n := range got {
		if !errors.Is(got[n], want[n]) {
			t.Errorf("got trouble %v, want %v", got[n], want[n])
		}
	}
}

func TestLostEvent(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(dir, "f")
		in, troubles := deaf(t, func() (notifier, error) { return newMute(), nil }, path)
		for _, content := range []string{"1", "2"} {
			if took := noticedAfter(t, in, path, content); took != time.Minute {
				t.Errorf("noticed after %v, want a minute", took)
			}
		}
		checkTroubles(t, *troubles)
	})
}

func TestOverflowOfEvents(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		path, m := filepath.Join(dir, "f"), newMute()
		in, troubles := deaf(t, func() (notifier, error) { return m, nil }, path)
		go func() { m.errors <- fsnotify.ErrEventOverflow }()
		if took := noticedAfter(t, in, path, "1"); took != settleQuiet {
			t.Errorf("noticed after %v, want %v", took, settleQuiet)
		}
		checkTroubles(t, *troubles)
	})
}

// A change in many steps is noticed when it is over.
func TestSettle(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		path, m := filepath.Join(dir, "f"), newMute()
		in, _ := deaf(t, func() (notifier, error) { return m, nil }, path)
		ctx, cancel := context.WithTimeout(t.Context(), 10*noise-1)
		defer cancel()
		go m.babble(ctx)
		if took := noticedAfter(t, in, path, "1"); took != 9*noise+settleQuiet {
			t.Errorf("noticed after %v, want %v", took, 9*noise+settleQuiet)
		}
	})
}

// In a directory where something always happens, a change is noticed nevertheless.
func TestNoiseWithoutEnd(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		path, m := filepath.Join(dir, "f"), newMute()
		in, _ := deaf(t, func() (notifier, error) { return m, nil }, path)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go m.babble(ctx)
		if took := noticedAfter(t, in, path, "1"); took > settleMax+noise {
			t.Errorf("noticed after %v, want at most %v", took, settleMax+noise)
		}
	})
}

// What is made or removed while the directories are being listed and watched is not overlooked.
func TestListenWhileThingsChange(t *testing.T) {
	dir := realTempDir(t)
	tests := []struct {
		name   string
		meddle func(path string)
		want   string
	}{
		{"made/sub/f", func(string) { os.MkdirAll(dir+"/made/sub", 0o755) }, "made/sub"},
		{"gone/sub/f", func(string) { os.RemoveAll(dir + "/gone/sub") }, "gone"},
	}
	for _, tt := range tests {
		tree(t, dir, "made/", "gone/sub/")
		in, m := NewInputs(dir+"/"+tt.name), newMute()
		m.meddle = tt.meddle
		e := ear{open: func() (notifier, error) { return m, nil }}
		if err := in.listen(&e); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if got := m.watches(dir); got != tt.want {
			t.Errorf("%s: watches %s, want %s", tt.name, got, tt.want)
		}
	}
}

// Nobody tells when the directory above is renamed. The look after a minute sees it, and from then on what is there now
// is watched, and nothing else.
func TestAnotherDirectoryAbove(t *testing.T) {
	dir := realTempDir(t)
	tree(t, dir, "a/b/", "a/b/f", "new/b/", "link -> a/b/f")
	synctest.Test(t, func(t *testing.T) {
		m := newMute()
		in, _ := deaf(t, func() (notifier, error) { return m, nil }, dir+"/link")
		must(t, os.Rename(dir+"/a", dir+"/old"))
		must(t, os.Rename(dir+"/new", dir+"/a"))
		before := m.watched[dir+"/a/b"]
		if took := noticedAfter(t, in, dir+"/a/b/f", "1"); took != time.Minute {
			t.Errorf("noticed after %v, want a minute", took)
		}
		synctest.Wait()
		if after := m.watched[dir+"/a/b"]; before == 0 || after > before {
			t.Errorf("watched %d times, then %d times: the old directory is still watched", before, after)
		}
		relink(t, dir+"/link", "f")
		noticedAfter(t, in, dir+"/f", "2")
		synctest.Wait()
		if got := m.watches(filepath.Dir(dir)); got != filepath.Base(dir) {
			t.Errorf("watches %s, want %s", got, filepath.Base(dir))
		}
	})
}

func TestNoInotifyInstances(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		path, m, full := filepath.Join(dir, "f"), newMute(), true
		in, troubles := deaf(t, func() (notifier, error) {
			if full {
				return nil, os.NewSyscallError("inotify_init1", syscall.EMFILE)
			}
			return m, nil
		}, path)
		if took := noticedAfter(t, in, path, "1"); took != 2*time.Second {
			t.Errorf("noticed after %v, want two seconds", took)
		}
		noticedAfter(t, in, path, "2")
		checkTroubles(t, *troubles, syscall.EMFILE)
		checkHint(t, (*troubles)[0], "fs.inotify.max_user_instances")

		full = false
		noticedAfter(t, in, path, "3")
		checkTroubles(t, *troubles, syscall.EMFILE, nil)
		if took := noticedAfter(t, in, path, "4"); took != time.Minute {
			t.Errorf("noticed after %v, want that the files are polled no longer", took)
		}
	})
}

func TestNoInotifyWatches(t *testing.T) {
	for hint, number := range map[string]error{
		"fs.inotify.max_user_watches": syscall.ENOSPC,
		"read the directory":          syscall.EACCES,
		"polled":                      syscall.EIO,
	} {
		dir := t.TempDir()
		synctest.Test(t, func(t *testing.T) {
			path, m := filepath.Join(dir, "sub", "f"), newMute()
			must(t, os.Mkdir(filepath.Dir(path), 0o755))
			m.refuses["sub"] = number
			in, troubles := deaf(t, func() (notifier, error) { return m, nil }, path)
			if took := noticedAfter(t, in, path, "1"); took != 2*time.Second {
				t.Errorf("noticed after %v, want two seconds", took)
			}
			checkTroubles(t, *troubles, number)
			checkHint(t, (*troubles)[0], hint)
			if text := (*troubles)[0].Error(); !strings.Contains(text, `/sub"`) {
				t.Errorf("%q does not name the directory", text)
			}
			m.refuses = nil
			noticedAfter(t, in, path, "2")
			checkTroubles(t, *troubles, number, nil)
		})
	}
}

// A notifier that fails is closed, and another is tried after a while.
func TestNotifierFails(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		path, first, opened := filepath.Join(dir, "f"), newMute(), 0
		in, troubles := deaf(t, func() (notifier, error) {
			opened++
			if opened == 1 {
				return first, nil
			}
			return newMute(), nil
		}, path)
		first.errors <- syscall.EIO
		if took := noticedAfter(t, in, path, "1"); took != 2*time.Second || !first.closed || opened != 2 {
			t.Errorf("noticed after %v, closed %v, opened %d times; want two seconds, and twice", took, first.closed, opened)
		}
		checkTroubles(t, *troubles, syscall.EIO, nil)
	})
}

func checkHint(t *testing.T, err error, want string) {
	t.Helper()
	var e *InputError
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want an *InputError", err)
	}
	if !strings.Contains(e.Hint(), want) || strings.Contains(e.Hint(), "\n") {
		t.Errorf("got hint %q, want one with %q", e.Hint(), want)
	}
}
