package xds

import (
	"fmt"
	"io"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// tally is an Observer that writes down what it is told.
type tally []string

func (l *tally) add(format string, a ...any)           { *l = append(*l, fmt.Sprintf(format, a...)) }
func (l *tally) Connected(m Mode)                      { l.add("connected %v", m) }
func (l *tally) Disconnected(err error)                { l.add("disconnected %v", err) }
func (l *tally) Received(k snapshot.Kind, n, size int) { l.add("received %v %d %d", k, n, size) }
func (l *tally) Rejected(k snapshot.Kind, why string)  { l.add("rejected %v %s", k, why) }
func (l *tally) Published(s *snapshot.Snapshot)        { l.add("published %v", contents(s)) }

func TestObserver(t *testing.T) {
	var seen tally
	play(t, Config{Observer: &seen}, func(s *stage) {
		f := s.open(static("a"))
		f.answer(cds, "2", broken(cds, "b"))
		f.arrivals <- arrival{err: io.EOF}
		<-s.fakes
		synctest.Wait()
	})
	want := tally{
		"connected delta", "received listener 0 0", "received cluster 1 3", "published [cluster/a]",
		"received cluster 1 5", `rejected cluster cluster "b": cannot parse invalid wire-format data`, "published [cluster/a]",
		"disconnected EOF", "disconnected <nil>",
	}
	if !slices.Equal(seen, want) {
		t.Errorf("got %q\nwant %q", seen, want)
	}
}
