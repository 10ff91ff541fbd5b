package watch

import (
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// racy is how old a file must be for its mtime to vouch for its content: one that is written to twice between two ticks
// of the file system's clock (2 s on FAT) has the mtime of the first write. A younger file is read again.
const racy = 2 * time.Second

// signature tells one content of a path from another.
type signature struct {
	sum [sha256.Size]byte
	// lack says why there is no content, such as "file does not exist"; "" if there is one.
	lack string
	// info vouches for the content: a file that still has this inode, size, mtime and mode is not read again. Nil if
	// nothing does.
	info fs.FileInfo
}

// signatures are by path.
type signatures map[string]signature

func (s signatures) equal(other signatures) bool {
	return maps.EqualFunc(s, other, func(a, b signature) bool { return a.sum == b.sum && a.lack == b.lack })
}

// survey takes the signatures of the paths and of the files in those that are directories. What has not been touched
// since the survey before is not read.
func survey(paths []string, before signatures) signatures {
	now := make(signatures, len(before))
	for _, path := range paths {
		now[path] = sign(path, before[path])
		for _, child := range children(path) {
			file := filepath.Join(path, child.Name())
			now[file] = sign(file, before[file])
		}
	}
	return now
}

// children lists the entries of a directory that are not hidden; there are none if path is something else.
func children(path string) []fs.DirEntry {
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		return nil
	}
	entries, _ := os.ReadDir(path)
	visible := entries[:0]
	for _, entry := range entries {
		if !strings.HasPrefix(entry.Name(), ".") {
			visible = append(visible, entry)
		}
	}
	return visible
}

func sign(path string, before signature) signature {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return signature{lack: reason(err)}
	case !info.Mode().IsRegular():
		return signature{lack: info.Mode().Type().String()}
	case before.info != nil && untouched(before.info, info):
		return before
	}
	now, err := digest(path)
	if err != nil {
		return signature{lack: reason(err)}
	}
	return now
}

func untouched(a, b fs.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.Mode() == b.Mode() && a.ModTime().Equal(b.ModTime())
}

// digest reads the file. The file might be another than a moment ago, even a pipe, on which opening must not block.
func digest(path string) (s signature, err error) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return s, err
	}
	defer file.Close()
	now := time.Now()
	info, err := file.Stat()
	if err != nil {
		return s, err
	}
	if !info.Mode().IsRegular() {
		return signature{lack: info.Mode().Type().String()}, nil
	}
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return s, err
	}
	hash.Sum(s.sum[:0])
	if now.Sub(info.ModTime()) > racy {
		s.info = info
	}
	return s, nil
}

// reason is an error without the path, of which the signature is.
func reason(err error) string {
	var number syscall.Errno
	if errors.As(err, &number) {
		return number.Error()
	}
	return err.Error()
}
