package watch

import (
	"io"
	"io/fs"
	"iter"
	"math"
	"os"
	"path/filepath"
	"syscall"
)

// draft is a write that is decided and not yet done.
type draft struct {
	target     string
	body       body
	generation int64 // to begin with; 0 means no such line
	old        previous
	second     int64   // the mtime to give
	taken      []int64 // the mtimes not to give
}

func (d *draft) size() int64 { return int64(len(generationLine(d.generation))) + d.body.Len() }

// text is what is written to a file: a generation line, if there is one, and pieces.
type text struct {
	line   []byte
	pieces iter.Seq[Piece]
}

func (d *draft) text() text { return text{generationLine(d.generation), d.body.Pieces()} }

// replace puts the draft beside the target and renames it; it returns what the file was before it was renamed, and the pieces
// in it.
func (f *File) replace(d draft) (info fs.FileInfo, written []piece, err error) {
	h, err := f.system().CreateTemp(filepath.Dir(d.target), temporaryPattern(d.target))
	if err != nil {
		return nil, nil, fail(opCreate, d.target, err)
	}
	defer func() {
		h.Close()
		if err != nil {
			f.system().Remove(h.Name())
		}
	}()
	if info, written, err = f.fill(h, d, &d.old); err != nil {
		return nil, nil, err
	}
	// Network file systems may tell of a failed write only now.
	if err = h.Close(); err != nil {
		return nil, nil, fail(opWrite, d.target, err)
	}
	if err = f.system().Rename(h.Name(), d.target); err != nil {
		return nil, nil, fail(opRename, d.target, err)
	}
	return info, written, nil
}

// overwrite writes the draft into the target itself. What can be tried beforehand is, while the old content is there;
// should writing fail nevertheless, the old content is written back, for which even a full disk mostly has room.
func (f *File) overwrite(d draft) (fs.FileInfo, []piece, error) {
	h, err := f.system().Open(d.target, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, nil, fail(opOpen, d.target, err)
	}
	defer h.Close()
	var saved text
	if d.old.info != nil {
		if saved, err = f.save(h, d); err != nil {
			return nil, nil, err
		}
	}
	info, written, err := f.fill(h, d, nil)
	if err != nil {
		f.restore(h, saved, d.old)
	}
	return info, written, err
}

// save returns the content of the file, after trying whether mtime, mode and owner can be set.
func (f *File) save(h handle, d draft) (saved text, err error) {
	if err := f.redate(d.target, d.old.info); err != nil {
		return saved, err
	}
	if err := f.adjust(h, d.target); err != nil {
		return saved, err
	}
	if d.old.known {
		return text{generationLine(d.old.generation), f.known.all()}, nil
	}
	all, err := io.ReadAll(io.NewSectionReader(h, 0, math.MaxInt64))
	if err != nil {
		return saved, fail(opOpen, d.target, err)
	}
	return text{pieces: (&plain{all}).Pieces()}, nil
}

// redate sets the mtime that the file has, to learn whether it may be set: whoever may write to a file may not always.
func (f *File) redate(target string, info fs.FileInfo) error {
	if err := f.system().Chtimes(target, info.ModTime()); err != nil {
		return fail(opDate, target, err)
	}
	return nil
}

// restore undoes fill in the target itself, as far as that can be done.
func (f *File) restore(h handle, saved text, old previous) {
	if old.info == nil {
		f.system().Remove(h.Name())
		return
	}
	h.Truncate(0)
	f.pour(h, saved, nil)
	h.Sync()
	f.system().Chtimes(h.Name(), old.info.ModTime())
}

// fill writes the draft to an open file in place of what it holds, flushes it, and gives it its mtime, mode and
// owner; it returns what the file is then, and the pieces in it. What the old file, if given, is known to have is copied
// from there. The mtime comes after the flush, since network file systems may set it when they flush, and before the owner,
// since only the owner may set it. They need no flush of their own: journals keep them in order with the rename.
func (f *File) fill(h handle, d draft, old *previous) (fs.FileInfo, []piece, error) {
	if err := h.Truncate(0); err != nil {
		return nil, nil, fail(opWrite, d.target, err)
	}
	written, err := f.pour(h, d.text(), old)
	if err != nil {
		return nil, nil, fail(opWrite, d.target, err)
	}
	if err := h.Sync(); err != nil {
		return nil, nil, fail(opWrite, d.target, err)
	}
	info, err := f.date(h.Name(), d)
	if err != nil {
		return nil, nil, err
	}
	return info, written, f.adjust(h, d.target)
}

// adjust gives an open file the mode and the owner that are asked for, where it has others. The owner comes last,
// since only the owner may set the mode.
func (f *File) adjust(h handle, target string) error {
	info, err := h.Stat()
	if err != nil {
		return fail(opStat, target, err)
	}
	if info.Mode().Perm() != f.mode() {
		if err := h.Chmod(f.mode()); err != nil {
			return fail(opMode, target, err)
		}
	}
	if f.Owner == nil || f.Owner.owns(info) {
		return nil
	}
	if err := h.Chown(f.Owner.UID, f.Owner.GID); err != nil {
		return fail(opOwner, target, err)
	}
	return nil
}

func (o Owner) owns(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && (o.UID < 0 || o.UID == int(stat.Uid)) && (o.GID < 0 || o.GID == int(stat.Gid))
}
