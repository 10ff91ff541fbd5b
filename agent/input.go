package agent

import (
	"context"

	"github.com/amesh-render/amesh-render/plugins"
	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// An input is all that the file is made from.
type input struct {
	snapshot *snapshot.Snapshot
	plugins  *plugins.Set
}

// join sends an input whenever the snapshot or what users add has changed, once there is a snapshot: always the latest of
// both. It closes out when no more can come, and returns then or when the context ends.
func join(ctx context.Context, now input, snapshots <-chan *snapshot.Snapshot, sets <-chan *plugins.Set, out chan<- input) {
	defer close(out)
	var ready chan<- input // out, while there is news
	for snapshots != nil || sets != nil || ready != nil {
		news := false
		select {
		case <-ctx.Done():
			return
		case ready <- now:
			ready = nil
		case s, open := <-snapshots:
			if news = open; open {
				now.snapshot = s
			} else {
				snapshots = nil
			}
		case set, open := <-sets:
			if news = open; open {
				now.plugins = set
			} else {
				sets = nil
			}
		}
		if news && now.snapshot != nil {
			ready = out
		}
	}
}
