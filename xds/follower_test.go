package xds

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"

	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// follower is a client under test, and what it publishes.
type follower struct {
	snapshots chan *snapshot.Snapshot
	stop      context.CancelFunc
	returned  chan error
}

// follow runs a client until the test ends.
func follow(t testing.TB, c Config) *follower {
	t.Helper()
	if c.Node == nil {
		c.Node = &corev3.Node{Id: "me"}
	}
	if c.Timeout == 0 {
		c.Timeout = time.Hour
	}
	if c.Grace == 0 {
		c.Grace = time.Hour
	}
	if c.MinBackoff == 0 {
		c.MinBackoff, c.MaxBackoff = time.Millisecond, 20*time.Millisecond
	}
	ctx, stop := context.WithCancel(context.Background())
	f := &follower{make(chan *snapshot.Snapshot, 10_000), stop, make(chan error, 1)}
	go func() { f.returned <- Run(ctx, c, func(s *snapshot.Snapshot) { f.snapshots <- s }) }()
	t.Cleanup(func() {
		stop()
		if err := await(t, f.returned, "return of Run"); err != nil {
			t.Errorf("Run: %v", err)
		}
		f.returned <- nil
	})
	return f
}

func at(t testing.TB, address string) Address {
	t.Helper()
	a, err := ParseAddress(address)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// plain is where a server without encryption listens.
func (s *scripted) plain(t testing.TB) Address { return at(t, "grpc://"+s.address) }

// expect waits for a snapshot that holds exactly the resources that are listed, as in "cluster/a".
func (f *follower) expect(t testing.TB, want ...string) *snapshot.Snapshot {
	t.Helper()
	return f.until(t, fmt.Sprint(want), func(s *snapshot.Snapshot) bool { return slices.Equal(contents(s), want) })
}

// until waits for a snapshot with a property.
func (f *follower) until(t testing.TB, what string, ok func(*snapshot.Snapshot) bool) *snapshot.Snapshot {
	t.Helper()
	var last []string
	deadline := time.After(patience)
	for {
		select {
		case s := <-f.snapshots:
			if ok(s) {
				return s
			}
			last = contents(s)
		case <-deadline:
			t.Fatalf("no snapshot with %s; the last one had %v", what, last)
		}
	}
}

// none fails if a snapshot was published that nobody has waited for.
func (f *follower) none(t testing.TB) {
	t.Helper()
	select {
	case s := <-f.snapshots:
		t.Errorf("published %v, expected nothing", contents(s))
	default:
	}
}

func contents(s *snapshot.Snapshot) (all []string) {
	add := func(k snapshot.Kind, names []string) {
		for _, name := range names {
			all = append(all, k.String()+"/"+name)
		}
	}
	add(snapshot.Cluster, s.Clusters().Names())
	add(snapshot.Endpoints, s.Endpoints().Names())
	add(snapshot.Listener, s.Listeners().Names())
	add(snapshot.RouteConfiguration, s.RouteConfigurations().Names())
	return all
}
