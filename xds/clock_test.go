package xds

import (
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

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
	play(t, Config{Address: unreachable}, func(s *stage) {
		s.expect(t, "pauses", s.pauses(10), "[250ms 500ms 1s 2s 4s 8s 16s 30s 30s 30s]")
		s.pauses(990)
		if n := strings.Count(s.log.String(), "\n"); n > 10 {
			t.Errorf("%d lines were logged for 1,000 failures of one kind:\n%s", n, s.log.String())
		}
		synctest.Wait()
		s.failure.Store(nil)
		f := s.open()
		synctest.Wait()
		s.fail("gone")
		f.arrivals <- arrival{err: io.EOF}
		s.expect(t, "pauses", s.pauses(3), "[500ms 1s 2s]")
	})
}

func TestLeaving(t *testing.T) {
	cases := []struct {
		name   string
		within time.Duration
		config Config
		script func(*stage)
	}{
		{"while it listens", 0, Config{}, func(s *stage) { s.open() }},
		{"in a pause", 0, Config{Address: unreachable}, func(s *stage) { s.pauses(10) }},
		{"while it is held up in sending", farewell, Config{}, func(s *stage) {
			f := <-s.fakes
			f.answer(lds, "1")
			f.deaf.Store(true)
			f.answer(cds, "1", static("a"))
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			play(t, c.config, func(s *stage) {
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
