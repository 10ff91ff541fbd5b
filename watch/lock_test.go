package watch

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// lockPathVariable names, in its environment, the file that a copy of the test binary locks until it is killed.
const lockPathVariable = "AMESH_RENDER_TEST_LOCK"

func lockForEver(path string) error {
	f := File{Path: path}
	release, err := f.Lock()
	if err != nil {
		return err
	}
	defer release()
	fmt.Println("locked")
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// lockElsewhere has another process lock the file, and returns that process and how to kill it.
func lockElsewhere(t *testing.T, path string) (pid int, kill func()) {
	t.Helper()
	other := exec.Command(os.Args[0])
	other.Env = append(os.Environ(), lockPathVariable+"="+path)
	other.Stderr = os.Stderr
	out, err := other.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	in, err := other.StdinPipe() // at its end, the process would leave by itself
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	kill = func() {
		other.Process.Kill()
		other.Wait()
		in.Close()
	}
	t.Cleanup(kill)
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "locked\n" {
		t.Fatalf("the other process says %q, %v", line, err)
	}
	return other.Process.Pid, kill
}

func mustLock(t *testing.T, f *File) (release func()) {
	t.Helper()
	release, err := f.Lock()
	if err != nil {
		t.Fatal(err)
	}
	return release
}

func TestLockNamesTheOtherAndOutlivesItsKill(t *testing.T) {
	dir := realTempDir(t)
	tree(t, dir, "conf/", "conf/apisix.yaml", "link -> conf/apisix.yaml")
	path := filepath.Join(dir, "conf/apisix.yaml")
	pid, kill := lockElsewhere(t, filepath.Join(dir, "link"))

	f := File{Path: path, disk: impatientDisk{}}
	_, err := f.Lock()
	checkError(t, err, "lock", path, syscall.EWOULDBLOCK, "stop one of them")
	if want := fmt.Sprintf(": process %d writes this file", pid); err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("got error %v, want one that ends in %q", err, want)
	}
	kill()
	release := mustLock(t, &f)
	defer release()
	if _, err := (&File{Path: path, disk: impatientDisk{}}).Lock(); err == nil ||
		!strings.Contains(err.Error(), fmt.Sprintf("process %d writes", os.Getpid())) {
		t.Errorf("got error %v, want one that names this process", err)
	}
}

func TestLockIsReleased(t *testing.T) {
	for _, inPlace := range []bool{false, true} {
		f := File{Path: filepath.Join(t.TempDir(), "apisix.yaml"), InPlace: inPlace, disk: impatientDisk{}}
		other := f
		for range 3 {
			release := mustLock(t, &f)
			if _, err := other.Lock(); !errors.Is(err, syscall.EWOULDBLOCK) {
				t.Errorf("in place %v: got error %v while it is locked", inPlace, err)
			}
			release()
		}
	}
}

// The lock is none of the writers' business: an agent writes while it has it, and so does anybody else.
func TestLockedFileCanBeWritten(t *testing.T) {
	for _, inPlace := range []bool{false, true} {
		path := filepath.Join(t.TempDir(), "apisix.yaml")
		f := File{Path: path, InPlace: inPlace, disk: impatientDisk{}}
		release := mustLock(t, &f)
		mustWrite(t, &f, "one\n")
		mustWrite(t, &File{Path: path, InPlace: inPlace}, "two\n")
		if removed, err := f.RemoveStale(); err != nil || len(removed) != 0 {
			t.Errorf("in place %v: removed %q, %v; want nothing", inPlace, removed, err)
		}
		if _, err := (&File{Path: path, InPlace: inPlace, disk: impatientDisk{}}).Lock(); err == nil {
			t.Errorf("in place %v: the lock is lost", inPlace)
		}
		release()
		if got := read(t, path); got != "two\n" {
			t.Errorf("in place %v: file holds %q, want %q", inPlace, got, "two\n")
		}
	}
}

// With --in-place the directory may be read-only, and another one for the other agent.
func TestLockInPlaceLeavesTheDirectoryAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "apisix.yaml")
	mustWrite(t, &File{Path: path}, "old\n")
	before := stat(t, path)
	release := mustLock(t, &File{Path: path, InPlace: true})
	checkOnly(t, path)
	release()
	if after := stat(t, path); read(t, path) != "old\n" || !after.ModTime().Equal(before.ModTime()) {
		t.Error("the file was touched")
	}
}

// What a killed agent of another user has left behind is in nobody's way.
func TestLockTakesOverAFileOfAnotherUser(t *testing.T) {
	path := filepath.Join(t.TempDir(), "apisix.yaml")
	if err := os.WriteFile(lockPath(path), []byte("1 elsewhere\n"), 0o444); err != nil {
		t.Fatal(err)
	}
	disk := faultyDisk{faults: []fault{{"open to write", 0, syscall.EACCES}}}
	release := mustLock(t, &File{Path: path, disk: &disk})
	defer release()
	if _, err := (&File{Path: path, disk: impatientDisk{}}).Lock(); !errors.Is(err, syscall.EWOULDBLOCK) {
		t.Errorf("got error %v while it is locked", err)
	}
}

func TestLockErrors(t *testing.T) {
	path := filepath.Join(realTempDir(t), "apisix.yaml")
	_, err := (&File{Path: path + "/x/y"}).Lock()
	checkError(t, err, "open the directory of", path+"/x/y", syscall.ENOENT, "mkdir -p")
	f := File{Path: path, disk: &faultyDisk{faults: []fault{{"open to write", 1, syscall.EROFS}}}}
	_, err = f.Lock()
	checkError(t, err, "lock", path, syscall.EROFS, "emptyDir")

	// Where the file system has no locks, there is nothing to wait for.
	f.disk = &faultyDisk{faults: []fault{{"lock", 0, syscall.ENOTSUP}}}
	mustLock(t, &f)()
}

func TestHolder(t *testing.T) {
	tests := []struct{ text, want string }{
		{string(thisProcess().text()), fmt.Sprintf("process %d writes this file", os.Getpid())},
		{"17 some-other-pod\n", `process 17 on "some-other-pod" writes this file`},
		{"", "another process writes this file"},
		{"17", "another process writes this file"},
		{"nonsense\n", "another process writes this file"},
	}
	for _, tt := range tests {
		path := filepath.Join(t.TempDir(), "lock")
		if err := os.WriteFile(path, []byte(tt.text), 0o644); err != nil {
			t.Fatal(err)
		}
		h, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer h.Close()
		if got := readHolder(osFile{h}).Error(); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.text, got, tt.want)
		}
	}
}
