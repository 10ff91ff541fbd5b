package watch

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
)

// previous is the file that a write finds.
type previous struct {
	info       fs.FileInfo // nil: there is none
	generation int64       // 0: none, or not asked for
	kept       bool        // it is as it should be, and nothing has to be written
}

// inspect looks at the file at target. If it holds the body already, its mode and owner are put right, which changes
// neither its mtime nor its inode. A file that cannot be read, or whose mode and owner are not ours to change, is not
// kept: a fresh one will have what this one lacks.
func (f *File) inspect(target string, body []byte) (previous, error) {
	info, err := f.system().Stat(target)
	if errors.Is(err, fs.ErrNotExist) {
		return previous{}, nil
	}
	if err != nil {
		return previous{}, fail(opStat, target, err)
	}
	old := previous{info: info}
	h, err := f.system().Open(target, os.O_RDONLY, 0)
	if err != nil {
		return old, nil
	}
	defer h.Close()
	var start int64
	if f.Generation {
		old.generation, start = readGeneration(h)
	}
	stamped := (old.generation != 0) == f.Generation
	old.kept = stamped && holds(h, start, info.Size(), body) && f.adjust(h, target) == nil
	return old, nil
}

// holds reports whether the file's bytes from start to size are body. It reads only if the lengths agree, and stops
// at the first difference.
func holds(file io.ReaderAt, start, size int64, body []byte) bool {
	if size-start != int64(len(body)) {
		return false
	}
	buffer := make([]byte, min(len(body), 64<<10))
	for len(body) > 0 {
		part := buffer[:min(len(buffer), len(body))]
		if n, _ := file.ReadAt(part, start); n < len(part) || !bytes.Equal(part, body[:n]) {
			return false
		}
		body, start = body[len(part):], start+int64(len(part))
	}
	return true
}
