package watch

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// mount mounts something for the duration of a test, or skips the test.
func mount(t *testing.T, at string, args ...string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root may mount")
	}
	if out, err := exec.Command("mount", append(args, at)...).CombinedOutput(); err != nil {
		t.Skipf("cannot mount here: %v: %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", at).CombinedOutput(); err != nil {
			t.Errorf("umount: %v: %s", err, out)
		}
	})
}

func TestFullDisk(t *testing.T) {
	dir := realTempDir(t)
	mount(t, dir, "-t", "tmpfs", "-o", "size=64k", "tmpfs")
	path := filepath.Join(dir, "apisix.yaml")
	old := strings.Repeat("old\n", 5_000)
	for _, inPlace := range []bool{false, true} {
		f := File{Path: path, InPlace: inPlace}
		if _, err := f.Write([]byte(old)); err != nil {
			t.Fatal(err)
		}
		before := stat(t, path)
		_, err := f.Write([]byte(strings.Repeat("new\n", 20_000)))
		checkError(t, err, "write", path, syscall.ENOSPC, "full")
		if read(t, path) != old || !stat(t, path).ModTime().Equal(before.ModTime()) {
			t.Errorf("in place %v: the old file has changed", inPlace)
		}
		checkOnly(t, path)
		mustWrite(t, &f, "new\n")
	}
}

func TestReadOnlyFileSystem(t *testing.T) {
	dir := realTempDir(t)
	mount(t, dir, "-t", "tmpfs", "-o", "ro", "tmpfs")
	f := File{Path: filepath.Join(dir, "apisix.yaml")}
	checkError(t, f.Check(), "create a temporary file beside", f.Path, syscall.EROFS, "emptyDir")
	_, err := f.Write([]byte("new\n"))
	checkError(t, err, "create a temporary file beside", f.Path, syscall.EROFS, "emptyDir")
}

func TestMountedFile(t *testing.T) {
	dir := realTempDir(t)
	tree(t, dir, "conf/", "conf/apisix yaml", "host.yaml", "link -> conf/apisix yaml")
	path := filepath.Join(dir, "conf", "apisix yaml")
	mount(t, path, "--bind", filepath.Join(dir, "host.yaml"))
	before := stat(t, path)

	f := File{Path: filepath.Join(dir, "link")}
	const hint = "mount point of its own"
	checkError(t, f.Check(), "replace", path, syscall.EBUSY, hint)
	_, err := f.Write([]byte("new\n"))
	checkError(t, err, "replace", path, syscall.EBUSY, hint)
	if !strings.Contains(err.(*WriteError).Hint(), `"`+filepath.Join(dir, "conf")+`"`) {
		t.Errorf("hint %q does not name the directory", err.(*WriteError).Hint())
	}
	if read(t, path) != "old\n" || !stat(t, path).ModTime().Equal(before.ModTime()) {
		t.Error("the old file has changed")
	}
	checkOnly(t, path)

	f.InPlace = true
	if err := f.Check(); err != nil {
		t.Errorf("in place: %v", err)
	}
	mustWrite(t, &f, "new\n")
	if got := read(t, filepath.Join(dir, "host.yaml")); got != "new\n" {
		t.Errorf("the mounted file holds %q", got)
	}
	if !(stat(t, path).ModTime().Unix() > before.ModTime().Unix()) {
		t.Errorf("mtime went from %v to %v", before.ModTime(), stat(t, path).ModTime())
	}
}

// docker -v FILE:FILE: whoever writes to the file does so through another directory.
func TestInputsOfAMountedFile(t *testing.T) {
	dir := realTempDir(t)
	tree(t, dir, "host/", "host/f", "container/", "container/f")
	mount(t, dir+"/container/f", "--bind", dir+"/host/f")
	in := watchThem(t, dir+"/container/f")
	for _, content := range []string{"1", "2"} {
		put(t, dir+"/host/f", content)
		in.expect("write on the host", content)
	}
}
