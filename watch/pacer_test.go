package watch

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

var errFull = errors.New("disk full")

// script is what commits return, in turn: "f" an error, "m" that there is more, else neither; and how long they take.
type script struct {
	results string
	takes   time.Duration
	start   time.Time
	got     []string // "ms:value" of each call
	begins  []time.Time
	ends    []time.Time
	done    []int // the values that were committed
}

func (s *script) commit(value int) (more bool, err error) {
	s.begins = append(s.begins, time.Now())
	s.got = append(s.got, fmt.Sprintf("%d:%d", time.Since(s.start).Milliseconds(), value))
	time.Sleep(s.takes)
	s.ends = append(s.ends, time.Now())
	result := ""
	if s.results != "" {
		result, s.results = s.results[:1], s.results[1:]
	}
	if result == "f" {
		return false, errFull
	}
	s.done = append(s.done, value)
	return result == "m", nil
}

// run sends 1, 2, 3 … at these times, in ms, and closes the channel.
func (s *script) run(pace Pace, observe func(Outcome), times []int) {
	s.start = time.Now()
	changes := make(chan int, 1)
	go func() {
		for n, ms := range times {
			time.Sleep(time.Until(s.start.Add(time.Duration(ms) * time.Millisecond)))
			select {
			case <-changes:
			default:
			}
			changes <- n + 1
		}
		close(changes)
	}()
	p := Pacer[int]{Pace: pace, Commit: s.commit, Observe: observe}
	p.Run(context.Background(), changes)
}

// every returns the times from, from+step, … before until.
func every(step, from, until int) (times []int) {
	for t := from; t < until; t += step {
		times = append(times, t)
	}
	return times
}

func TestPacer(t *testing.T) {
	tests := []struct {
		name    string
		changes []int // ms
		results string
		takes   time.Duration
		want    string
	}{
		{"nothing", nil, "", 0, ""},
		{"one change", []int{0}, "", 0, "0:1"},
		{"each after a quiet time", []int{0, 5_000, 10_000}, "", 0, "0:1 5000:2 10000:3"},
		{"the floor", []int{0, 500}, "", 0, "0:1 1000:2"},
		{"the quiet period", []int{0, 950}, "", 0, "0:1 1150:2"},
		{"a burst", every(10, 0, 600), "", 0, "0:1 1000:60"},
		{"a burst after a quiet time", every(100, 5_000, 5_900), "", 0, "5000:1 6000:9"},
		{"no end", every(90, 0, 6_000), "", 0, "0:1 2090:24 4160:47 6140:67"},
		{"a slow commit", []int{0, 500, 1_000}, "", 3 * time.Second, "0:1 4000:3"},
		{"failures", []int{0}, "fff", 0, "0:1 1000:1 3000:1 7000:1"},
		{"something newer after a failure", []int{0, 1_500}, "ff", 0, "0:1 1000:1 3000:2"},
		{"patience ends at half a minute", []int{0}, "fffffff", 0,
			"0:1 1000:1 3000:1 7000:1 15000:1 31000:1 61000:1 91000:1"},
		{"and begins anew", []int{0, 20_000}, "ff-f", 0, "0:1 1000:1 3000:1 20000:2 21000:2"},
		{"further steps", []int{0}, "mm", 0, "0:1 1500:1 3000:1"},
		{"something newer in between", []int{0, 300}, "mm", 0, "0:1 1500:2 3000:2"},
		{"a step that fails", []int{0}, "mf", 0, "0:1 1500:1 2500:1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := script{results: tt.results, takes: tt.takes}
				s.run(DefaultPace(), nil, tt.changes)
				if got := strings.Join(s.got, " "); got != tt.want {
					t.Errorf("got commits %s, want %s", got, tt.want)
				}
			})
		})
	}
}

func TestPacerOutcomes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []Outcome
		s := script{results: "f-m", takes: 10 * time.Millisecond}
		s.run(DefaultPace(), func(o Outcome) { got = append(got, o) }, []int{0, 100, 200, 5_000})
		const ms = time.Millisecond
		want := []Outcome{
			{Err: errFull, Changes: 1, Took: 10 * ms, Failures: 1, Retry: time.Second},
			{Changes: 3, Waited: 1010 * ms, Took: 10 * ms},
			{Changes: 1, Took: 10 * ms},
			{Waited: 1500 * ms, Took: 10 * ms},
		}
		if !slices.Equal(got, want) {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
	})
}

func TestPacerStopsAtOnce(t *testing.T) {
	for name, results := range map[string]string{"a change is pending": "", "a step is": "m", "a retry is": "f"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				changes := make(chan int, 1)
				s := script{results: results, start: time.Now()}
				p := Pacer[int]{Pace: DefaultPace(), Commit: s.commit}
				stopped := make(chan struct{})
				go func() {
					p.Run(ctx, changes)
					close(stopped)
				}()
				changes <- 1
				synctest.Wait()
				changes <- 2
				synctest.Wait()
				cancel()
				<-stopped
				if took := time.Since(s.start); took != 0 || len(s.got) != 1 {
					t.Errorf("stopped after %v and %d commits, want at once and one", took, len(s.got))
				}
			})
		})
	}
}

func TestPacerAfterTheEnd(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 50 {
		changes := make(chan int, 1)
		changes <- 1
		p := Pacer[int]{Commit: func(int) (bool, error) { t.Error("committed"); return false, nil }}
		p.Run(ctx, changes)
	}
}

// Whatever happens when: a second lies between any two commits, no change waits for longer than it must, values only
// become newer, and the last one is committed.
func TestPacerAlways(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for n := range 300 {
		var times []int
		for at := 0; len(times) < 1+random.IntN(60); at += 1 << random.IntN(12) {
			times = append(times, at)
		}
		s := script{takes: time.Duration(random.IntN(500)) * time.Millisecond}
		for range random.IntN(10) {
			s.results += string("m-f"[random.IntN(2+n%2)])
		}
		synctest.Test(t, func(t *testing.T) { s.checkAlways(t, times) })
	}
}

func (s *script) checkAlways(t *testing.T, times []int) {
	fails := strings.Contains(s.results, "f")
	s.run(DefaultPace(), func(o Outcome) {
		if longest := DefaultPace().Max; !fails && o.Waited > longest {
			t.Errorf("a change waited for %v, want at most %v", o.Waited, longest)
		}
	}, times)
	for n := 1; n < len(s.begins); n++ {
		if gap := s.begins[n].Sub(s.ends[n-1]); gap < time.Second {
			t.Errorf("commit %d came %v after the one before", n, gap)
		}
	}
	if !slices.IsSorted(s.done) || s.done[len(s.done)-1] != len(times) {
		t.Errorf("committed %v, want in order and up to %d", s.done, len(times))
	}
}
