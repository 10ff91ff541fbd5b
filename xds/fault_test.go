package xds

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/keepalive"

	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// Half a response comes, and then nothing, on a connection that stays open.
func TestHalfAResponse(t *testing.T) {
	server := serve(t)
	var connections atomic.Int32
	p := newProxy(t, server.address, func() fault {
		if connections.Add(1) == 1 {
			return fault{after: 100_000, stall: true}
		}
		return fault{}
	})
	f := follow(t, Config{Address: p.address(t), Timeout: time.Second})
	big := static(strings.Repeat("x", 1_000_000))
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		for {
			select {
			case s := <-server.deltas:
				go func() {
					s.stream.Send(changed(lds, "1"))
					s.stream.Send(changed(cds, "2", big)) // on the first stream, this lasts until the client goes
				}()
			case <-stop:
				return
			}
		}
	}()
	f.expect(t, "cluster/"+big.Name)
	if connections.Load() < 2 {
		t.Error("the response has come whole")
	}
}

// A peer that is half dead does not tell; pings find out.
func TestKeepalive(t *testing.T) {
	if testing.Short() {
		t.Skip("gRPC's shortest interval between pings is 10 s")
	}
	t.Parallel()
	server := serve(t)
	stall := fault{after: 1, stall: true}
	var connections atomic.Int32
	p := newProxy(t, server.address, func() fault {
		if connections.Add(1) == 1 {
			stall.after = 2_000
			return stall
		}
		return fault{}
	})
	f := follow(t, Config{Address: p.address(t), keepalive: keepalive.ClientParameters{Time: 10 * time.Second, Timeout: time.Second}})
	s := server.delta(t)
	s.send(t, changed(lds, "1"))
	s.send(t, changed(cds, "2", static("a")))
	f.expect(t, "cluster/a")
	s.send(t, changed(cds, "3", static(strings.Repeat("x", 10_000)))) // never arrives
	server.delta(t).expect(t, "cluster node=me have=a@v2", "listener")
}

func TestMessageOf100MB(t *testing.T) {
	server := serve(t)
	f := follow(t, Config{Address: server.plain(t)})
	s := server.delta(t)
	s.send(t, changed(lds, "1"))
	big := static("big")
	big.AltStatName = strings.Repeat("x", 100<<20)
	s.send(t, changed(cds, "2", big))
	got, _ := f.expect(t, "cluster/big").Clusters().Get("big")
	if n := len(got.GetAltStatName()); n != 100<<20 {
		t.Errorf("%d bytes have come", n)
	}
}

// The server says that it will go (GOAWAY), ends the streams, and is there again under the same address.
func TestServerRestart(t *testing.T) {
	l := listen(t, "tcp", "127.0.0.1:0")
	server := serveOn(t, l)
	f := follow(t, Config{Address: server.plain(t)})
	s := server.delta(t)
	s.send(t, changed(lds, "1"))
	s.send(t, changed(cds, "2", static("a")))
	s.expect(t, "cluster node=me", "listener", "listener nonce=1", "cluster nonce=2")
	f.expect(t, "cluster/a")
	for n := range 10 {
		stopped := make(chan struct{})
		go func() { defer close(stopped); server.server.GracefulStop() }()
		// Until the stream ends it works.
		s.send(t, changed(cds, fmt.Sprint("x", n), static(fmt.Sprint("b", n))))
		s.expect(t, fmt.Sprintf("cluster nonce=x%d", n))
		f.until(t, "one more", func(got *snapshot.Snapshot) bool { return got.Clusters().Len() == n+2 })
		s.finish <- nil
		await(t, stopped, "graceful stop")
		server = serveOn(t, listen(t, "tcp", server.address))
		s = server.delta(t)
		if first := await(t, s.requests, "request"); len(first.GetInitialResourceVersions()) != n+2 {
			t.Fatalf("after %d restarts the client says it has %v", n+1, first.GetInitialResourceVersions())
		}
		s.expect(t, "listener")
	}
	f.none(t) // what is known has stayed
}

