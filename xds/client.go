// Package xds follows one control plane: it keeps one ADS stream alive, in the delta or the state-of-the-world variant of
// the protocol, and hands out immutable snapshots of what the control plane says.
//
// In go an address, credentials and the node whose configuration is asked for; out come snapshots that are complete: each
// route configuration and each cluster's endpoints that anything refers to are there, or are known not to exist. The
// package never interprets what the resources mean, and never writes a file.
package xds

import (
	"context"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// Run follows a control plane until ctx ends, and then returns nil. It calls publish with each new snapshot, one after the
// other; while a call lasts, newer snapshots replace each other, so that the next call gets the latest. Connections that
// fail are made anew, for ever; what is known stays. Run returns an error at once if the configuration contradicts itself.
func Run(ctx context.Context, c Config, publish func(*snapshot.Snapshot)) error {
	if err := c.validate(); err != nil {
		return err
	}
	c = c.completed()
	cl := newClient(c, c.dial)
	var consumer sync.WaitGroup
	consumer.Go(func() { deliver(ctx, cl.latest, publish) })
	cl.run(ctx)
	consumer.Wait()
	return nil
}

func deliver(ctx context.Context, latest <-chan *snapshot.Snapshot, publish func(*snapshot.Snapshot)) {
	for {
		select {
		case s := <-latest:
			if ctx.Err() == nil {
				publish(s)
			}
		case <-ctx.Done():
			return
		}
	}
}

// client is what outlives a stream.
type client struct {
	Config
	journal
	open  func(context.Context, Mode) (protocol, error)
	state *state

	mode    Mode // Delta or StateOfTheWorld
	backoff backoff
	silence int // streams in a row that the watchdog has ended

	published *snapshot.Snapshot
	latest    chan *snapshot.Snapshot // one slot
}

func newClient(c Config, open func(context.Context, Mode) (protocol, error)) *client {
	cl := &client{
		Config:  c,
		journal: journal{log: c.Logger.With("address", c.Address.String()), observer: c.Observer},
		open:    open,
		state:   newState(c.Node),
		mode:    c.Mode,
		backoff: backoff{min: c.MinBackoff, max: c.MaxBackoff, random: c.Random},
		latest:  make(chan *snapshot.Snapshot, 1),
	}
	if cl.mode == Auto {
		cl.mode = Delta
	}
	return cl
}

// run holds one stream after the other.
func (c *client) run(ctx context.Context) {
	for {
		err := c.connect(ctx)
		if ctx.Err() != nil {
			c.observer.Disconnected(nil)
			return
		}
		select {
		case <-time.After(c.conclude(err)):
		case <-ctx.Done():
			return
		}
	}
}

// farewell is how long a server has to end a stream when the client leaves.
const farewell = 250 * time.Millisecond

// connect holds one stream for as long as it lasts, and returns why it ended.
func (c *client) connect(ctx context.Context) error {
	living, kill := context.WithCancelCause(context.WithoutCancel(ctx))
	defer kill(nil)
	defer context.AfterFunc(ctx, func() { time.AfterFunc(farewell, func() { kill(ctx.Err()) }) })()

	p, err := c.open(living, c.mode)
	if err != nil {
		return err
	}
	s := &stream{client: c, protocol: p, arrivals: make(chan arrival)}
	s.dog = &watchdog{timeout: c.Timeout << min(c.silence, 3), bite: kill}
	var reader sync.WaitGroup
	reader.Go(func() { s.read(living) })
	err = s.run(ctx, living)
	if cause := context.Cause(living); cause != nil {
		err = cause // which is why the stream has failed
	}
	s.dog.stop()
	kill(nil)
	p.close()
	reader.Wait()
	return err
}

// conclude draws the conclusions from the end of a stream, and returns how long to wait before the next.
func (c *client) conclude(err error) time.Duration {
	if _, ok := err.(*silenceError); !ok {
		c.silence = 0
	} else {
		c.silence++
		for _, k := range kinds {
			c.absent(k, c.state.subscriptions[k].strike())
		}
		c.publish()
	}
	if c.Mode == Auto && status.Code(err) == codes.Unimplemented {
		c.mode = c.mode.other()
	}
	pause := c.backoff.next()
	c.ended(err, pause)
	return pause
}

// publish makes the state the latest snapshot, if it is complete and has changed.
func (c *client) publish() {
	if !c.state.complete() {
		return
	}
	s := c.state.builder.Snapshot()
	if s == c.published {
		return
	}
	c.published = s
	select {
	case <-c.latest: // nobody has taken it; this goroutine is the only sender, so that now there is room
	default:
	}
	c.latest <- s
	c.observer.Published(s)
}
