package watch

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// edit is one change to the files below a directory, and what a reader then finds.
type edit struct {
	what string
	do   func(t *testing.T, dir string)
	want string
}

func putEdit(name, content, want string) edit {
	return edit{"put " + name, func(t *testing.T, dir string) { replace(t, dir+"/"+name, content) }, want}
}

func removeEdit(name, want string) edit {
	return edit{"remove " + name, func(t *testing.T, dir string) { must(t, os.RemoveAll(dir+"/"+name)) }, want}
}

func TestInputs(t *testing.T) {
	tests := []struct {
		name  string
		tree  []string // as tree makes it; files hold "old"
		paths []string
		edits []edit
	}{
		{"rename over", []string{"f"}, []string{"f"}, []edit{putEdit("f", "1", "1"), putEdit("f", "2", "2")}},
		{"truncate and write", []string{"f"}, []string{"f"}, []edit{
			{"write", func(t *testing.T, dir string) { put(t, dir+"/f", "new") }, "new"},
			{"append", func(t *testing.T, dir string) { appendTo(t, dir+"/f", "er") }, "newer"},
		}},
		{"an editor with a backup", []string{"f"}, []string{"f"}, []edit{
			{"save", vim("1"), "1"}, {"save", vim("2"), "2"},
		}},
		{"a late file", nil, []string{"f"}, []edit{putEdit("f", "1", "1"), putEdit("f", "2", "2")}},
		{"a late directory", nil, []string{"a/b/c/f"}, []edit{
			putEdit("a/b/c/f", "1", "1"), putEdit("a/b/c/f", "2", "2"),
		}},
		{"deletion and re-creation", []string{"f"}, []string{"f"}, []edit{
			removeEdit("f", "-"), putEdit("f", "1", "1"), removeEdit("f", "-"), putEdit("f", "2", "2"),
		}},
		{"of the directory, too", []string{"a/", "a/f"}, []string{"a/f"}, []edit{
			removeEdit("a", "-"), putEdit("a/f", "1", "1"), putEdit("a/f", "2", "2"), removeEdit("a", "-"),
		}},
		{"another directory by that name", []string{"a/", "a/f", "b/", "b/f"}, []string{"a/f"}, []edit{
			{"exchange", func(t *testing.T, dir string) {
				put(t, dir+"/b/f", "1")
				must(t, os.Rename(dir+"/a", dir+"/c"))
				must(t, os.Rename(dir+"/b", dir+"/a"))
			}, "1"},
			putEdit("a/f", "2", "2"),
		}},
		{"both sides", []string{"here/", "there/", "there/1", "here/f -> ../there/1"}, []string{"here/f"}, []edit{
			putEdit("there/1", "1", "1"),
			{"write there", func(t *testing.T, dir string) { appendTo(t, dir+"/there/1", "a") }, "1a"},
			removeEdit("there/1", "-"),
			{"a link to what comes late", func(t *testing.T, dir string) { relink(t, dir+"/here/f", "../there/2/f") }, ""},
			putEdit("there/2/f", "2", "2"),
			removeEdit("here/f", "-"),
			putEdit("here/f", "3", "3"),
		}},
		{"a chain", []string{"r1/", "r2/", "r1/f", "cur -> DIR/r1", "x/", "x/f -> ../cur/f"}, []string{"x/../x/f"}, []edit{
			putEdit("r1/f", "1", "1"),
			{"release", func(t *testing.T, dir string) { put(t, dir+"/r2/f", "2"); relink(t, dir+"/cur", "r2") }, "2"},
			putEdit("r2/f", "3", "3"),
		}},
		{"a directory", []string{"d/", "d/a"}, []string{"d"}, []edit{
			putEdit("d/b", "1", "[old 1]"), putEdit("d/a", "2", "[2 1]"), removeEdit("d/a", "[1]"), removeEdit("d", "-"),
			putEdit("d/c", "3", "[3]"),
		}},
		{"a directory of symlinks", []string{"d/", "e/", "e/a", "d/a -> ../e/a"}, []string{"d"}, []edit{
			putEdit("e/a", "1", "[1]"),
			{"another", func(t *testing.T, dir string) { put(t, dir+"/o/b", "2"); relink(t, dir+"/d/b", "../o/b") }, "[1 2]"},
			putEdit("o/b", "3", "[1 3]"),
		}},
		{"several", []string{"a", "d/", "d/b"}, []string{"a", "d", "c/c"}, []edit{
			putEdit("d/b", "1", "old [1] -"), putEdit("c/c", "2", "old [1] 2"), putEdit("a", "3", "3 [1] 2"),
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			tree(t, dir, tt.tree...)
			var paths []string
			for _, path := range tt.paths {
				paths = append(paths, dir+"/"+path)
			}
			in := watchThem(t, paths...)
			for n, s := range tt.edits {
				s.do(t, dir)
				if s.want != "" {
					in.expect(fmt.Sprintf("edit %d, %s", n, s.what), s.want)
				}
			}
		})
	}
}

