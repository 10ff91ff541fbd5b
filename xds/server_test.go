package xds

import (
	"net"
	"runtime"
	"testing"
	"time"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/grpc"
)

// patience is how long a test waits for what must come. It is only ever spent on a failure.
const patience = time.Minute

// scripted is an ADS server on a real socket that does nothing by itself: it hands each stream to the test.
type scripted struct {
	discoveryv3.UnimplementedAggregatedDiscoveryServiceServer
	address string
	server  *grpc.Server
	deltas  chan *deltaTalk
	sotws   chan *sotwTalk
}

type deltaTalk = conversation[discoveryv3.DeltaDiscoveryRequest, discoveryv3.DeltaDiscoveryResponse]
type sotwTalk = conversation[discoveryv3.DiscoveryRequest, discoveryv3.DiscoveryResponse]

// conversation is the server's side of one stream.
type conversation[Q, R any] struct {
	stream   grpc.BidiStreamingServer[Q, R]
	requests chan *Q
	lost     chan error // why reading has ended
	finish   chan error // what the handler returns
}

func (s *scripted) DeltaAggregatedResources(stream discoveryv3.AggregatedDiscoveryService_DeltaAggregatedResourcesServer) error {
	return converseWith(stream, s.deltas)
}

func (s *scripted) StreamAggregatedResources(stream discoveryv3.AggregatedDiscoveryService_StreamAggregatedResourcesServer) error {
	return converseWith(stream, s.sotws)
}

func converseWith[Q, R any](stream grpc.BidiStreamingServer[Q, R], to chan<- *conversation[Q, R]) error {
	c := &conversation[Q, R]{stream, make(chan *Q, 1000), make(chan error, 1), make(chan error, 1)}
	left := make(chan struct{})
	go func() {
		defer close(left)
		for {
			q, err := stream.Recv()
			if err != nil {
				c.lost <- err
				return
			}
			select {
			case c.requests <- q:
			case <-stream.Context().Done():
			}
		}
	}()
	select {
	case to <- c:
	case <-left:
		return nil
	}
	select {
	case err := <-c.finish:
		return err
	case <-left:
		return nil
	}
}

// serve starts a scripted server on a free port.
func serve(t testing.TB, options ...grpc.ServerOption) *scripted {
	t.Helper()
	return serveOn(t, listen(t, "tcp", "127.0.0.1:0"), options...)
}

// listen waits for the address to be free: the operating system may have lent it to somebody.
func listen(t testing.TB, network, address string) net.Listener {
	t.Helper()
	for deadline := time.Now().Add(patience); ; runtime.Gosched() {
		l, err := net.Listen(network, address)
		if err == nil {
			return l
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

func serveOn(t testing.TB, l net.Listener, options ...grpc.ServerOption) *scripted {
	t.Helper()
	s := &scripted{address: l.Addr().String(), deltas: make(chan *deltaTalk), sotws: make(chan *sotwTalk)}
	s.server = start(t, l, s, options...)
	return s
}

func start(t testing.TB, l net.Listener, ads discoveryv3.AggregatedDiscoveryServiceServer, options ...grpc.ServerOption) *grpc.Server {
	server := grpc.NewServer(append(options, grpc.MaxRecvMsgSize(1<<30))...)
	discoveryv3.RegisterAggregatedDiscoveryServiceServer(server, ads)
	served := make(chan struct{})
	go func() {
		defer close(served)
		server.Serve(l)
	}()
	t.Cleanup(func() {
		server.Stop()
		<-served
	})
	return server
}

func await[T any](t testing.TB, c <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		t.Fatalf("no %s came", what)
		panic("unreachable")
	}
}

func (s *scripted) delta(t testing.TB) *deltaTalk {
	t.Helper()
	return await(t, s.deltas, "delta stream")
}
func (s *scripted) sotw(t testing.TB) *sotwTalk {
	t.Helper()
	return await(t, s.sotws, "state-of-the-world stream")
}

// expect reads as many requests as there are descriptions, and compares them in order.
func (c *conversation[Q, R]) expect(t testing.TB, want ...string) {
	t.Helper()
	for _, w := range want {
		if got := describe(await(t, c.requests, "request "+w)); got != w {
			t.Errorf("request\n got %s\nwant %s", got, w)
		}
	}
}

// quiet fails if the client has sent something that nobody has expected.
func (c *conversation[Q, R]) quiet(t testing.TB) {
	t.Helper()
	select {
	case q := <-c.requests:
		t.Errorf("request %s, expected none", describe(q))
	default:
	}
}

func (c *conversation[Q, R]) send(t testing.TB, r *R) {
	t.Helper()
	if err := c.stream.Send(r); err != nil {
		t.Fatalf("send: %v", err)
	}
}
