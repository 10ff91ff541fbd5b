package watch_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/amesh-render/amesh-render/watch"
)

// How an agent puts the parts together. Its documents here are lines of text.
func Example() {
	dir, _ := os.MkdirTemp("", "")
	defer os.RemoveAll(dir)
	file := watch.File{Path: filepath.Join(dir, "apisix.yaml")}
	release, err := file.Lock()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer release()

	type document = watch.Document[string, string]
	var planner watch.Planner[string, string]
	write := func(d document) error {
		upstreams := slices.Sorted(maps.Values(d.Providers))
		result, err := file.Write([]byte(d.Users + strings.Join(upstreams, "") + "#END\n"))
		if result.Written {
			return nil // even with an error: the file has changed, though it might not outlive a power failure
		}
		return err
	}
	pacer := watch.Pacer[document]{
		Pace:    watch.DefaultPace(),
		Commit:  func(d document) (more bool, err error) { return planner.Commit(d, write) },
		Observe: func(o watch.Outcome) { fmt.Println("commit:", o.Changes, "change, error", o.Err) },
	}
	changes := make(chan document, 1)
	changes <- document{
		Users:     "route r1: upstream u1\n",
		Names:     []string{"u1"},
		Providers: map[string]string{"u1": "upstream u1: 10.0.0.1\n"},
	}
	close(changes)
	pacer.Run(context.Background(), changes)

	content, _ := os.ReadFile(file.Path)
	fmt.Print(string(content))
	// Output:
	// commit: 1 change, error <nil>
	// route r1: upstream u1
	// upstream u1: 10.0.0.1
	// #END
}
