package xds

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// fake is a stream of which the test is the server.
type fake struct {
	opened   time.Time
	living   context.Context
	requests chan *request
	arrivals chan arrival
	deaf     *atomic.Bool // sending blocks
}

func (f *fake) send(r *request) error {
	if f.deaf.Load() {
		<-f.living.Done()
		return io.EOF
	}
	f.requests <- r
	return nil
}

func (f *fake) receive() (*response, error) {
	select {
	case a, ok := <-f.arrivals:
		if !ok {
			return nil, io.EOF
		}
		return a.response, a.err
	case <-f.living.Done():
		return nil, f.living.Err()
	}
}

func (f *fake) end() error   { close(f.arrivals); return nil }
func (f *fake) close() error { return nil }

// answer sends a response and waits until the client has done with it.
func (f *fake) answer(k snapshot.Kind, nonce string, resources ...proto.Message) {
	r := &response{typeURL: k.TypeURL(), version: "v" + nonce, nonce: nonce}
	for _, m := range resources {
		r.resources = append(r.resources, resource{body: asAny(m)})
	}
	f.arrivals <- arrival{response: r}
	synctest.Wait()
}

// sent are the requests since the last call.
func (f *fake) sent() (all []string) {
	synctest.Wait()
	for {
		select {
		case r := <-f.requests:
			line := r.kind.String()
			for _, part := range []struct{ name, value string }{
				{"add", strings.Join(r.add, ",")}, {"drop", strings.Join(r.drop, ",")}, {"nonce", r.nonce}, {"error", r.refusal},
			} {
				if part.value != "" {
					line += " " + part.name + "=" + part.value
				}
			}
			all = append(all, line)
		default:
			return all
		}
	}
}

// stage is a client whose streams are fakes.
type stage struct {
	*client
	fakes     chan *fake
	failure   atomic.Pointer[error] // why no stream can be opened; nil if it can
	snapshots chan *snapshot.Snapshot
	log       bytes.Buffer
	leave     context.CancelFunc
	returned  chan struct{}
}

// unreachable is an address to which attempts fail from the first.
var unreachable = Address{text: "unreachable"}

// play runs a client within a bubble, whose random numbers are all 1.
func play(t *testing.T, c Config, script func(*stage)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, leave := context.WithCancel(context.Background())
		s := &stage{fakes: make(chan *fake, 1000), leave: leave, returned: make(chan struct{}), snapshots: make(chan *snapshot.Snapshot, 1000)}
		c.Random = func() float64 { return 1 }
		c.Logger = slog.New(slog.NewTextHandler(&s.log, nil))
		s.client = newClient(c.completed(), func(living context.Context, _ Mode) (protocol, error) {
			f := &fake{time.Now(), living, make(chan *request, 1000), make(chan arrival), new(atomic.Bool)}
			s.fakes <- f
			if err := s.failure.Load(); err != nil {
				return nil, *err
			}
			return f, nil
		})
		if c.Address == unreachable {
			s.fail("dial tcp 10.0.0.1:15010: connection refused")
		}
		go func() { defer close(s.returned); s.run(ctx) }()
		go deliver(ctx, s.latest, func(s0 *snapshot.Snapshot) { s.snapshots <- s0 })
		script(s)
		leave()
		<-s.returned
	})
}

func (s *stage) expect(t *testing.T, what string, got, want any) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s\n got %v\nwant %v", what, got, want)
	}
}

// published are the contents of the snapshots since the last call.
func (s *stage) published() (all [][]string) {
	synctest.Wait()
	for {
		select {
		case s := <-s.snapshots:
			all = append(all, contents(s))
		default:
			return all
		}
	}
}

// open waits for the next stream, and answers that there are these clusters, and no listeners.
func (s *stage) open(clusters ...proto.Message) *fake {
	f := <-s.fakes
	f.answer(lds, "1")
	f.answer(cds, "1", clusters...)
	return f
}

// fail makes all further attempts fail.
func (s *stage) fail(why string) {
	err := errors.New(why)
	s.failure.Store(&err)
}

// pauses are the times between the next attempts.
func (s *stage) pauses(n int) (all []time.Duration) {
	for last := <-s.fakes; len(all) < n; {
		next := <-s.fakes
		all = append(all, next.opened.Sub(last.opened))
		last = next
	}
	return all
}
