package xds

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// watchdog ends a stream on which the server owes an answer for too long. It works on its own, since the client may be
// held up in sending to a server that does not read.
type watchdog struct {
	timeout time.Duration
	bite    func(error)
	timer   *time.Timer
	watched []snapshot.Kind
}

// watch says what the server owes an answer to. The time starts anew when that changes.
func (w *watchdog) watch(silent []snapshot.Kind) {
	if slices.Equal(silent, w.watched) {
		return
	}
	w.watched = silent
	w.stop()
	if len(silent) > 0 {
		err := &silenceError{silent, w.timeout}
		w.timer = time.AfterFunc(w.timeout, func() { w.bite(err) })
	}
}

func (w *watchdog) stop() {
	if w.timer != nil {
		w.timer.Stop()
	}
}

// silenceError is why a watchdog ends a stream.
type silenceError struct {
	kinds []snapshot.Kind
	after time.Duration
}

func (e *silenceError) Error() string {
	names := make([]string, len(e.kinds))
	for i, k := range e.kinds {
		names[i] = k.String()
	}
	return fmt.Sprintf("no answer about resources of kind %s within %v", strings.Join(names, ", "), e.after)
}
