package watch

import (
	"bytes"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func mustWrite(t *testing.T, f *File, content string) Result {
	t.Helper()
	result, err := f.Write([]byte(content))
	if err != nil {
		t.Fatal(err)
	}
	if !result.Written {
		t.Fatalf("%q was not written", content)
	}
	if got := read(t, f.Path); !strings.HasSuffix(got, content) || (!f.Generation && got != content) {
		t.Fatalf("file holds %q, want %q", got, content)
	}
	return result
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func stat(t *testing.T, path string) fs.FileInfo {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func clock(second int64) func() time.Time {
	return func() time.Time { return time.Unix(second, 123456789) }
}

func TestWriteResult(t *testing.T) {
	dir := realTempDir(t)
	path := filepath.Join(dir, "apisix.yaml")
	f := File{Path: path, Generation: true, Now: clock(1_700_000_000)}
	want := Result{Written: true, Path: path, Size: 28, ModTime: time.Unix(1_700_000_000, 0), Generation: 1_700_000_000}

	if got := mustWrite(t, &f, "routes: []\n"); got != want {
		t.Errorf("first write: got %+v, want %+v", got, want)
	}
	if got := stat(t, path); got.Size() != want.Size || !got.ModTime().Equal(want.ModTime) {
		t.Errorf("file has %d bytes and mtime %v, want as in %+v", got.Size(), got.ModTime(), want)
	}
	want.Written = false
	if got, err := f.Write([]byte("routes: []\n")); err != nil || got != want {
		t.Errorf("second write: got %+v, %v, want %+v", got, err, want)
	}
}

func TestWriteLeavesEqualBytesAlone(t *testing.T) {
	long := strings.Repeat("0123456789abcdef", 20_000)
	for name, content := range map[string]string{"empty": "", "short": "#END\n", "longer than a buffer": long} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "apisix.yaml")
			mustWrite(t, &File{Path: path}, content)
			before := stat(t, path)
			result, err := (&File{Path: path}).Write([]byte(content))
			if err != nil || result.Written || !result.ModTime.Equal(before.ModTime()) {
				t.Errorf("got %+v, %v; want unchanged since %v", result, err, before.ModTime())
			}
			after := stat(t, path)
			if !os.SameFile(before, after) || !after.ModTime().Equal(before.ModTime()) {
				t.Errorf("the file was touched: %v, then %v", before, after)
			}
		})
	}
}

func TestWriteSeesEveryDifference(t *testing.T) {
	path := filepath.Join(t.TempDir(), "apisix.yaml")
	f := File{Path: path}
	content := bytes.Repeat([]byte("x"), 70_000)
	mustWrite(t, &f, string(content))
	for _, at := range []int{0, 65_535, 65_536, 69_999} {
		content[at]++
		mustWrite(t, &f, string(content))
	}
	mustWrite(t, &f, string(content[:69_999]))
	mustWrite(t, &f, "")
}

func TestWriteModeWhateverTheUmask(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o077))
	for _, inPlace := range []bool{false, true} {
		for _, tt := range []struct {
			asked  fs.FileMode
			secret bool
			want   fs.FileMode
		}{{0, false, 0o644}, {0o640, false, 0o640}, {0o666, false, 0o666}, {0, true, 0o640}, {0o600, true, 0o600}} {
			path := filepath.Join(t.TempDir(), "apisix.yaml")
			f := File{Path: path, Mode: tt.asked, Secret: tt.secret, InPlace: inPlace}
			mustWrite(t, &f, "one\n")
			mustWrite(t, &f, "two\n")
			if got := stat(t, path).Mode(); got != tt.want {
				t.Errorf("in place %v: asked for %v, got %v, want %v", inPlace, tt.asked, got, tt.want)
			}
		}
	}
}

