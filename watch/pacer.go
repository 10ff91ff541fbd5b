package watch

import (
	"context"
	"time"
)

// Pacer commits the latest of the values that it is given, at its Pace, until it succeeds.
type Pacer[T any] struct {
	Pace Pace
	// Commit writes the value, which is never older than one that it was called with before. It says whether there is
	// more to write of it: then it is called again, with the same value unless there is a newer one. After an error it
	// is called again later and later, up to half a minute.
	Commit func(T) (more bool, err error)
	// Observe, if set, learns of every call of Commit.
	Observe func(Outcome)
}

// Outcome is what became of one call of Commit.
type Outcome struct {
	Err      error         // nil if it succeeded
	Changes  int           // how many values have come since the last success; 0 in a further step of the same
	Waited   time.Duration // how long the first of them, or the step, has waited for the call
	Took     time.Duration // how long the call took
	Failures int           // how many have failed in a row, with this one; 0 if it succeeded
	Retry    time.Duration // after a failure: when it is tried again
}

// Run commits what comes from changes. Senders who do not want to wait use a channel of one slot and replace what is in
// it. Run returns when the context ends, with whatever is pending left undone but no call of Commit cut short; or, once
// all is committed, when changes is closed.
func (p *Pacer[T]) Run(ctx context.Context, changes <-chan T) {
	r := run[T]{Pacer: p}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for changes != nil || r.pending() {
		var due <-chan time.Time
		if r.pending() {
			timer.Reset(time.Until(p.Pace.next(r.backlog)))
			due = timer.C
		}
		select {
		case <-ctx.Done():
			return
		case value, open := <-changes:
			if !open {
				changes = nil
				continue
			}
			r.take(value)
		case <-due:
			if ctx.Err() != nil {
				return
			}
			r.commit()
		}
	}
}

// run is the state of one Run.
type run[T any] struct {
	*Pacer[T]
	backlog
	value    T
	changes  int
	failures int
}

func (r *run[T]) pending() bool { return !r.first.IsZero() }

func (r *run[T]) take(value T) {
	r.value, r.last = value, time.Now()
	r.changes++
	if !r.pending() {
		r.first = r.last
	}
}

func (r *run[T]) commit() {
	began := time.Now()
	more, err := r.Commit(r.value)
	r.tried = time.Now()
	o := Outcome{Err: err, Changes: r.changes, Waited: began.Sub(r.first), Took: r.tried.Sub(began)}
	if err != nil {
		r.failures++
		r.gap = r.Pace.retry(r.failures)
		o.Failures, o.Retry = r.failures, r.gap
	} else {
		r.done(more)
	}
	if r.Observe != nil {
		r.Observe(o)
	}
}

func (r *run[T]) done(more bool) {
	r.failures, r.changes = 0, 0
	r.gap = r.Pace.gap(more)
	r.first, r.last = time.Time{}, time.Time{}
	if more {
		r.first, r.last = r.tried, r.tried
	}
}
