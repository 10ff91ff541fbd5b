package watch

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

func TestRemoveStale(t *testing.T) {
	dir := realTempDir(t)
	ours := ".apisix.yaml.amesh-render-12345.tmp"
	others := []string{
		"apisix.yaml",
		".apisix.yaml.amesh-render-.tmp",
		".apisix.yaml.amesh-render-12x.tmp",
		".apisix.yaml.amesh-render-12345.tmp~",
		".other.yaml.amesh-render-12345.tmp",
		".apisix.yaml.12345.tmp",
	}
	tree(t, dir, append(others, ours, "link -> apisix.yaml")...)
	tree(t, dir, ".apisix.yaml.amesh-render-1.tmp/", ".apisix.yaml.amesh-render-2.tmp -> apisix.yaml")

	removed, err := (&File{Path: filepath.Join(dir, "link")}).RemoveStale()
	if err != nil || !slices.Equal(removed, []string{filepath.Join(dir, ours)}) {
		t.Errorf("got %q, %v; want %q", removed, err, ours)
	}
	if _, err := os.Lstat(filepath.Join(dir, ours)); err == nil {
		t.Error("the stale file is still there")
	}
	for _, name := range append(others, ".apisix.yaml.amesh-render-1.tmp", ".apisix.yaml.amesh-render-2.tmp") {
		if _, err := os.Lstat(filepath.Join(dir, name)); err != nil {
			t.Errorf("%s was removed", name)
		}
	}
}

func TestRemoveStaleAfterARemovalThatFailed(t *testing.T) {
	path := filepath.Join(realTempDir(t), "apisix.yaml")
	f := File{Path: path}
	f.disk = &faultyDisk{faults: []fault{{"write", 1, syscall.EIO}, {"remove", 1, syscall.EIO}}}
	if _, err := f.Write([]byte("new\n")); err == nil || !strings.HasPrefix(err.Error(), "write ") {
		t.Errorf("got error %v, want that of writing", err)
	}
	removed, err := (&File{Path: path}).RemoveStale()
	if err != nil || len(removed) != 1 {
		t.Errorf("removed %q, %v; want one file", removed, err)
	}
	if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 0 {
		t.Errorf("%v is left in the directory", entries)
	}
}

// While a writer holds the lock, its temporary file is not stale.
func TestRemoveStaleSparesLiveWriters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "apisix.yaml")
	cleaner := File{Path: path, disk: impatientDisk{}}
	writer := File{Path: path, disk: &meddlingDisk{meddle: func() {
		if removed, err := cleaner.RemoveStale(); !errors.Is(err, syscall.EWOULDBLOCK) || len(removed) != 0 {
			t.Errorf("during a write: removed %q, error %v; want nothing and EWOULDBLOCK", removed, err)
		}
	}}}
	mustWrite(t, &writer, "new\n")
	if removed, err := cleaner.RemoveStale(); err != nil || len(removed) != 0 {
		t.Errorf("after the write: removed %q, %v; want nothing", removed, err)
	}
}

// impatientDisk does not wait for the lock.
type impatientDisk struct{ osDisk }

func (impatientDisk) Lock(dir handle) error {
	return syscall.Flock(int(dir.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}

// meddlingDisk lets somebody meddle before the rename.
type meddlingDisk struct {
	osDisk
	meddle func()
}

func (d *meddlingDisk) Rename(from, to string) error {
	d.meddle()
	return d.osDisk.Rename(from, to)
}
