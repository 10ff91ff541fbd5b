package watch

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// lockMode lets everybody see who holds a lock, and take it when nobody does.
const lockMode fs.FileMode = 0o644

func lockPath(target string) string {
	return filepath.Join(filepath.Dir(target), "."+filepath.Base(target)+".amesh-render.lock")
}

// Lock claims the file for this File until release is called or the process ends, in whatever way, against another
// agent that is to write the same file by mistake. It does not keep anybody from writing, and every Write takes a lock
// of its own besides. An agent that has it is waited for, for some seconds, as it may be on its way out. File systems
// without locks are used without.
//
// The lock is on a hidden file beside the output, which stays behind, empty; with InPlace, on the output itself, whose
// directory may be read-only or another than the other agent's.
//
// Errors are *WriteError. One that wraps EWOULDBLOCK says which process has the lock, if that is known.
func (f *File) Lock() (release func(), err error) {
	target, err := resolve(f.Path)
	if err != nil {
		return nil, err
	}
	if f.InPlace {
		return f.lockTarget(target)
	}
	h, err := f.openLock(lockPath(target))
	if err != nil {
		return nil, fail(opLock, target, err)
	}
	if err := f.system().Lock(h); errors.Is(err, syscall.EWOULDBLOCK) {
		defer h.Close()
		return nil, &WriteError{Op: opLock, Path: target, UID: os.Geteuid(), Err: readHolder(h)}
	}
	h.Truncate(0)
	h.WriteAt(thisProcess().text(), 0)
	return func() {
		h.Truncate(0)
		h.Close()
	}, nil
}

func (f *File) lockTarget(target string) (release func(), err error) {
	h, err := f.system().Open(target, os.O_RDWR|os.O_CREATE, f.mode())
	if err != nil {
		return nil, fail(opOpen, target, err)
	}
	if err := f.system().Lock(h); errors.Is(err, syscall.EWOULDBLOCK) {
		h.Close()
		return nil, &WriteError{Op: opLock, Path: target, UID: os.Geteuid(), Err: holder{}}
	}
	return func() { h.Close() }, nil
}

// openLock opens a lock file that another user has left behind as well: to lock it, it is enough to read it.
func (f *File) openLock(path string) (handle, error) {
	h, err := f.system().Open(path, os.O_RDWR|os.O_CREATE, lockMode)
	if errors.Is(err, fs.ErrPermission) {
		return f.system().Open(path, os.O_RDONLY, 0)
	}
	if err == nil {
		h.Chmod(lockMode)
	}
	return h, err
}

// holder is the error that another process has the lock. A lock file says which; a process id counts on one host, or in
// one container, only.
type holder struct {
	pid  int // 0 if not known
	host string
}

func thisProcess() holder {
	host, _ := os.Hostname()
	return holder{os.Getpid(), cmp.Or(host, "localhost")}
}

func (o holder) text() []byte { return fmt.Appendf(nil, "%d %s\n", o.pid, o.host) }

func readHolder(h handle) (o holder) {
	text := make([]byte, 512)
	n, _ := h.ReadAt(text, 0)
	if _, err := fmt.Sscanf(string(text[:n]), "%d %s\n", &o.pid, &o.host); err != nil {
		return holder{}
	}
	return o
}

func (o holder) Error() string {
	switch {
	case o.pid == 0:
		return "another process writes this file"
	case o.host == thisProcess().host:
		return fmt.Sprintf("process %d writes this file", o.pid)
	}
	return fmt.Sprintf("process %d on %q writes this file", o.pid, o.host)
}

func (holder) Unwrap() error { return syscall.EWOULDBLOCK }
