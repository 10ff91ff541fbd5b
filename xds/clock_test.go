package xds

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// The tests in this file run on synctest's clock, against streams that are channels.

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

func TestWatchdogRestartsWhatIsSilent(t *testing.T) {
	play(t, Config{}, func(s *stage) {
		var spans []string
		for last := <-s.fakes; len(spans) < 5; {
			next := <-s.fakes
			spans = append(spans, next.opened.Sub(last.opened).String())
			last = next
		}
		// With pauses of 0.25 to 4 seconds in between.
		s.expect(t, "spans", spans, []string{"30.25s", "1m0.5s", "2m1s", "4m2s", "4m4s"})
		s.expect(t, "published", s.published(), [][]string{})
		if want := "no answer about resources of kind cluster, listener within 30s"; !strings.Contains(s.log.String(), want) {
			t.Errorf("log %q, expected %q", s.log.String(), want)
		}
	})
}

func TestWatchdogLetsQuietStreamsBe(t *testing.T) {
	play(t, Config{}, func(s *stage) {
		f := s.open(cluster("a"))
		f.answer(eds, "1", endpoints("a", 1))
		time.Sleep(24 * time.Hour)
		s.expect(t, "streams", len(s.fakes), 0)
		// Nor need a server say anything to a client that has it all.
		f.arrivals <- arrival{err: io.EOF}
		<-s.fakes
		time.Sleep(24 * time.Hour)
		s.expect(t, "streams", len(s.fakes), 0)
	})
}

// A server that is busy with other kinds owes an answer all the same; when a second stream has brought none either, the
// endpoints do not exist.
func TestWatchdogOfNames(t *testing.T) {
	play(t, Config{}, func(s *stage) {
		chatter := func(f *fake, seconds int) {
			for range seconds / 5 {
				time.Sleep(5 * time.Second)
				f.answer(cds, "1", cluster("a"))
			}
		}
		chatter(s.open(cluster("a")), 25)
		chatter(<-s.fakes, 55)
		s.expect(t, "published", s.published(), [][]string{})
		f := <-s.fakes
		s.expect(t, "published", s.published(), [][]string{{"cluster/a"}})
		f.answer(eds, "1", endpoints("a", 1))
		s.expect(t, "published", s.published(), [][]string{{"cluster/a", "endpoints/a"}})
	})
}

// The watchdog does its work while the client is held up in sending.
func TestWatchdogOfADeafServer(t *testing.T) {
	play(t, Config{}, func(s *stage) {
		f := <-s.fakes
		f.answer(lds, "1")
		synctest.Wait()
		f.deaf.Store(true)
		f.answer(cds, "1", cluster("a"))
		next := <-s.fakes
		if waited := next.opened.Sub(f.opened); waited > time.Minute {
			t.Errorf("the stream was given up after %v", waited)
		}
	})
}

func TestGrace(t *testing.T) {
	play(t, Config{}, func(s *stage) {
		f := s.open(cluster("a"), cluster("b"))
		time.Sleep(20 * time.Second)
		f.answer(eds, "1", endpoints("a", 1)) // only now can b be said to be lacking
		time.Sleep(14 * time.Second)
		s.expect(t, "published", s.published(), [][]string{})
		time.Sleep(2 * time.Second)
		s.expect(t, "published", s.published(), [][]string{{"cluster/a", "cluster/b", "endpoints/a"}})
		if want := "names=[b]"; !strings.Contains(s.log.String(), want) {
			t.Errorf("log %q, expected %q", s.log.String(), want)
		}
		// A late answer is welcome.
		f.answer(eds, "2", endpoints("b", 1))
		s.expect(t, "published", s.published(), [][]string{{"cluster/a", "cluster/b", "endpoints/a", "endpoints/b"}})
		// This server has answered about endpoints: it need not do so again to prove that it does.
		f.answer(cds, "2", cluster("a"), cluster("b"), cluster("c"))
		time.Sleep(16 * time.Second)
		s.expect(t, "published", len(s.published()), 1)
		s.expect(t, "streams", len(s.fakes), 0)
	})
}

