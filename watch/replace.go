package watch

import (
	"io"
	"io/fs"
	"iter"
	"math"
	"os"
	"path/filepath"
	"slices"
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

// stamped yields the generation line, if there is to be one, and the chunks.
func stamped(generation int64, chunks iter.Seq[[]byte]) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		if !yield(generationLine(generation)) {
			return
		}
		chunks(yield)
	}
}

// replace puts the draft beside the target and renames it; it returns what the file was before it was renamed.
func (f *File) replace(d draft) (info fs.FileInfo, err error) {
	h, err := f.system().CreateTemp(filepath.Dir(d.target), temporaryPattern(d.target))
	if err != nil {
		return nil, fail(opCreate, d.target, err)
	}
	defer func() {
		h.Close()
		if err != nil {
			f.system().Remove(h.Name())
		}
	}()
	if info, err = f.fill(h, d); err != nil {
		return nil, err
	}
	// Network file systems may tell of a failed write only now.
	if err = h.Close(); err != nil {
		return nil, fail(opWrite, d.target, err)
	}
	if err = f.system().Rename(h.Name(), d.target); err != nil {
		return nil, fail(opRename, d.target, err)
	}
	return info, nil
}

// overwrite writes the draft into the target itself. What can be tried beforehand is, while the old content is there;
// should writing fail nevertheless, the old content is written back, for which even a full disk mostly has room.
func (f *File) overwrite(d draft) (fs.FileInfo, error) {
	h, err := f.system().Open(d.target, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fail(opOpen, d.target, err)
	}
	defer h.Close()
	var saved iter.Seq[[]byte]
	if d.old.info != nil {
		if saved, err = f.save(h, d); err != nil {
			return nil, err
		}
	}
	info, err := f.fill(h, d)
	if err != nil {
		f.restore(h, saved, d.old)
	}
	return info, err
}

// save returns the content of the file, after trying whether mtime, mode and owner can be set.
func (f *File) save(h handle, d draft) (iter.Seq[[]byte], error) {
	if err := f.redate(d.target, d.old.info); err != nil {
		return nil, err
	}
	if err := f.adjust(h, d.target); err != nil {
		return nil, err
	}
	if d.old.known {
		return stamped(d.old.generation, slices.Values(f.known.chunks)), nil
	}
	saved, err := io.ReadAll(io.NewSectionReader(h, 0, math.MaxInt64))
	if err != nil {
		return nil, fail(opOpen, d.target, err)
	}
	return plain(saved).Chunks(), nil
}

// redate sets the mtime that the file has, to learn whether it may be set: whoever may write to a file may not always.
func (f *File) redate(target string, info fs.FileInfo) error {
	if err := f.system().Chtimes(target, info.ModTime()); err != nil {
		return fail(opDate, target, err)
	}
	return nil
}

// restore undoes fill in the target itself, as far as that can be done.
func (f *File) restore(h handle, saved iter.Seq[[]byte], old previous) {
	if old.info == nil {
		f.system().Remove(h.Name())
		return
	}
	h.Truncate(0)
	f.pour(h, saved)
	h.Sync()
	f.system().Chtimes(h.Name(), old.info.ModTime())
}

// fill writes the draft to an open file in place of what it holds, flushes it, and gives it its mtime, mode and
// owner; it returns what the file is then. The mtime comes after the flush, since network file systems may set it when they
// flush, and before the owner, since only the owner may set it. They need no flush of their own: journals keep them in
// order with the rename.
func (f *File) fill(h handle, d draft) (fs.FileInfo, error) {
	if err := h.Truncate(0); err != nil {
		return nil, fail(opWrite, d.target, err)
	}
	if err := f.pour(h, stamped(d.generation, d.body.Chunks())); err != nil {
		return nil, fail(opWrite, d.target, err)
	}
	if err := h.Sync(); err != nil {
		return nil, fail(opWrite, d.target, err)
	}
	info, err := f.date(h.Name(), d)
	if err != nil {
		return nil, err
	}
	return info, f.adjust(h, d.target)
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