func TestManyReconnects(t *testing.T) {
	for _, mode := range []Mode{Delta, StateOfTheWorld} {
		t.Run(mode.String(), func(t *testing.T) {
			server := serve(t)
			before := runtime.NumGoroutine()
			f := follow(t, Config{Address: server.plain(t), Mode: mode, MinBackoff: time.Microsecond, MaxBackoff: time.Microsecond})
			for n := range 1_000 {
				if mode == Delta {
					s := server.delta(t)
					s.send(t, changed(lds, "1"))
					s.send(t, changed(cds, "2", static(fmt.Sprint(n%2))))
					s.finish <- nil
				} else {
					s := server.sotw(t)
					s.send(t, said(lds, "1", "1"))
					s.send(t, said(cds, "1", "2", static(fmt.Sprint(n%2))))
					s.finish <- nil
				}
			}
			f.stop()
			if err := await(t, f.returned, "return of Run"); err != nil {
				t.Fatal(err)
			}
			f.returned <- nil
			// Both sides of the connections end soon after; only then is the count what it was.
			for deadline := time.Now().Add(patience); runtime.NumGoroutine() > before+5; runtime.Gosched() {
				if time.Now().After(deadline) {
					stacks := make([]byte, 1<<20)
					t.Fatalf("%d goroutines before, %d after:\n%s", before, runtime.NumGoroutine(), stacks[:runtime.Stack(stacks, true)])
				}
			}
		})
	}
}

// A consumer that takes its time holds nothing up, and then gets the latest.
func TestSlowConsumer(t *testing.T) {
	server := serve(t)
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	entered, proceed := make(chan *snapshot.Snapshot), make(chan struct{})
	returned := make(chan error, 1)
	go func() {
		returned <- Run(ctx, Config{Address: server.plain(t)}, func(s *snapshot.Snapshot) {
			entered <- s
			<-proceed
		})
	}()
	s := server.delta(t)
	s.expect(t, "cluster", "listener")
	s.send(t, changed(lds, "1"))
	s.send(t, changed(cds, "2", static("0")))
	s.expect(t, "listener nonce=1", "cluster nonce=2")
	await(t, entered, "snapshot")
	for n := range 100 {
		nonce := fmt.Sprint("n", n)
		s.send(t, changed(cds, nonce, static(nonce)))
		s.expect(t, "cluster nonce="+nonce)
	}
	// The last one is published after it was accepted, and the next accepted after that.
	s.send(t, changed(lds, "last"))
	s.expect(t, "listener nonce=last")
	proceed <- struct{}{}
	if n := await(t, entered, "snapshot").Clusters().Len(); n != 101 {
		t.Errorf("the next snapshot has %d clusters, expected the latest with 101", n)
	}
	stop()
	await(t, s.lost, "end of the stream")
	select {
	case <-returned:
		t.Error("Run has returned while publish was running")
	default:
	}
	proceed <- struct{}{}
	await(t, returned, "return of Run")
}

// The connection is cut at random places, time and again, also within a frame. What comes out in the end is what the server has.
func TestConnectionsThatAreCut(t *testing.T) {
	for _, mode := range []Mode{Delta, StateOfTheWorld} {
		t.Run(mode.String(), func(t *testing.T) {
			plane := newControlPlane(t)
			var connections atomic.Int32
			random := rand.New(rand.NewPCG(1, 2))
			p := newProxy(t, plane.address, func() fault {
				if connections.Add(1) > 100 {
					return fault{}
				}
				return fault{after: 1 + random.Int64N(20_000)}
			})
			plane.set(t, 1, 100)
			f := follow(t, Config{Address: p.address(t), Mode: mode})
			for n := uint32(2); connections.Load() <= 100; n++ {
				plane.set(t, n, 100)
				p.cutSoon(f)
			}
			plane.set(t, 1_000_000, 120)
			f.until(t, "the last state", func(s *snapshot.Snapshot) bool { return plane.holds(s, 1_000_000, 120) })
		})
	}
}

// cutSoon cuts what is open when a snapshot comes, or does not.
func (p *proxy) cutSoon(f *follower) {
	select {
	case <-f.snapshots:
	case <-time.After(time.Millisecond):
	}
	p.cut()
}

func TestNobodyListens(t *testing.T) {
	l := listen(t, "tcp", "127.0.0.1:0")
	address := l.Addr().String()
	l.Close()
	seen := make(failures, 1000)
	f := follow(t, Config{Address: at(t, "grpc://"+address), Observer: &seen})
	for range 3 {
		if err := await(t, seen, "failure"); !strings.Contains(err.Error(), "connection refused") {
			t.Errorf("failure %v, expected a refused connection", err)
		}
	}
	// Then somebody does.
	server := serveOn(t, listen(t, "tcp", address))
	s := server.delta(t)
	s.send(t, changed(lds, "1"))
	s.send(t, changed(cds, "2", static("a")))
	f.expect(t, "cluster/a")
}

// failures is an Observer of failures alone.
type failures chan error

func (failures) Connected(Mode)                   {}
func (f failures) Disconnected(err error)         { f <- err }
func (failures) Received(snapshot.Kind, int, int) {}
func (failures) Rejected(snapshot.Kind, string)   {}
func (failures) Published(*snapshot.Snapshot)     {}