// On a new stream the time starts anew.
func TestGraceOfANewStream(t *testing.T) {
	play(t, Config{}, func(s *stage) {
		f := s.open(cluster("a"), cluster("b"))
		f.answer(eds, "1", endpoints("a", 1))
		time.Sleep(14 * time.Second)
		f.arrivals <- arrival{err: io.EOF}
		f = <-s.fakes
		time.Sleep(14 * time.Second)
		f.answer(eds, "1", endpoints("b", 1))
		s.expect(t, "published", s.published(), [][]string{{"cluster/a", "cluster/b", "endpoints/a", "endpoints/b"}})
	})
}

func TestRefusalsThatRepeat(t *testing.T) {
	const why = `listener "l": cannot parse invalid wire-format data`
	play(t, Config{}, func(s *stage) {
		f := s.open()
		f.sent()
		// A server that sends the same at once whenever it is refused.
		var times []time.Duration
		begin := time.Now()
		for range 9 {
			f.answer(lds, "2", broken(lds, "l"))
			r := <-f.requests
			s.expect(t, "refusal", r.refusal, why)
			times = append(times, time.Since(begin))
		}
		s.expect(t, "times", times, "[0s 1s 3s 7s 15s 31s 1m3s 2m3s 3m3s]")
		if n := strings.Count(s.log.String(), "refused"); n != 1 {
			t.Errorf("it was logged %d times", n)
		}
		// A new mistake is reported at once, and what is right is accepted at once.
		f.answer(lds, "3", broken(lds, "m"))
		s.expect(t, "sent", f.sent(), []string{strings.Replace("listener nonce=3 error="+why, `"l"`, `"m"`, 1)})
		f.answer(lds, "4", broken(lds, "m"))
		s.expect(t, "sent", f.sent(), []string{})
		f.answer(lds, "5", listener("m"))
		s.expect(t, "sent", f.sent(), []string{"listener nonce=5"})
		time.Sleep(time.Hour)
		s.expect(t, "sent", f.sent(), []string{})
		s.expect(t, "streams", len(s.fakes), 0)
	})
}

// istiod does not look at the names of a refusal, so that new names need a request of their own.
func TestNewNamesWhileARefusalWaits(t *testing.T) {
	play(t, Config{}, func(s *stage) {
		f := s.open(cluster("a"))
		f.answer(eds, "1", broken(eds, "a"))
		f.answer(eds, "2", broken(eds, "a"))
		f.sent()
		f.answer(cds, "3", cluster("a"), cluster("b"))
		s.expect(t, "sent", f.sent(), []string{"cluster nonce=3", "endpoints add=b nonce=2"})
		time.Sleep(time.Second)
		s.expect(t, "sent", f.sent(), []string{`endpoints nonce=2 error=endpoints "a": cannot parse invalid wire-format data`})
	})
}

func TestBackoff(t *testing.T) {
	play(t, Config{}, func(s *stage) {
		s.fail("dial tcp 10.0.0.1:15010: connection refused")
		s.expect(t, "pauses", s.pauses(10), "[250ms 500ms 1s 2s 4s 8s 16s 30s 30s 30s]")
		s.pauses(990)
		if n := strings.Count(s.log.String(), "\n"); n > 10 {
			t.Errorf("%d lines were logged for 1,000 failures of one kind:\n%s", n, s.log.String())
		}
		s.failure.Store(nil)
		<-s.fakes // failed before that
		f := s.open()
		synctest.Wait()
		s.fail("gone")
		f.arrivals <- arrival{err: io.EOF}
		s.expect(t, "pauses", s.pauses(3), "[500ms 1s 2s]")
	})
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

func TestLeaving(t *testing.T) {
	cases := []struct {
		name   string
		within time.Duration
		script func(*stage)
	}{
		{"while it listens", 0, func(s *stage) { s.open() }},
		{"in a pause", 0, func(s *stage) {
			s.fail("no")
			s.pauses(10)
		}},
		{"while it is held up in sending", farewell, func(s *stage) {
			f := <-s.fakes
			f.answer(lds, "1")
			f.deaf.Store(true)
			f.answer(cds, "1", static("a"))
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			play(t, Config{}, func(s *stage) {
				c.script(s)
				begin := time.Now()
				s.leave()
				<-s.returned
				if took := time.Since(begin); took > c.within {
					t.Errorf("it took %v", took)
				}
			})
		})
	}
}

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