func TestInputsOfAConfigMap(t *testing.T) {
	for name, whole := range map[string]bool{"a file of it": false, "all of it": true} {
		t.Run(name, func(t *testing.T) {
			c := configMap{dir: t.TempDir()}
			c.put(t, map[string]string{"a": "1", "b": "1"})
			path, format := c.path("a"), "%s"
			if whole {
				path, format = c.dir, "[%s 1]"
			}
			in := watchThem(t, path)
			for n := range 5 {
				content := fmt.Sprint("version ", n)
				c.put(t, map[string]string{"a": content, "b": "1"})
				in.expect(content, fmt.Sprintf(format, content))
			}
			c.put(t, map[string]string{"b": "1"})
			in.expect("removal", map[bool]string{false: "-", true: "[1]"}[whole])
		})
	}
}

// A burst is a few signals, and the last of them comes after the last change.
func TestInputsCoalesce(t *testing.T) {
	const changes = 200
	path := filepath.Join(t.TempDir(), "f")
	in := watchThem(t, path)
	start := time.Now()
	go func() {
		for n := range changes {
			replace(t, path, fmt.Sprint(n+1))
		}
	}()
	signals := 0
	for contents(path) != fmt.Sprint(changes) {
		in.receive("the burst")
		signals++
	}
	took := time.Since(start)
	if most := 1 + int(took/settleQuiet); signals > most {
		t.Errorf("%d signals in %v, want at most %d", signals, took, most)
	}
	t.Logf("%d changes, %d signals in %v", changes, signals, took)
}

// Changes between reading a file for the first time and watching it are not lost.
func TestInputsBeforeRun(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	in := NewInputs(path)
	put(t, path, "1")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go in.Run(ctx)
	(&running{in, t, []string{path}}).expect("the first look", "1")
}

func TestInputsRelative(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	in := watchThem(t, "f")
	t.Chdir(t.TempDir())
	put(t, dir+"/f", "1")
	in.paths = []string{dir + "/f"}
	in.expect("after chdir", "1")
}

// What a look costs: at one file, and at a directory with so many.
func BenchmarkLook(b *testing.B) {
	for _, files := range []int{1, 100} {
		b.Run(fmt.Sprint(files), func(b *testing.B) {
			dir := b.TempDir()
			for n := range files {
				path := filepath.Join(dir, fmt.Sprint(n))
				if err := os.WriteFile(path, make([]byte, 1<<20), 0o644); err != nil {
					b.Fatal(err)
				}
				if err := os.Chtimes(path, time.Time{}, time.Now().Add(-time.Hour)); err != nil {
					b.Fatal(err)
				}
			}
			in := NewInputs(dir)
			e := ear{open: openKernel}
			defer e.close()
			b.ReportAllocs()
			for b.Loop() {
				if err := in.listen(&e); err != nil {
					b.Fatal(err)
				}
				in.look()
			}
			if len(in.Changed) != 0 {
				b.Error("something changed")
			}
		})
	}
}
