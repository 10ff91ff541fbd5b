package watch

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestWriteFailureKeepsTheOldFile(t *testing.T) {
	other := &Owner{UID: os.Geteuid() + 1, GID: -1}
	tests := []struct {
		fault   fault
		inPlace bool
		what    string // the message begins with
		hint    string // contains
	}{
		{fault: fault{"open directory", 1, syscall.EACCES}, what: "open the directory of", hint: "write the directory"},
		{fault: fault{"lock", 1, syscall.EWOULDBLOCK}, what: "lock the directory of", hint: "another process"},
		{fault: fault{"stat", 1, syscall.EACCES}, what: "look up", hint: "write the directory"},
		{fault: fault{"create", 1, syscall.EACCES}, what: "create a temporary file beside", hint: "write the directory"},
		{fault: fault{"create", 1, syscall.EROFS}, what: "create a temporary file beside", hint: "emptyDir"},
		{fault: fault{"create", 1, syscall.ENOSPC}, what: "create a temporary file beside", hint: "full"},
		{fault: fault{"create", 1, syscall.ENOENT}, what: "create a temporary file beside", hint: "mkdir -p"},
		{fault: fault{"truncate", 1, syscall.EIO}, what: "write"},
		{fault: fault{"write", 1, syscall.ENOSPC}, what: "write", hint: "full"},
		{fault: fault{"write", 1, syscall.EDQUOT}, what: "write", hint: "quota"},
		{fault: fault{"sync", 1, syscall.ENOSPC}, what: "write", hint: "full"},
		{fault: fault{"sync", 1, syscall.EIO}, what: "write"},
		{fault: fault{"chtimes", 1, syscall.EPERM}, what: "set the modification time of"},
		{fault: fault{"stat", 2, syscall.EIO}, what: "look up"},
		{fault: fault{"chmod", 1, syscall.EPERM}, what: "set the mode of"},
		{fault: fault{"chown", 0, syscall.EPERM}, what: "set the owner of", hint: "CAP_CHOWN"},
		{fault: fault{"close", 1, syscall.EIO}, what: "write"}, // the old file is closed last
		{fault: fault{"rename", 1, syscall.EBUSY}, what: "replace", hint: "mount the directory"},
		{fault: fault{"rename", 1, syscall.EXDEV}, what: "replace", hint: "--in-place"},
		{fault: fault{"open to write", 1, syscall.EACCES}, inPlace: true, what: "open", hint: "the file itself"},
		{fault: fault{"chtimes", 1, syscall.EPERM}, inPlace: true, what: "set the modification time of", hint: "belong to uid"},
		{fault: fault{"chown", 0, syscall.EPERM}, inPlace: true, what: "set the owner of", hint: "CAP_CHOWN"},
		{fault: fault{"truncate", 1, syscall.EIO}, inPlace: true, what: "write"},
		{fault: fault{"write", 1, syscall.ENOSPC}, inPlace: true, what: "write", hint: "full"},
		{fault: fault{"sync", 1, syscall.EIO}, inPlace: true, what: "write"},
		{fault: fault{"chtimes", 2, syscall.EIO}, inPlace: true, what: "set the modification time of"},
	}
	for _, tt := range tests {
		name := strings.ReplaceAll(tt.fault.step+" "+tt.fault.err.Error(), " ", "_")
		if tt.inPlace {
			name = "in_place_" + name
		}
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "apisix.yaml")
			f := File{Path: path}
			mustWrite(t, &f, "old\n#END\n")
			before := stat(t, path)

			f.disk = &faultyDisk{faults: []fault{tt.fault}}
			f.InPlace = tt.inPlace
			if tt.fault.step == "chown" {
				f.Owner = other
			}
			result, err := f.Write([]byte("a new and longer content\n#END\n"))

			checkError(t, err, tt.what, path, tt.fault.err, tt.hint)
			if result != (Result{}) {
				t.Errorf("result %+v beside the error, want none", result)
			}
			if got := read(t, path); got != "old\n#END\n" {
				t.Errorf("file holds %q, want the old content", got)
			}
			if after := stat(t, path); !after.ModTime().Equal(before.ModTime()) {
				t.Errorf("mtime went from %v to %v", before.ModTime(), after.ModTime())
			}
			checkOnly(t, path)

			f.disk, f.Owner = nil, nil
			mustWrite(t, &f, "a new and longer content\n#END\n")
		})
	}
}

