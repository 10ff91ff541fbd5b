package xds

import (
	"io"
	"net"
	"sync"
	"testing"
)

// proxy is what lies between a client and a server, and can fail.
type proxy struct {
	listener net.Listener
	target   string
	wg       sync.WaitGroup

	mu     sync.Mutex
	open   map[net.Conn]bool
	policy func() fault // for the next connection; nil for none
}

// fault is what happens to a connection after the server has sent so many bytes; 0 for never.
type fault struct {
	after int64
	stall bool // nothing passes any more, in either direction; otherwise the connection is cut
}

func newProxy(t testing.TB, target string, policy func() fault) *proxy {
	t.Helper()
	p := &proxy{listener: listen(t, "tcp", "127.0.0.1:0"), target: target, open: map[net.Conn]bool{}, policy: policy}
	p.wg.Go(func() {
		for {
			c, err := p.listener.Accept()
			if err != nil {
				return
			}
			p.wg.Go(func() { p.serve(c) })
		}
	})
	t.Cleanup(func() {
		p.listener.Close()
		p.cut()
		p.wg.Wait()
	})
	return p
}

func (p *proxy) address(t testing.TB) Address { return at(t, "grpc://"+p.listener.Addr().String()) }

// cut ends all connections.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.open {
		c.Close()
	}
}

func (p *proxy) hold(conns ...net.Conn) (release func(), f fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		p.open[c] = true
	}
	if p.policy != nil {
		f = p.policy()
	}
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, c := range conns {
			c.Close()
			delete(p.open, c)
		}
	}, f
}

func (p *proxy) serve(client net.Conn) {
	server, err := net.Dial("tcp", p.target)
	if err != nil {
		client.Close()
		return
	}
	release, f := p.hold(client, server)
	defer release()
	stalled := make(chan struct{})
	p.wg.Go(func() { p.forward(server, client, stalled, release) })
	var from io.Reader = server
	if f.after > 0 {
		from = io.LimitReader(server, f.after)
	}
	io.Copy(client, from)
	if f.after > 0 && f.stall {
		close(stalled)
		io.Copy(io.Discard, server)
	}
}

// forward passes on what the client says until that is stalled; then it only waits for the client to give up.
func (p *proxy) forward(server, client net.Conn, stalled <-chan struct{}, release func()) {
	defer release()
	buffer := make([]byte, 1<<16)
	for {
		n, err := client.Read(buffer)
		if err != nil {
			return
		}
		select {
		case <-stalled:
		default:
			if _, err := server.Write(buffer[:n]); err != nil {
				return
			}
		}
	}
}
