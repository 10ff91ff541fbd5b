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

// document is what the example plans: routes, the upstreams that they name, and the upstreams that there are.
type document struct {
	routes    string
	names     []string
	upstreams map[string]string
}

// Lacks implements watch.Document, as Names and With do.
func (d document) Lacks(other document) (ids []string) {
	for id := range other.upstreams {
		if _, ok := d.upstreams[id]; !ok {
			ids = append(ids, id)
		}
	}
	return ids
}

func (d document) Names(ids []string) []string {
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool {
		_, provided := d.upstreams[id]
		return !provided || !slices.Contains(d.names, id)
	})
}

func (d document) With(want document, ids []string, live document) document {
	d.upstreams = maps.Clone(want.upstreams)
	for _, id := range ids {
		d.upstreams[id] = live.upstreams[id]
	}
	return d
}

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

	var planner watch.Planner[document]
	write := func(d document) error {
		upstreams := slices.Sorted(maps.Values(d.upstreams))
		result, err := file.Write([]byte(d.routes + strings.Join(upstreams, "") + "#END\n"))
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
		routes:    "route r1: upstream u1\n",
		names:     []string{"u1"},
		upstreams: map[string]string{"u1": "upstream u1: 10.0.0.1\n"},
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
