package watch

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestSignature(t *testing.T) {
	ago := func(n time.Duration) time.Time { return time.Now().Truncate(time.Hour).Add(-n * time.Hour) }
	date := func(t *testing.T, path string, at time.Time) { must(t, os.Chtimes(path, time.Time{}, at)) }
	tests := []struct {
		name   string
		tree   []string
		path   string
		change func(t *testing.T, dir string)
		want   bool
	}{
		{"nothing", []string{"f"}, "f", func(*testing.T, string) {}, false},
		{"still nothing there", nil, "f", func(*testing.T, string) {}, false},
		{"touched", []string{"f"}, "f", func(t *testing.T, dir string) { date(t, dir+"/f", ago(3)) }, false},
		{"other content, same size, an old date", []string{"f"}, "f",
			func(t *testing.T, dir string) { put(t, dir+"/f", "new\n"); date(t, dir+"/f", ago(3)) }, true},
		{"other content, another size, same date", []string{"f"}, "f",
			func(t *testing.T, dir string) { put(t, dir+"/f", "newer\n"); date(t, dir+"/f", ago(2)) }, true},
		{"another file, same size, same date", []string{"f"}, "f",
			func(t *testing.T, dir string) { replace(t, dir+"/f", "new\n"); date(t, dir+"/f", ago(2)) }, true},
		{"replaced by its like", []string{"f"}, "f", func(t *testing.T, dir string) { replace(t, dir+"/f", "old\n") }, false},
		{"other content", []string{"f"}, "f", func(t *testing.T, dir string) { replace(t, dir+"/f", "new\n") }, true},
		{"emptied", []string{"f"}, "f", func(t *testing.T, dir string) { put(t, dir+"/f", "") }, true},
		{"removed", []string{"f"}, "f", func(t *testing.T, dir string) { must(t, os.Remove(dir+"/f")) }, true},
		{"made, and empty", nil, "f", func(t *testing.T, dir string) { put(t, dir+"/f", "") }, true},
		{"a directory now", nil, "f", func(t *testing.T, dir string) { tree(t, dir, "f/") }, true},
		{"a pipe now", nil, "f", func(t *testing.T, dir string) { tree(t, dir, "f|") }, true},
		{"a pipe in a directory", []string{"d/"}, "d", func(t *testing.T, dir string) { tree(t, dir, "d/p|") }, true},
		{"another link to the same", []string{"a", "b", "l -> a"}, "l",
			func(t *testing.T, dir string) { relink(t, dir+"/l", "b") }, false},
		{"a hidden file", []string{"d/"}, "d", func(t *testing.T, dir string) { put(t, dir+"/d/.f.swp", "x") }, false},
		{"a file in a subdirectory", []string{"d/", "d/s/"}, "d",
			func(t *testing.T, dir string) { put(t, dir+"/d/s/f", "x") }, false},
		{"an empty file in a directory", []string{"d/"}, "d",
			func(t *testing.T, dir string) { put(t, dir+"/d/f", "") }, true},
		{"renamed in a directory", []string{"d/", "d/a"}, "d",
			func(t *testing.T, dir string) { must(t, os.Rename(dir+"/d/a", dir+"/d/b")) }, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			tree(t, dir, tt.tree...)
			if _, err := os.Stat(dir + "/f"); err == nil {
				date(t, dir+"/f", ago(2))
			}
			in := NewInputs(dir + "/" + tt.path)
			tt.change(t, dir)
			in.look()
			if got := len(in.Changed) == 1; got != tt.want {
				t.Errorf("signalled: %v, want %v", got, tt.want)
			}
			if in.look(); len(in.Changed) == 1 && !tt.want {
				t.Error("the second look signals")
			}
		})
	}
}

// A file system's clock may tick once in two seconds. What is written after a look and within the same tick differs in
// nothing but content.
func TestSignatureWithinOneTick(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	tick := time.Now().Truncate(time.Second)
	put(t, path, "old")
	must(t, os.Chtimes(path, time.Time{}, tick))
	in := NewInputs(path)
	put(t, path, "new")
	must(t, os.Chtimes(path, time.Time{}, tick))
	if in.look(); len(in.Changed) != 1 {
		t.Error("not noticed")
	}
}

// A file that was last written to long ago is not read again: this is what makes looking cheap.
func TestSignatureOfAnOldFileIsNotTakenAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	put(t, path, "old")
	must(t, os.Chtimes(path, time.Time{}, time.Now().Add(-time.Hour)))
	first := survey([]string{path}, nil)
	if second := survey([]string{path}, first); second[path].info != first[path].info || first[path].info == nil {
		t.Error("read again")
	}
}

// A file may turn into a pipe between looking and opening.
func TestDigestOfAPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "p")
	tree(t, filepath.Dir(path), "p|")
	done := make(chan error, 1)
	go func() {
		_, err := digest(path)
		done <- err
	}()
	select {
	case err := <-done:
		must(t, err)
	case <-time.After(patience):
		t.Fatal("waits for somebody to write to the pipe")
	}
}
