package watch

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// What a write was doing when it failed. The path follows.
const (
	opStat    = "look up"
	opOpenDir = "open the directory of"
	opLockDir = "lock the directory of"
	opLock    = "lock"
	opSyncDir = "flush the directory of"
	opCreate  = "create a temporary file beside"
	opOpen    = "open"
	opWrite   = "write"
	opDate    = "set the modification time of"
	opMode    = "set the mode of"
	opOwner   = "set the owner of"
	opRename  = "replace"
	opRemove  = "remove"
)

// WriteError says why a file was not written. It wraps the system's error number, for errors.Is(err, syscall.ENOSPC).
type WriteError struct {
	Op   string // what was being done, such as "create a temporary file beside"
	Path string // to what: the file as it was resolved, or as it was given if that is what failed
	UID  int    // by whom: the effective user
	Err  error

	mounted bool // it cannot be replaced whatever the error says, being a mount point of its own
}

// fail makes a WriteError of what the system said. Paths in the system's own message go: they are of temporary files.
func fail(op, path string, err error) error {
	var number syscall.Errno
	if errors.As(err, &number) {
		err = number
	}
	mounted := (op == opCreate || op == opRename) && isMountPoint(path)
	return &WriteError{Op: op, Path: path, UID: os.Geteuid(), Err: err, mounted: mounted}
}

func (e *WriteError) Error() string {
	return fmt.Sprintf("%s %q as uid %d: %v", e.Op, e.Path, e.UID, e.Err)
}

func (e *WriteError) Unwrap() error { return e.Err }

// Hint is one line about what to do, or "" if the message says all there is to say.
func (e *WriteError) Hint() string {
	dir := filepath.Dir(e.Path)
	if e.mounted {
		return fmt.Sprintf("the file is a mount point of its own and cannot be replaced: "+
			"mount the directory %q instead, or use --in-place, which is not atomic", dir)
	}
	if e.Op == opSyncDir {
		return "the new file is in place, but might not outlive a power failure"
	}
	if e.Op == opLock && errors.Is(e.Err, syscall.EWOULDBLOCK) {
		return "two agents cannot share one file: stop one of them, or give it another --output"
	}
	switch e.Err {
	case syscall.ENOSPC:
		return fmt.Sprintf("the file system of %q is full: free some space; the old file is as it was", dir)
	case syscall.EDQUOT:
		return fmt.Sprintf("the disk quota of uid %d is used up in %q; the old file is as it was", e.UID, dir)
	case syscall.EROFS:
		return fmt.Sprintf("mount %q writable; ConfigMap and Secret volumes never are, an emptyDir is", dir)
	case syscall.EACCES, syscall.EPERM:
		return e.permissionHint(dir)
	case syscall.ENOENT:
		return fmt.Sprintf("create the directory: mkdir -p %q", dir)
	case syscall.ENOTDIR:
		return fmt.Sprintf("%q has to be a directory", dir)
	case syscall.EISDIR:
		return fmt.Sprintf("name a file in it: %q", filepath.Join(e.Path, "apisix.yaml"))
	case syscall.ELOOP:
		return "a symbolic link leads back to itself"
	case syscall.EBUSY, syscall.EXDEV:
		return fmt.Sprintf("if the file is mounted, mount the directory %q instead, or use --in-place", dir)
	case syscall.EWOULDBLOCK:
		return "another process holds the lock: does another amesh-render write there, or hang?"
	case errNotRegular:
		return "use - for standard output"
	}
	return ""
}

func (e *WriteError) permissionHint(dir string) string {
	switch e.Op {
	case opOpen:
		return fmt.Sprintf("in place, uid %d has to be able to read and write the file itself", e.UID)
	case opDate, opMode:
		return fmt.Sprintf("in place, the file has to belong to uid %d", e.UID)
	case opOwner:
		return "to give files to another user or group, run as root or with CAP_CHOWN, or do not ask for it"
	}
	return fmt.Sprintf("uid %d has to be able to read and write the directory %q: "+
		"a file is replaced by a new one, so the mode of the old one does not matter", e.UID, dir)
}
