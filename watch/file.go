package watch

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// DefaultMode is the mode of a file whose File names none: everybody may read it, as APISIX's workers run as another
// user.
const DefaultMode fs.FileMode = 0o644

// SecretMode is the mode of a file with secrets whose File names none: its owner and group may read it.
const SecretMode fs.FileMode = 0o640

// File is an output file and how to write it. Only Path must be set. What a write must know of the one before is read
// from the disk, so a File may be used for one write or for thousands, in one process or in one after another. What a File
// remembers of its own writes only spares it reading. A File is for one goroutine at a time; several Files and several
// processes may write to one path.
type File struct {
	// Path names the file; it may be a symlink or a chain of them, even a dangling one. Its directory must exist.
	Path string
	// Mode holds the permission bits; 0 means DefaultMode, or SecretMode where there are secrets. The umask does not matter.
	Mode fs.FileMode
	// Secret says that what is written next holds secrets, such as private keys.
	Secret bool
	// Owner, if set, is given to the file; otherwise a new file belongs to whoever writes it.
	Owner *Owner
	// Generation has each write begin with a line "# gen N", where no two writes to the file share an N.
	Generation bool
	// InPlace rewrites the file instead of replacing it, for a file that is a mount point of its own. It is not atomic:
	// a reader can see a part of the file, and a crash or power failure can leave one.
	InPlace bool
	// Now tells the time; nil means time.Now.
	Now func() time.Time

	disk  disk  // nil means the operating system's
	last  int64 // the greatest second that a write used, should the file be deleted meanwhile; 0 means none
	known known // what is in the file

	// Space of a write.
	batch   [][]byte
	window  []byte
	written []piece
}

// Owner is a numeric user and group; -1 leaves either as it is.
type Owner struct{ UID, GID int }

// Result tells what a write did.
type Result struct {
	Written    bool      // false: the file held these bytes already
	Path       string    // the file itself, absolute, without symlinks
	Size       int64     // of the file, in bytes, the generation line included
	ModTime    time.Time // of the file
	Generation int64     // the number in the file's first line; 0 without File.Generation
}

// Write makes content the content of the file, unless it is that already, in the way that the package comment
// describes. With Generation, a generation line in content is replaced, and equality disregards the number. Content may
// change afterwards.
//
// Write does not pace: it may be called any number of times a second, and the mtimes then run ahead of the clock.
//
// Errors are *WriteError. After one the old file is as it was, with one exception: when flushing the directory fails,
// the new file is in place but might not outlive a power failure; only then does the Result beside the error say
// Written.
func (f *File) Write(content []byte) (Result, error) { return f.WriteContent(&plain{content}) }

// WriteContent is Write of a content that is in pieces and does not change. The File keeps them, and tells them that they need
// not keep their text: of the next content only what is new is compared, and the text of the rest comes from the file.
func (f *File) WriteContent(content Content) (Result, error) {
	return f.write(content, func(old previous) bool { return old.kept })
}

// Create is Write if there is no file, be it empty; otherwise it changes nothing, and the Result is about the file that is
// there. No other Write can come between, but for one of a program that is not ours.
func (f *File) Create(content []byte) (Result, error) {
	return f.write(&plain{content}, func(old previous) bool { return old.info != nil })
}

// write writes content unless keep says that the file stays as it is.
func (f *File) write(content Content, keep func(previous) bool) (Result, error) {
	target, err := resolve(f.Path)
	if err != nil {
		return Result{}, err
	}
	dir, err := f.lockDir(target)
	if err != nil {
		return Result{}, err
	}
	defer dir.Close()
	body := f.body(content)
	old, err := f.inspect(target, body)
	defer old.close()
	if err != nil {
		return Result{}, err
	}
	if keep(old) {
		return Result{Path: target, Size: old.info.Size(), ModTime: old.info.ModTime(), Generation: old.generation}, nil
	}
	result, err := f.commit(target, body, old)
	if err != nil {
		return Result{}, err
	}
	return result, f.syncDir(dir, target)
}

// commit writes the body over old. The lock is held.
func (f *File) commit(target string, b body, old previous) (Result, error) {
	d := draft{target: target, body: b, old: old, taken: f.taken(old)}
	d.second = nextSecond(f.now(), d.taken)
	if f.Generation {
		d.generation = d.second
	}
	put := f.replace
	if f.InPlace {
		put = f.overwrite
	}
	info, written, err := put(d)
	if err != nil {
		return Result{}, err
	}
	mtime := info.ModTime()
	f.last = max(d.second, mtime.Unix())
	f.learn(target, info, b, written)
	return Result{Written: true, Path: target, Size: d.size(), ModTime: mtime, Generation: d.generation}, nil
}

// lockDir opens the target's directory and locks it for as long as it is open. The lock is advisory, between writers of
// ours, and goes away with the process that holds it. File systems without locks (some network ones) are used without:
// there, only one process at a time may write to a file.
func (f *File) lockDir(target string) (handle, error) {
	dir, err := f.system().Open(filepath.Dir(target), os.O_RDONLY, 0)
	if err != nil {
		return nil, fail(opOpenDir, target, err)
	}
	if err := f.system().Lock(dir); errors.Is(err, syscall.EWOULDBLOCK) {
		dir.Close()
		return nil, fail(opLockDir, target, err)
	}
	return dir, nil
}

// syncDir flushes the directory. File systems that do not know this operation flush renames by themselves.
func (f *File) syncDir(dir handle, target string) error {
	err := dir.Sync()
	if err == nil || errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	return fail(opSyncDir, target, err)
}

func (f *File) mode() fs.FileMode {
	switch {
	case f.Mode != 0:
		return f.Mode.Perm()
	case f.Secret:
		return SecretMode
	}
	return DefaultMode
}

func (f *File) now() time.Time {
	if f.Now == nil {
		return time.Now()
	}
	return f.Now()
}

func (f *File) system() disk {
	if f.disk == nil {
		return osDisk{}
	}
	return f.disk
}
