package watch

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// realTempDir is a temporary directory by its path without symlinks.
func realTempDir(t *testing.T) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// tree makes directories ("conf/"), symlinks ("conf/a -> ../b"), named pipes ("p|") and files (else) below dir.
func tree(t *testing.T, dir string, entries ...string) {
	t.Helper()
	for _, entry := range entries {
		name, to, link := strings.Cut(entry, " -> ")
		path := filepath.Join(dir, name)
		var err error
		switch {
		case link:
			err = os.Symlink(strings.ReplaceAll(to, "DIR", dir), path)
		case strings.HasSuffix(name, "/"):
			err = os.MkdirAll(path, 0o755)
		case strings.HasSuffix(name, "|"):
			err = syscall.Mkfifo(strings.TrimSuffix(path, "|"), 0o644)
		default:
			err = os.WriteFile(path, []byte("old\n"), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestWriteFollowsSymlinks(t *testing.T) {
	tests := []struct {
		name   string
		tree   []string
		path   string
		target string
	}{
		{"none", []string{"f"}, "f", "f"},
		{"nothing there yet", nil, "f", "f"},
		{"relative", []string{"real/", "real/f", "l -> real/f"}, "l", "real/f"},
		{"absolute", []string{"real/", "real/f", "l -> DIR/real/f"}, "l", "real/f"},
		{"a chain", []string{"real/", "real/f", "l3 -> real/f", "l2 -> l3", "l1 -> DIR/l2"}, "l1", "real/f"},
		{"dangling", []string{"real/", "l -> real/f"}, "l", "real/f"},
		{"a dangling chain", []string{"real/", "l2 -> real/f", "l1 -> l2"}, "l1", "real/f"},
		{"a directory", []string{"real/", "real/f", "d -> real"}, "d/f", "real/f"},
		{"up from a linked directory", []string{"a/b/", "a/f", "d -> a/b", "a/b/l -> ../f"}, "d/l", "a/f"},
		{"up through a linked directory", []string{"a/b/", "a/f", "d -> a/b", "l -> d/../f"}, "l", "a/f"},
		{"the caller's up through a linked directory", []string{"a/b/", "a/f", "d -> a/b"}, "d/../f", "a/f"},
	}
	for _, tt := range tests {
		for _, relative := range []bool{false, true} {
			t.Run(tt.name, func(t *testing.T) {
				dir := realTempDir(t)
				tree(t, dir, tt.tree...)
				path := dir + "/" + tt.path
				if relative {
					t.Chdir(dir)
					path = tt.path
				}
				result := mustWrite(t, &File{Path: path}, "new\n")
				target := filepath.Join(dir, tt.target)
				if result.Path != target {
					t.Errorf("result names %q, want %q", result.Path, target)
				}
				if info, err := os.Lstat(target); err != nil || !info.Mode().IsRegular() || read(t, target) != "new\n" {
					t.Errorf("target: %v, %v", info, err)
				}
				for _, entry := range tt.tree {
					name, to, link := strings.Cut(entry, " -> ")
					got, _ := os.Readlink(filepath.Join(dir, name))
					if link && got != strings.ReplaceAll(to, "DIR", dir) {
						t.Errorf("symlink %q leads to %q now", entry, got)
					}
				}
			})
		}
	}
}

func TestWriteAndCheckRefusePaths(t *testing.T) {
	tests := []struct {
		name   string
		tree   []string
		path   string
		what   string
		number error
		hint   string
	}{
		{"a loop", []string{"a -> b", "b -> a"}, "a", "look up", syscall.ELOOP, "symbolic link"},
		{"a link to itself", []string{"a -> a"}, "a", "look up", syscall.ELOOP, "symbolic link"},
		{"no such directory", nil, "conf/f", "open the directory of", syscall.ENOENT, `mkdir -p "DIR/conf"`},
		{"a link into nowhere", []string{"l -> conf/f"}, "l", "open the directory of", syscall.ENOENT, `mkdir -p "DIR/conf"`},
		{"a file as the directory", []string{"f"}, "f/g", "look up", syscall.ENOTDIR, `"DIR/f" has to be a directory`},
		{"a directory", []string{"d/"}, "d", "look up", syscall.EISDIR, `"DIR/d/apisix.yaml"`},
		{"a link to a directory", []string{"d/", "l -> d"}, "l", "look up", syscall.EISDIR, "apisix.yaml"},
		{"a directory with a slash", []string{"d/"}, "d/", "look up", syscall.EISDIR, "apisix.yaml"},
		{"a pipe", []string{"p|"}, "p", "look up", errNotRegular, "use -"},
		{"a link to a pipe", []string{"p|", "l -> p"}, "l", "look up", errNotRegular, "use -"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := realTempDir(t)
			tree(t, dir, tt.tree...)
			f := File{Path: dir + "/" + tt.path}
			hint := strings.ReplaceAll(tt.hint, "DIR", dir)
			checkError(t, f.Check(), tt.what, dir, tt.number, hint)
			_, err := f.RemoveStale()
			checkError(t, err, tt.what, dir, tt.number, hint)
			_, err = f.Write([]byte("new\n"))
			checkError(t, err, tt.what, dir, tt.number, hint)
		})
	}
	if _, err := (&File{}).Write(nil); err == nil {
		t.Error("no path: no error")
	}
}

func TestCheckLeavesNoTrace(t *testing.T) {
	for _, inPlace := range []bool{false, true} {
		path := filepath.Join(t.TempDir(), "apisix.yaml")
		f := File{Path: path, InPlace: inPlace}
		if err := f.Check(); err != nil {
			t.Errorf("in place %v, no file: %v", inPlace, err)
		}
		if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 0 {
			t.Errorf("in place %v: %v is left in the directory", inPlace, entries)
		}
		mustWrite(t, &f, "old\n")
		before := stat(t, path)
		if err := f.Check(); err != nil {
			t.Errorf("in place %v, with a file: %v", inPlace, err)
		}
		after := stat(t, path)
		if !os.SameFile(before, after) || !after.ModTime().Equal(before.ModTime()) || read(t, path) != "old\n" {
			t.Errorf("in place %v: the file was touched", inPlace)
		}
		checkOnly(t, path)
	}
}

func TestCheckFindsWhatWouldFail(t *testing.T) {
	tests := []struct {
		fault   fault
		inPlace bool
		what    string
	}{
		{fault{"create", 1, syscall.EROFS}, false, "create a temporary file beside"},
		{fault{"lock", 1, syscall.EWOULDBLOCK}, false, "lock the directory of"},
		{fault{"chown", 1, syscall.EPERM}, false, "set the owner of"},
		{fault{"open to write", 1, syscall.EACCES}, true, "open"},
		{fault{"chtimes", 1, syscall.EPERM}, true, "set the modification time of"},
	}
	for _, tt := range tests {
		path := filepath.Join(t.TempDir(), "apisix.yaml")
		mustWrite(t, &File{Path: path}, "old\n")
		f := File{Path: path, InPlace: tt.inPlace, Owner: &Owner{UID: os.Geteuid() + 1, GID: -1}}
		f.disk = &faultyDisk{faults: []fault{tt.fault}}
		checkError(t, f.Check(), tt.what, path, tt.fault.err, "")
		checkOnly(t, path)
	}
}

func TestUnwritableDirectory(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may write to any directory; the injected EACCES stands for this")
	}
	path := filepath.Join(t.TempDir(), "apisix.yaml")
	mustWrite(t, &File{Path: path}, "old\n")
	if err := os.Chmod(filepath.Dir(path), 0o555); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(filepath.Dir(path), 0o755)
	f := File{Path: path}
	const what, hint = "create a temporary file beside", "read and write the directory"
	checkError(t, f.Check(), what, path, syscall.EACCES, hint)
	_, err := f.Write([]byte("new\n"))
	checkError(t, err, what, path, syscall.EACCES, hint)
	if got := read(t, path); got != "old\n" {
		t.Errorf("file holds %q, want the old content", got)
	}
}

func TestHasMountPoint(t *testing.T) {
	const mountinfo = `22 1 254:1 / / rw,relatime - ext4 /dev/vda rw
40 22 254:1 /srv/a.yaml /conf/apisix.yaml ro shared:1 - ext4 /dev/vda rw
41 22 0:30 / /mnt/with\040blank\134and\011tab rw - tmpfs tmpfs rw
short line
`
	for path, want := range map[string]bool{
		"/conf/apisix.yaml":         true,
		"/mnt/with blank\\and\ttab": true,
		"/conf":                     false,
		"/srv/a.yaml":               false,
		"/conf/apisix.yaml.bak":     false,
	} {
		if got := hasMountPoint(strings.NewReader(mountinfo), path); got != want {
			t.Errorf("%q: got %v, want %v", path, got, want)
		}
	}
}
