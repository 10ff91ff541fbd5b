package watch_test

import (
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"github.com/amesh-render/amesh-render/watch"
)

// Create never replaces a file, and of many at once one wins.
func TestCreate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "apisix.yaml")
	var (
		together sync.WaitGroup
		mu       sync.Mutex
		written  []string
	)
	for i := range 8 {
		together.Go(func() {
			content := strconv.Itoa(i)
			result, err := (&watch.File{Path: path}).Create([]byte(content))
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			if result.Written {
				written = append(written, content)
			}
		})
	}
	together.Wait()
	got, err := os.ReadFile(path)
	if err != nil || len(written) != 1 || string(got) != written[0] {
		t.Errorf("the file is %q (%v), written: %q", got, err, written)
	}
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	if result, err := (&watch.File{Path: path}).Create([]byte("x")); err != nil || result.Written {
		t.Errorf("an empty file is a file: %+v, %v", result, err)
	}
}

// A symlink to where there is no file yet is followed.
func TestCreateThroughSymlink(t *testing.T) {
	dir := t.TempDir()
	link, target := filepath.Join(dir, "link"), filepath.Join(dir, "target")
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
	if _, err := (&watch.File{Path: link}).Create([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(target); err != nil || string(got) != "x" {
		t.Errorf("got %q, %v", got, err)
	}
}