func TestWritePutsTheModeRightWithoutWriting(t *testing.T) {
	path := filepath.Join(t.TempDir(), "apisix.yaml")
	mustWrite(t, &File{Path: path, Mode: 0o600}, "same\n")
	before := stat(t, path)
	result, err := (&File{Path: path, Mode: 0o640}).Write([]byte("same\n"))
	if err != nil || result.Written {
		t.Errorf("got %+v, %v; want unchanged", result, err)
	}
	after := stat(t, path)
	if after.Mode() != 0o640 || !after.ModTime().Equal(before.ModTime()) || !os.SameFile(before, after) {
		t.Errorf("got mode %v, mtime %v; want 0640 and %v", after.Mode(), after.ModTime(), before.ModTime())
	}
}

// A file of somebody else's in a directory of ours can be replaced, though its mode cannot be changed.
func TestWriteReplacesWhatItCannotPutRight(t *testing.T) {
	path := filepath.Join(t.TempDir(), "apisix.yaml")
	mustWrite(t, &File{Path: path, Mode: 0o600}, "same\n")
	disk := &faultyDisk{faults: []fault{{"chmod", 1, syscall.EPERM}}}
	mustWrite(t, &File{Path: path, Mode: 0o640, disk: disk}, "same\n")
	if got := stat(t, path).Mode(); got != 0o640 {
		t.Errorf("got mode %v, want 0640", got)
	}
}

func TestWriteOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root may give files away")
	}
	for _, inPlace := range []bool{false, true} {
		path := filepath.Join(t.TempDir(), "apisix.yaml")
		f := File{Path: path, InPlace: inPlace}
		for _, tt := range []struct {
			name    string
			content string
			owner   *Owner
			want    Owner
		}{
			{"ours", "a\n", nil, Owner{os.Geteuid(), os.Getegid()}},
			{"new content", "b\n", &Owner{636, 637}, Owner{636, 637}},
			{"same content", "b\n", &Owner{638, 639}, Owner{638, 639}},
			{"group alone", "b\n", &Owner{-1, 640}, Owner{638, 640}},
		} {
			f.Owner = tt.owner
			if _, err := f.Write([]byte(tt.content)); err != nil {
				t.Fatal(err)
			}
			s := stat(t, path).Sys().(*syscall.Stat_t)
			if got := (Owner{int(s.Uid), int(s.Gid)}); got != tt.want {
				t.Errorf("in place %v: %s: got %v, want %v", inPlace, tt.name, got, tt.want)
			}
		}
	}
}

func TestWriteReplacesTheInode(t *testing.T) {
	path := filepath.Join(t.TempDir(), "apisix.yaml")
	f := File{Path: path}
	mustWrite(t, &f, "old\n")
	reader, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	mustWrite(t, &f, "new, and longer\n")
	if got, err := io.ReadAll(reader); err != nil || string(got) != "old\n" {
		t.Errorf("a reader that opened the old file reads %q, %v", got, err)
	}
}

func TestWriteInPlaceKeepsTheInode(t *testing.T) {
	path := filepath.Join(t.TempDir(), "apisix.yaml")
	f := File{Path: path, InPlace: true, Now: clock(1_700_000_000)}
	mustWrite(t, &f, "old, and longer\n")
	before := stat(t, path)
	result := mustWrite(t, &f, "new\n")
	if !os.SameFile(before, stat(t, path)) {
		t.Error("the file was replaced")
	}
	if want := before.ModTime().Add(time.Second); !result.ModTime.Equal(want) || !stat(t, path).ModTime().Equal(want) {
		t.Errorf("got mtime %v, want %v", stat(t, path).ModTime(), want)
	}
	checkOnly(t, path)
}

// What a push costs that changes nothing, for the file of some 10,000 services.
func BenchmarkWriteUnchanged(b *testing.B) {
	content := bytes.Repeat([]byte("0123456789abcde\n"), 1<<20)
	f := File{Path: filepath.Join(b.TempDir(), "apisix.yaml"), Generation: true}
	if _, err := f.Write(content); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(content)))
	b.ReportAllocs()
	for b.Loop() {
		if result, err := f.Write(content); err != nil || result.Written {
			b.Fatal(result, err)
		}
	}
}
