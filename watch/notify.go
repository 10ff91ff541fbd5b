package watch

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"syscall"

	"github.com/fsnotify/fsnotify"
)

// notifier tells of events in directories. Tests put their own in the kernel's place, to make it fail.
type notifier interface {
	Add(dir string) error
	Remove(dir string) error
	Close() error
	Events() <-chan fsnotify.Event
	Errors() <-chan error
}

// kernel is inotify, or what other systems have.
type kernel struct{ *fsnotify.Watcher }

func (k kernel) Events() <-chan fsnotify.Event { return k.Watcher.Events }
func (k kernel) Errors() <-chan error          { return k.Watcher.Errors }

func openKernel() (notifier, error) {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	return kernel{watcher}, nil
}

// ear is a notifier and the directories that it watches. Without a notifier it is deaf.
type ear struct {
	open     func() (notifier, error)
	notifier notifier
	watched  map[string]fs.FileInfo
}

// listen watches these directories and no others. It reports whether one is new, or has gone since it was listed: then
// something may have happened unheard, and the list be out of date. The error is the first, an *InputError.
func (e *ear) listen(dirs []string) (news bool, err error) {
	if err := e.start(); err != nil {
		return false, err
	}
	for dir := range e.watched {
		if !slices.Contains(dirs, dir) {
			e.forget(dir)
		}
	}
	for _, dir := range dirs {
		fresh, failure := e.add(dir)
		if errors.Is(failure, fs.ErrNotExist) {
			fresh, failure = true, nil
		}
		news = news || fresh
		if failure != nil && err == nil {
			err = &InputError{Path: dir, Err: failure}
		}
	}
	return news, err
}

func (e *ear) start() error {
	if e.notifier != nil {
		return nil
	}
	n, err := e.open()
	if err != nil {
		return &InputError{Err: err}
	}
	e.notifier, e.watched = n, map[string]fs.FileInfo{}
	return nil
}

// add watches what is at dir now. A directory that is watched already is added all the same, which costs little: it may
// have been removed and made again, with the same inode.
func (e *ear) add(dir string) (fresh bool, err error) {
	info, err := os.Stat(dir)
	if err != nil {
		return false, err
	}
	old := e.watched[dir]
	if old != nil && !os.SameFile(old, info) {
		e.forget(dir)
		old = nil
	}
	if err := e.notifier.Add(dir); err != nil {
		e.forget(dir)
		return false, err
	}
	e.watched[dir] = info
	return old == nil, nil
}

// forget stops watching dir. That it has gone, and the watch with it, is no error.
func (e *ear) forget(dir string) {
	e.notifier.Remove(dir)
	delete(e.watched, dir)
}

func (e *ear) channels() (<-chan fsnotify.Event, <-chan error) {
	if e.notifier == nil {
		return nil, nil
	}
	return e.notifier.Events(), e.notifier.Errors()
}

// close waits for the notifier's goroutine.
func (e *ear) close() {
	if e.notifier != nil {
		e.notifier.Close()
		e.notifier, e.watched = nil, nil
	}
}

// InputError says why the kernel cannot tell of changes, so that the files have to be polled. It wraps the system's
// error number.
type InputError struct {
	Path string // the directory that cannot be watched; "" if none can
	Err  error
}

func (e *InputError) Error() string {
	if e.Path == "" {
		return fmt.Sprintf("watch for changes: %v", e.Err)
	}
	return fmt.Sprintf("watch for changes in %q: %v", e.Path, e.Err)
}

func (e *InputError) Unwrap() error { return e.Err }

// Hint is one line about what to do.
func (e *InputError) Hint() string {
	const meanwhile = "; until then the files are polled"
	switch {
	case errors.Is(e.Err, syscall.ENOSPC):
		return "raise the sysctl fs.inotify.max_user_watches of the machine" + meanwhile
	case errors.Is(e.Err, syscall.EMFILE):
		return "raise the sysctl fs.inotify.max_user_instances of the machine, or ulimit -n" + meanwhile
	case errors.Is(e.Err, fs.ErrPermission):
		return fmt.Sprintf("uid %d has to be able to read the directory", os.Geteuid()) + meanwhile
	}
	return "the files are polled"
}
