package watch

import (
	"os"
	"path/filepath"
	"testing"
)

// put makes a file and the directories that it is in.
func put(t *testing.T, path, content string) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(t, os.WriteFile(path, []byte(content), 0o644))
}

// replace writes a file beside the path and renames it over, as careful programs do.
func replace(t *testing.T, path, content string) {
	t.Helper()
	put(t, path+"~", content)
	must(t, os.Rename(path+"~", path))
}

// relink has a symlink point elsewhere without it ever being missing.
func relink(t *testing.T, path, to string) {
	t.Helper()
	must(t, os.Symlink(to, path+"~"))
	must(t, os.Rename(path+"~", path))
}

func appendTo(t *testing.T, path, more string) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	must(t, err)
	defer file.Close()
	_, err = file.WriteString(more)
	must(t, err)
}

// vim saves a file in this way: it tries whether files can be made, moves the old one away, writes, and tidies up.
func vim(content string) func(t *testing.T, dir string) {
	return func(t *testing.T, dir string) {
		t.Helper()
		put(t, dir+"/4913", "")
		must(t, os.Remove(dir+"/4913"))
		must(t, os.Rename(dir+"/f", dir+"/f~"))
		put(t, dir+"/f", content)
		must(t, os.Remove(dir+"/f~"))
	}
}
