package watch

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// configMap is a directory into which a kubelet projects a ConfigMap: each file is a symlink through ..data, which is a
// symlink to a directory of its own for every version, and is replaced as a whole.
type configMap struct {
	dir     string
	version int
}

func (c *configMap) put(t *testing.T, files map[string]string) {
	t.Helper()
	old, _ := os.Readlink(c.path("..data"))
	c.version++
	next := fmt.Sprintf("..2024_05_01_12_00_00.%d", c.version)
	for name, content := range files {
		put(t, c.path(next+"/"+name), content)
	}
	must(t, os.Symlink(next, c.path("..data_tmp")))
	must(t, os.Rename(c.path("..data_tmp"), c.path("..data")))
	for name := range files {
		if _, err := os.Lstat(c.path(name)); err != nil {
			must(t, os.Symlink("..data/"+name, c.path(name)))
		}
	}
	entries, err := os.ReadDir(c.dir)
	must(t, err)
	for _, entry := range entries {
		if _, kept := files[entry.Name()]; !kept && !strings.HasPrefix(entry.Name(), "..") {
			must(t, os.Remove(c.path(entry.Name())))
		}
	}
	if old != "" {
		must(t, os.RemoveAll(c.path(old)))
	}
}

func (c *configMap) path(name string) string { return filepath.Join(c.dir, name) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
