package watch

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"time"
)

// previous is the file that a write finds.
type previous struct {
	info       fs.FileInfo // nil: there is none
	generation int64       // 0: none, or not asked for
	kept       bool        // it is as it should be, and nothing has to be written
	known      bool        // what is in it need not be read
	file       handle      // open for reading; nil if it cannot be read
	start      int64       // of the body, after the generation line
}

func (p *previous) close() {
	if p.file != nil {
		p.file.Close()
	}
}

// inspect looks at the file at target. If it holds the body already, its mode and owner are put right, which changes
// neither its mtime nor its inode. A file that cannot be read, or whose mode and owner are not ours to change, is not
// kept: a fresh one will have what this one lacks. The caller closes it.
func (f *File) inspect(target string, b body) (previous, error) {
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
	old.file = h
	if f.Generation {
		old.generation, old.start = readGeneration(h)
	}
	stamped := (old.generation != 0) == f.Generation
	old.kept = stamped && f.holds(b, &old) && f.adjust(h, target) == nil
	return old, nil
}

// holds reports whether the body is what the file holds from start on. The file is read only if what it holds is not known,
// and the lengths agree.
func (f *File) holds(b body, old *previous) bool {
	info, err := old.file.Stat()
	if err != nil {
		return false
	}
	if old.known = f.known.vouches(info); old.known {
		if same, sure := f.known.holds(b); sure {
			return same
		}
	}
	if !reads(old.file, old.start, info.Size(), b) {
		return false
	}
	if s := stampOf(info); s.old(time.Now()) {
		f.settle(s, b, b.written())
	}
	return true
}

// written are the pieces of the body as they are known when they are in the file.
func (b body) written() (all []piece) {
	var offset int64
	for p := range b.Pieces() {
		all = append(all, piece{p, offset, sumOf(p.Text())})
		offset += p.Len()
	}
	return all
}

// reads reports whether the file's bytes from start to size are the body. It stops at the first difference.
func reads(file io.ReaderAt, start, size int64, b body) bool {
	if size-start != b.Len() {
		return false
	}
	buffer := make([]byte, min(b.Len(), 64<<10))
	return b.equals(func() []byte {
		part := buffer[:min(int64(len(buffer)), size-start)]
		if n, _ := file.ReadAt(part, start); n < len(part) {
			return nil
		}
		start += int64(len(part))
		return part
	})
}

// learn remembers what was written to the file, of which info was taken before it was renamed.
func (f *File) learn(target string, info fs.FileInfo, b body, written []piece) {
	var s stamp
	if now, err := f.system().Stat(target); err == nil && stampOf(info).is(stampOf(now)) && stampOf(now).fine() {
		s = stampOf(now)
	}
	f.settle(s, b, written)
}

// settle remembers what is in the file of that stamp, if the content does not change. Pieces need not keep their text if the
// next write can read it there; the one that overwrites the file cannot.
func (f *File) settle(s stamp, b body, written []piece) {
	if _, changes := b.Content.(*plain); changes || s == (stamp{}) {
		f.known.forget()
		return
	}
	f.known.remember(s, written)
	if !f.InPlace {
		for _, p := range written {
			p.Settle()
		}
	}
}
