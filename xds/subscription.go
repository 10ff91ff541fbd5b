package xds

import (
	"maps"
	"slices"
	"time"

	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// subscription is what the client asks for of one kind, and what it has been told. It outlives the stream.
type subscription struct {
	kind     snapshot.Kind
	wildcard bool // all resources are asked for, not some by name

	version  string            // of the last response that was accepted; stays when the stream breaks
	answered bool              // the server has said something usable, on some stream
	heard    bool              // the server has answered on this stream, or need not
	entries  map[string]*entry // what is known of each resource, by name
	round    int               // counts responses
	moved    bool              // what the entries refer to has changed since it was last looked at

	names   []string             // asked for by name, sorted
	wanted  map[string]struct{}  // the same
	pending map[string]*question // those of them that are unanswered
}

// question is a resource that was asked for and has not come.
type question struct {
	since   time.Time // since when the server can be expected to answer; zero while it has answered nothing of the kind
	strikes int       // streams that were given up with this question open
}

// maxStrikes is after how many streams of silence a resource is taken not to exist.
const maxStrikes = 2

func newSubscription(k snapshot.Kind) *subscription {
	return &subscription{
		kind:     k,
		wildcard: k == snapshot.Cluster || k == snapshot.Listener,
		entries:  map[string]*entry{},
		wanted:   map[string]struct{}{},
		pending:  map[string]*question{},
	}
}

// begin prepares for a new stream. A server that is asked for what the client has need not answer.
func (s *subscription) begin() {
	s.heard = len(s.names) > 0 && len(s.pending) == 0
	for _, q := range s.pending {
		q.since = time.Time{}
	}
}

// silent reports whether the server owes an answer: the client cannot go on, and nothing of the kind has come.
func (s *subscription) silent() bool {
	return !s.complete() && !s.heard
}

// complete reports whether everything wanted is here or known not to exist.
func (s *subscription) complete() bool {
	if s.wildcard {
		return s.answered
	}
	return len(s.pending) == 0
}

// hear records that a response has come, and whether there was anything usable in it. From then on, whatever it lacks is
// overdue.
func (s *subscription) hear(now time.Time, usable bool) {
	s.heard, s.answered = true, s.answered || usable
	for _, q := range s.pending {
		if q.since.IsZero() {
			q.since = now
		}
	}
}

// wants reports whether a resource of that name is of interest. Servers may send what nobody has asked for.
func (s *subscription) wants(name string) bool {
	_, ok := s.wanted[name]
	return ok || s.wildcard
}

// want replaces the names that are asked for, and returns what is new and what is gone, sorted.
func (s *subscription) want(names map[string]struct{}, now time.Time) (add, drop []string) {
	for name := range names {
		if _, ok := s.wanted[name]; !ok {
			add = append(add, name)
			s.pending[name] = s.ask(now)
		}
	}
	for name := range s.wanted {
		if _, ok := names[name]; !ok {
			drop = append(drop, name)
			delete(s.pending, name)
		}
	}
	if add != nil || drop != nil {
		s.wanted, s.names = names, slices.Sorted(maps.Keys(names))
	}
	slices.Sort(add)
	slices.Sort(drop)
	return add, drop
}

func (s *subscription) ask(now time.Time) *question {
	if s.heard {
		return &question{since: now}
	}
	return &question{}
}

// expire settles the questions that have been open since a time, and returns them, sorted.
func (s *subscription) expire(since time.Time) (absent []string) {
	for name, q := range s.pending {
		if !q.since.IsZero() && !q.since.After(since) {
			delete(s.pending, name)
			absent = append(absent, name)
		}
	}
	slices.Sort(absent)
	return absent
}

// strike records that the stream was given up because of the server's silence, and returns what is now taken not to
// exist, sorted.
func (s *subscription) strike() (absent []string) {
	if !s.silent() {
		return nil
	}
	for name, q := range s.pending {
		if q.strikes++; q.strikes >= maxStrikes {
			delete(s.pending, name)
			absent = append(absent, name)
		}
	}
	slices.Sort(absent)
	return absent
}

// oldest is since when the oldest question has been open, zero if none counts yet.
func (s *subscription) oldest() (since time.Time) {
	for _, q := range s.pending {
		if since.IsZero() || !q.since.IsZero() && q.since.Before(since) {
			since = q.since
		}
	}
	return since
}

// settle records that the server has answered for these names.
func (s *subscription) settle(names ...string) {
	for _, name := range names {
		delete(s.pending, name)
	}
}

// versions are those of the resources held, by name.
func (s *subscription) versions() map[string]string {
	versions := make(map[string]string, len(s.entries))
	for name, e := range s.entries {
		if e.held {
			versions[name] = e.version
		}
	}
	return versions
}

// referred are the names that the entries refer to.
func (s *subscription) referred() map[string]struct{} {
	names := make(map[string]struct{}, len(s.entries))
	for _, e := range s.entries {
		for _, name := range e.refers {
			names[name] = struct{}{}
		}
	}
	return names
}
