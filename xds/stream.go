package xds

import (
	"context"
	"io"
	"time"

	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// stream is one stream, on which the client's state is kept up to date.
type stream struct {
	*client
	protocol protocol
	arrivals chan arrival
	dog      *watchdog
	talks    byKind[talk]
	greeted  bool // the node was sent
}

// talk is what is said about one kind on one stream.
type talk struct {
	asked bool   // a request was sent
	nonce string // of the latest response

	refusal string    // of the latest response, "" if it was accepted
	pace    backoff   // of refusals that repeat the one before
	due     time.Time // when the refusal is to be sent; zero if that is done
}

// A server may send what was refused again at once, and the same for ever. Refusals that repeat slow down to this.
const minRefusalPause, maxRefusalPause = time.Second, time.Minute

// arrival is what a reader reads: a response, or why there will be no more.
type arrival struct {
	response *response
	err      error
}

// read receives until that fails, or living ends.
func (s *stream) read(living context.Context) {
	for {
		r, err := s.protocol.receive()
		select {
		case s.arrivals <- arrival{r, err}:
		case <-living.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

// run asks for what the client needs, and takes over what comes, until the stream fails, or ctx says that it is enough, or
// living that it must be. It returns why.
func (s *stream) run(ctx, living context.Context) error {
	err := s.begin()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for err == nil {
		timer.Stop()
		if next := s.next(); !next.IsZero() {
			timer.Reset(time.Until(next))
		}
		select {
		case a := <-s.arrivals:
			if a.err != nil {
				return a.err
			}
			err = s.handle(a.response)
		case <-timer.C:
			err = s.tick(time.Now())
		case <-ctx.Done():
			err = s.protocol.end()
			if err == nil {
				err = io.EOF
			}
		case <-living.Done():
			return context.Cause(living)
		}
	}
	if err != io.EOF {
		return err
	}
	return s.drain(living)
}

// drain waits for the end of a stream on which nothing more can be sent, and returns the reason, which only reading tells.
func (s *stream) drain(living context.Context) error {
	for {
		select {
		case a := <-s.arrivals:
			if a.err != nil {
				return a.err
			}
		case <-living.Done():
			return context.Cause(living)
		}
	}
}

// begin asks for everything that is known to be needed.
func (s *stream) begin() error {
	s.state.begin(time.Now())
	for _, k := range kinds {
		if sub := s.state.subscriptions[k]; sub.wildcard || len(sub.names) > 0 {
			if err := s.send(&request{kind: k}); err != nil {
				return err
			}
		}
	}
	s.dog.watch(s.state.silent())
	return nil
}

// handle takes over a response, answers it, and asks for what it refers to.
func (s *stream) handle(r *response) error {
	k, ok := snapshot.KindOfTypeURL(r.typeURL)
	if !ok || k >= snapshot.Kind(len(s.talks)) || !s.talks[k].asked {
		s.unasked(r)
		return nil
	}
	s.talks[k].nonce = r.nonce
	refusal := s.state.apply(k, r, time.Now())
	s.received(k, r, s.mode)
	if err := s.answer(k, refusal); err != nil {
		return err
	}
	for _, k := range kinds {
		add, drop := s.state.follow(k, time.Now())
		if len(add)+len(drop) == 0 {
			continue
		}
		if err := s.send(&request{kind: k, add: add, drop: drop}); err != nil {
			return err
		}
	}
	s.dog.watch(s.state.silent())
	s.publish()
	return nil
}

// answer accepts or refuses the latest response of a kind. A refusal that only repeats the one before has to wait: most
// servers send nothing until they have got it, and some send the same again as soon as they have.
func (s *stream) answer(k snapshot.Kind, refusal string) error {
	t := &s.talks[k]
	t.due = time.Time{}
	repeated := refusal == t.refusal
	t.refusal = refusal
	s.refused(k, refusal)
	if refusal == "" {
		s.backoff.reset()
		return s.reply(k)
	}
	if !repeated {
		t.pace = backoff{min: minRefusalPause, max: maxRefusalPause, random: s.Random}
		return s.reply(k)
	}
	t.due = time.Now().Add(t.pace.next())
	return nil
}

// reply sends the answer to the latest response of a kind. One without a nonce cannot be answered: in both variants the
// answer would be taken for a new request.
func (s *stream) reply(k snapshot.Kind) error {
	t := &s.talks[k]
	t.due = time.Time{}
	if t.nonce == "" {
		return nil
	}
	return s.send(&request{kind: k, answers: true, refusal: t.refusal})
}

// send completes a request with what is the same for all of its kind, and sends it.
func (s *stream) send(r *request) error {
	t, sub := &s.talks[r.kind], s.state.subscriptions[r.kind]
	r.nonce, r.version, r.names = t.nonce, sub.version, sub.names
	if !t.asked {
		t.asked = true
		r.add, r.drop, r.versions = sub.names, nil, sub.versions()
		if len(sub.pending) > 0 {
			r.version = "" // which would say that we have all of it
		}
	}
	if !s.greeted {
		s.greeted = true
		r.node = s.Node
	}
	return s.protocol.send(r)
}

// next is when tick must be called; zero for never.
func (s *stream) next() time.Time {
	var next time.Time
	sooner := func(t time.Time) {
		if !t.IsZero() && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	for _, k := range kinds {
		sooner(s.talks[k].due)
		if oldest := s.state.subscriptions[k].oldest(); !oldest.IsZero() {
			sooner(oldest.Add(s.Grace))
		}
	}
	return next
}

// tick does what is due: refusals that had to wait, and an end to waiting for resources that do not come.
func (s *stream) tick(now time.Time) error {
	for _, k := range kinds {
		if due := s.talks[k].due; !due.IsZero() && !due.After(now) {
			if err := s.reply(k); err != nil {
				return err
			}
		}
		s.absent(k, s.state.subscriptions[k].expire(now.Add(-s.Grace)))
	}
	s.dog.watch(s.state.silent())
	s.publish()
	return nil
}
