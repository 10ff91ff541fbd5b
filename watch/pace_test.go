package watch

import (
	"testing"
	"time"
)

func TestPaceNext(t *testing.T) {
	const never = -1 << 40
	tests := []struct {
		name               string
		first, last, tried int // ms
		gap                int
		want               int
	}{
		{"the very first", 0, 0, never, 0, 0},
		{"after a long quiet time", 60_000, 60_000, 0, 1_000, 60_000},
		{"just after the floor", 1_000, 1_000, 0, 1_000, 1_000},
		{"just before the floor", 999, 999, 0, 1_000, 1_199},
		{"early, and quiet since", 100, 100, 0, 1_000, 1_000},
		{"early, and not quiet", 100, 950, 0, 1_000, 1_150},
		{"never quiet", 100, 2_050, 0, 1_000, 2_100},
		{"pending since before a slow commit", 100, 100, 5_000, 1_000, 6_000},
		{"after a failure", 100, 100, 200, 8_000, 8_200},
		{"after a failure, with something newer", 100, 8_150, 200, 8_000, 8_200},
		{"a further step", 200, 200, 200, 1_500, 1_700},
		{"something newer instead of the further step", 200, 1_600, 200, 1_500, 1_800},
	}
	zero := time.Unix(1_700_000_000, 0)
	at := func(ms int) time.Time { return zero.Add(time.Duration(ms) * time.Millisecond) }
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := backlog{first: at(tt.first), last: at(tt.last), gap: time.Duration(tt.gap) * time.Millisecond}
			if tt.tried != never {
				b.tried = at(tt.tried)
			}
			if got := DefaultPace().next(b); !got.Equal(at(tt.want)) {
				t.Errorf("got %v ms, want %d", got.Sub(zero).Milliseconds(), tt.want)
			}
		})
	}
}

func TestPaceGap(t *testing.T) {
	tests := []struct {
		name          string
		pace          Pace
		done, further time.Duration
	}{
		{"zero", Pace{}, time.Second, time.Second},
		{"default", DefaultPace(), time.Second, 1500 * time.Millisecond},
		{"too short", Pace{Floor: time.Millisecond, Step: 2 * time.Millisecond}, time.Second, time.Second},
		{"a long floor", Pace{Floor: 5 * time.Second, Step: 2 * time.Second}, 5 * time.Second, 5 * time.Second},
	}
	for _, tt := range tests {
		if got := tt.pace.gap(false); got != tt.done {
			t.Errorf("%s: got %v after a commit, want %v", tt.name, got, tt.done)
		}
		if got := tt.pace.gap(true); got != tt.further {
			t.Errorf("%s: got %v after a step, want %v", tt.name, got, tt.further)
		}
	}
}

func TestPaceOfALongQuietPeriod(t *testing.T) {
	const s = time.Second
	p, tried := Pace{Quiet: 5 * s, Max: 7 * s}, time.Unix(1_700_000_000, 0)
	for after, want := range map[time.Duration]time.Duration{3 * s: 8 * s, 5 * s: 5 * s} {
		change := tried.Add(after)
		got := p.next(backlog{first: change, last: change, tried: tried, gap: p.gap(false)}).Sub(tried)
		if got != want {
			t.Errorf("a change after %v is committed after %v, want %v", after, got, want)
		}
	}
}

func TestPaceRetry(t *testing.T) {
	tests := []struct {
		name     string
		pace     Pace
		failures int
		want     time.Duration
	}{
		{"the first", Pace{}, 1, time.Second},
		{"the fourth", Pace{}, 4, 8 * time.Second},
		{"the sixth", Pace{}, 6, 30 * time.Second},
		{"many", Pace{}, 1_000_000, 30 * time.Second},
		{"no more often than successes", Pace{Floor: 10 * time.Second}, 1, 10 * time.Second},
	}
	for _, tt := range tests {
		if got := tt.pace.retry(tt.failures); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}
