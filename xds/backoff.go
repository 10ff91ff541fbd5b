package xds

import (
	"math"
	"time"
)

// backoff yields pauses: random parts ("full jitter") of a span that doubles each time, so that the clients of a control
// plane that was away do not all come back at once.
type backoff struct {
	min, max time.Duration
	random   func() float64
	failures int
}

func (b *backoff) next() time.Duration {
	span := min(math.Ldexp(float64(b.min), b.failures), float64(b.max))
	b.failures++
	return time.Duration(b.random() * span)
}

func (b *backoff) reset() { b.failures = 0 }
