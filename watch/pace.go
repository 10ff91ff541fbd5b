package watch

import "time"

// pollPeriod is how often each of APISIX's processes looks at the file. Two commits are never closer.
const pollPeriod = time.Second

// A commit that fails is tried again after minRetry, then after twice that, and so on up to maxRetry.
const (
	minRetry = time.Second
	maxRetry = 30 * time.Second
)

// Pace says when changes are committed. The first change after a quiet time is committed at once. Those that follow
// are gathered. The zero value gathers nothing and commits once a second.
type Pace struct {
	// Quiet is how long no change must have come for the gathered ones to be committed.
	Quiet time.Duration
	// Max is how long the first of them waits at most, whether it is quiet or not.
	Max time.Duration
	// Floor is the least real time from the end of one commit to the beginning of the next. Less than a second counts
	// as a second, in which each of APISIX's processes looks at the file once.
	Floor time.Duration
	// Step is the like of Floor after a commit that is to be followed by another. Every process has to see such a
	// commit before the next one, so it should stay for longer than a second: a process that is busy reloading looks
	// late. Less than Floor counts as Floor.
	Step time.Duration
}

// DefaultPace is for an APISIX that reloads within half a second.
func DefaultPace() Pace {
	return Pace{Quiet: 200 * time.Millisecond, Max: 2 * time.Second, Floor: time.Second, Step: 1500 * time.Millisecond}
}

// backlog is all that the next commit's time depends on.
type backlog struct {
	first, last time.Time     // the first and the last change that is not committed; zero if there is none
	tried       time.Time     // the end of the last commit, or attempt; zero before the first
	gap         time.Duration // the least time from then to the next
}

// next returns when the backlog is to be committed. A time that has passed means at once.
func (p Pace) next(b backlog) time.Time {
	at := b.first
	// Everything before the first change was committed by the time of tried, or it would still be in the backlog.
	if calm := b.first.Sub(b.tried) >= max(p.Quiet, b.gap); !calm {
		at = earlier(b.last.Add(p.Quiet), b.first.Add(p.Max))
	}
	return later(at, b.tried.Add(b.gap))
}

// gap is the least time after a commit.
func (p Pace) gap(more bool) time.Duration {
	if more {
		return max(pollPeriod, p.Floor, p.Step)
	}
	return max(pollPeriod, p.Floor)
}

// retry is the least time after so many failures in a row.
func (p Pace) retry(failures int) time.Duration {
	backoff := minRetry
	for n := 1; n < failures && backoff < maxRetry; n++ {
		backoff *= 2
	}
	return max(p.Floor, min(backoff, maxRetry))
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