// In place, the old content is not given up before it is known that the new one may have its mtime, mode and owner.
func TestWriteInPlaceTriesFirst(t *testing.T) {
	for _, step := range []string{"chtimes", "chmod", "chown"} {
		path := filepath.Join(t.TempDir(), "apisix.yaml")
		mustWrite(t, &File{Path: path}, "old\n")
		disk := &faultyDisk{faults: []fault{{step, 0, syscall.EPERM}}}
		f := File{Path: path, InPlace: true, Mode: 0o600, Owner: &Owner{UID: os.Geteuid() + 1, GID: -1}, disk: disk}
		if _, err := f.Write([]byte("new\n")); !errors.Is(err, syscall.EPERM) {
			t.Errorf("%s: got error %v, want EPERM", step, err)
		}
		if disk.counts["truncate"] != 0 {
			t.Errorf("%s: the file was emptied before", step)
		}
	}
}

func TestWriteFailureCreatesNothing(t *testing.T) {
	for _, inPlace := range []bool{false, true} {
		path := filepath.Join(t.TempDir(), "apisix.yaml")
		f := File{Path: path, InPlace: inPlace, disk: &faultyDisk{faults: []fault{{"write", 1, syscall.ENOSPC}}}}
		if _, err := f.Write([]byte("new\n")); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("in place %v: got error %v, want ENOSPC", inPlace, err)
		}
		if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 0 {
			t.Errorf("in place %v: %v is left in the directory", inPlace, entries)
		}
	}
}

func TestWriteTellsOfAnUnflushedDirectory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "apisix.yaml")
	f := File{Path: path, disk: &faultyDisk{faults: []fault{{"sync directory", 1, syscall.EIO}}}}
	result, err := f.Write([]byte("new\n"))
	checkError(t, err, "flush the directory of", path, syscall.EIO, "in place")
	if !result.Written || read(t, path) != "new\n" {
		t.Errorf("result %+v, file %q; want the new file in place", result, read(t, path))
	}
	checkOnly(t, path)
}

func TestWriteOnFileSystemsThatCanDoLess(t *testing.T) {
	for _, f := range []fault{
		{"sync directory", 1, syscall.EINVAL},
		{"sync directory", 1, syscall.ENOTSUP},
		{"lock", 1, syscall.ENOLCK},
		{"lock", 1, syscall.EBADF},
		{"open to read", 1, syscall.EACCES},
	} {
		path := filepath.Join(t.TempDir(), "apisix.yaml")
		mustWrite(t, &File{Path: path}, "old\n")
		mustWrite(t, &File{Path: path, disk: &faultyDisk{faults: []fault{f}}}, "new\n")
	}
}

// checkError checks that err is what a user can act upon.
func checkError(t *testing.T, err error, what, path string, number error, hint string) {
	t.Helper()
	var e *WriteError
	if !errors.As(err, &e) {
		t.Fatalf("got error %v, want a *WriteError", err)
	}
	if !errors.Is(err, number) {
		t.Errorf("error %v is not %v", err, number)
	}
	if !strings.HasPrefix(err.Error(), what+` "`) {
		t.Errorf("error %q does not begin with %q", err, what)
	}
	if !strings.Contains(err.Error(), path) || e.UID != os.Geteuid() || !strings.Contains(err.Error(), "uid") {
		t.Errorf("error %q does not name %s and the uid", err, path)
	}
	if strings.Contains(err.Error(), ".tmp") || strings.Contains(e.Hint(), "\n") {
		t.Errorf("error %q, hint %q: names a temporary file, or several lines", err, e.Hint())
	}
	if !strings.Contains(e.Hint(), hint) || (hint == "" && number == syscall.EIO && e.Hint() != "") {
		t.Errorf("hint %q, want one with %q", e.Hint(), hint)
	}
}

// checkOnly checks that the file is alone in its directory.
func checkOnly(t *testing.T, path string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if entry.Name() != filepath.Base(path) {
			t.Errorf("%s is left in the directory", entry.Name())
		}
	}
}
