package istiod

import (
	"io"
	"net"
	"sync"
	"testing"
)

// relay passes connections on to an address, until they are cut.
type relay struct {
	listener net.Listener
	to       string

	mu    sync.Mutex
	conns map[net.Conn]bool
}

func startRelay(t testing.TB, to string) *relay {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{listener: listener, to: to, conns: map[net.Conn]bool{}}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			running.Go(func() { r.pass(conn) })
		}
	})
	t.Cleanup(func() {
		listener.Close()
		r.cut()
		running.Wait()
	})
	return r
}

func (r *relay) address() string { return r.listener.Addr().String() }

// cut cuts all connections that there are.
func (r *relay) cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for conn := range r.conns {
		conn.Close()
	}
	clear(r.conns)
}

// pass copies in both directions until one of them ends.
func (r *relay) pass(near net.Conn) {
	far, err := net.Dial("tcp", r.to)
	if err != nil {
		near.Close()
		return
	}
	r.mu.Lock()
	r.conns[near], r.conns[far] = true, true
	r.mu.Unlock()
	var copying sync.WaitGroup
	for _, way := range [][2]net.Conn{{near, far}, {far, near}} {
		copying.Go(func() {
			io.Copy(way[0], way[1])
			near.Close()
			far.Close()
		})
	}
	copying.Wait()
}
