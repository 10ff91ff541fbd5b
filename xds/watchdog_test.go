package xds

import (
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

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
		// What came on the stream is known, although the client could not even say so.
		s.expect(t, "sent", next.sent(), []string{"cluster", "endpoints add=a", "listener"})
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
		// Nor on a new stream, on which there is nothing to say to a client that has all it knows of.
		f.arrivals <- arrival{err: io.EOF}
		f = <-s.fakes
		f.answer(cds, "3", cluster("a"), cluster("b"), cluster("d"))
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
