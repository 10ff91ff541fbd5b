package watch

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"syscall"
	"time"
)

// fault makes the nth occurrence of a step fail, counted from 1; 0 means every one.
type fault struct {
	step string
	nth  int
	err  error
}

// faultyDisk is the real disk but for its faults.
type faultyDisk struct {
	osDisk
	faults []fault
	counts map[string]int
	// keeps, if set, is what the file system makes of an mtime, in Unix seconds.
	keeps func(second int64) int64
	// shows, if set, is the mtime that the file system shows for the target, in Unix seconds.
	shows map[string]int64
	// short, if set, is how many bytes a write takes at most.
	short int
	// alters, if set, changes what the file system tells of files.
	alters func(*syscall.Stat_t)
	read   int // how many bytes
	// spoils, if set, is what becomes of bytes that are read.
	spoils func([]byte) int
	// copies says how many bytes are copied at once: 0 as many as there are, less than that none.
	copies int64
	// copied, if set, is called after each copy.
	copied func()
}

func (d *faultyDisk) fault(step string) error {
	if d.counts == nil {
		d.counts = map[string]int{}
	}
	d.counts[step]++
	for _, f := range d.faults {
		if f.step == step && (f.nth == 0 || f.nth == d.counts[step]) {
			return f.err
		}
	}
	return nil
}

func (d *faultyDisk) wrap(h handle, err error) (handle, error) {
	if err != nil {
		return nil, err
	}
	info, err := h.Stat()
	return &faultyHandle{handle: h, disk: d, dir: err == nil && info.IsDir()}, nil
}

func (d *faultyDisk) Open(name string, flag int, mode fs.FileMode) (handle, error) {
	step := map[int]string{os.O_RDONLY: "open to read", os.O_RDWR: "open to write"}[flag&os.O_RDWR]
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		step = "open directory"
	}
	if err := d.fault(step); err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return d.wrap(d.osDisk.Open(name, flag, mode))
}

func (d *faultyDisk) CreateTemp(dir, pattern string) (handle, error) {
	if err := d.fault("create"); err != nil {
		return nil, &fs.PathError{Op: "open", Path: dir + "/" + pattern, Err: err}
	}
	return d.wrap(d.osDisk.CreateTemp(dir, pattern))
}

func (d *faultyDisk) Lock(dir handle) error {
	if err := d.fault("lock"); err != nil {
		return err
	}
	return d.osDisk.Lock(dir)
}

func (d *faultyDisk) Stat(name string) (fs.FileInfo, error) {
	if err := d.fault("stat"); err != nil {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: err}
	}
	info, err := d.altered(d.osDisk.Stat(name))
	if second, ok := d.shows[name]; ok && err == nil {
		info = shownInfo{info, second}
	}
	return info, err
}

func (d *faultyDisk) Chtimes(name string, mtime time.Time) error {
	if err := d.fault("chtimes"); err != nil {
		return &fs.PathError{Op: "chtimes", Path: name, Err: err}
	}
	if d.keeps != nil {
		mtime = time.Unix(d.keeps(mtime.Unix()), 0)
	}
	return d.osDisk.Chtimes(name, mtime)
}

func (d *faultyDisk) Rename(from, to string) error {
	if err := d.fault("rename"); err != nil {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
	}
	return d.osDisk.Rename(from, to)
}

func (d *faultyDisk) Remove(name string) error {
	if err := d.fault("remove"); err != nil {
		return &fs.PathError{Op: "remove", Path: name, Err: err}
	}
	return d.osDisk.Remove(name)
}

func (d *faultyDisk) altered(info fs.FileInfo, err error) (fs.FileInfo, error) {
	if d.alters == nil || err != nil {
		return info, err
	}
	s := *info.Sys().(*syscall.Stat_t)
	d.alters(&s)
	return alteredInfo{info, &s}, nil
}

type alteredInfo struct {
	fs.FileInfo
	stat *syscall.Stat_t
}

func (i alteredInfo) Sys() any { return i.stat }

type shownInfo struct {
	fs.FileInfo
	second int64
}

func (i shownInfo) ModTime() time.Time { return time.Unix(i.second, 0) }

type faultyHandle struct {
	handle
	disk *faultyDisk
	dir  bool
}

func (h *faultyHandle) Stat() (fs.FileInfo, error) { return h.disk.altered(h.handle.Stat()) }

func (h *faultyHandle) ReadAt(b []byte, off int64) (int, error) {
	n, err := h.handle.ReadAt(b, off)
	h.disk.read += n
	if h.disk.spoils != nil {
		n = h.disk.spoils(b[:n])
	}
	return n, err
}

// WriteAt writes half before it fails, as a disk does that fills up.
func (h *faultyHandle) WriteAt(b []byte, off int64) (int, error) {
	if err := h.disk.fault("write"); err != nil {
		n, _ := h.handle.WriteAt(b[:len(b)/2], off)
		return n, &fs.PathError{Op: "write", Path: h.Name(), Err: err}
	}
	return h.handle.WriteAt(b, off)
}

// WritePieces writes half before it fails, and no more than the disk takes at once.
func (h *faultyHandle) WritePieces(pieces [][]byte, offset int64) (int, error) {
	all := slices.Concat(pieces...)
	if h.disk.short != 0 {
		all = all[:min(len(all), max(0, h.disk.short))]
	}
	return h.WriteAt(all, offset)
}

func (h *faultyHandle) CopyFrom(other handle, from, to, size int64) (int64, error) {
	if h.disk.copies < 0 {
		return 0, errors.ErrUnsupported
	}
	if h.disk.copies > 0 {
		size = min(size, h.disk.copies)
	}
	if err := h.disk.fault("copy"); err != nil {
		return 0, err
	}
	if h.disk.copied != nil {
		defer h.disk.copied()
	}
	return h.handle.CopyFrom(other.(*faultyHandle).handle, from, to, size)
}

func (h *faultyHandle) Sync() error {
	step := "sync"
	if h.dir {
		step = "sync directory"
	}
	if err := h.disk.fault(step); err != nil {
		return &fs.PathError{Op: "sync", Path: h.Name(), Err: err}
	}
	return h.handle.Sync()
}

func (h *faultyHandle) Close() error {
	if h.dir {
		return h.handle.Close()
	}
	return errors.Join(h.disk.fault("close"), h.handle.Close())
}

func (h *faultyHandle) Truncate(size int64) error {
	return errors.Join(h.disk.fault("truncate"), h.handle.Truncate(size))
}

func (h *faultyHandle) Chmod(mode fs.FileMode) error {
	if err := h.disk.fault("chmod"); err != nil {
		return &fs.PathError{Op: "chmod", Path: h.Name(), Err: err}
	}
	return h.handle.Chmod(mode)
}

func (h *faultyHandle) Chown(uid, gid int) error {
	if err := h.disk.fault("chown"); err != nil {
		return &fs.PathError{Op: "chown", Path: h.Name(), Err: err}
	}
	return h.handle.Chown(uid, gid)
}
