package watch

import (
	"io"
	"io/fs"
	"os"
	"syscall"
	"time"
)

// disk is what a write asks of the operating system. Tests put their own in its place, to make any step fail.
type disk interface {
	Open(name string, flag int, mode fs.FileMode) (handle, error)
	CreateTemp(dir, pattern string) (handle, error)
	// Lock gives the open directory to this handle alone until it is closed, or fails with EWOULDBLOCK.
	Lock(dir handle) error
	Stat(name string) (fs.FileInfo, error)
	Chtimes(name string, mtime time.Time) error
	Rename(from, to string) error
	Remove(name string) error
}

// handle is an open file or directory.
type handle interface {
	io.ReaderAt
	io.WriterAt
	// WritePieces writes the pieces one after the other at the offset, as many bytes of them as the system takes at once,
	// and returns how many that were. There is at least one piece, and none is empty.
	WritePieces(pieces [][]byte, offset int64) (int, error)
	// CopyFrom has the system copy a part of another file to an offset in this one, as much of it as it does at once, and
	// returns how many bytes that were. Not every system does, nor every file system.
	CopyFrom(other handle, from, to, size int64) (int64, error)
	io.Closer
	Name() string
	Fd() uintptr
	Stat() (fs.FileInfo, error)
	Chmod(mode fs.FileMode) error
	Chown(uid, gid int) error
	Truncate(size int64) error
	Sync() error
}

// A write holds the lock for a few milliseconds; a writer that is stopped or hangs should not take the others with it.
const (
	lockPatience = 5 * time.Second
	lockPause    = 5 * time.Millisecond
)

type osDisk struct{}

type osFile struct{ *os.File }

func handleOf(f *os.File, err error) (handle, error) {
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

func (osDisk) Open(name string, flag int, mode fs.FileMode) (handle, error) {
	return handleOf(os.OpenFile(name, flag, mode))
}

func (osDisk) CreateTemp(dir, pattern string) (handle, error) {
	return handleOf(os.CreateTemp(dir, pattern))
}

func (osDisk) Stat(name string) (fs.FileInfo, error) { return os.Stat(name) }
func (osDisk) Rename(from, to string) error          { return os.Rename(from, to) }
func (osDisk) Remove(name string) error              { return os.Remove(name) }

// Chtimes leaves the access time alone.
func (osDisk) Chtimes(name string, mtime time.Time) error {
	return os.Chtimes(name, time.Time{}, mtime)
}

func (osDisk) Lock(dir handle) error {
	for deadline := time.Now().Add(lockPatience); ; time.Sleep(lockPause) {
		err := syscall.Flock(int(dir.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err != syscall.EWOULDBLOCK || time.Now().After(deadline) {
			return err
		}
	}
}
