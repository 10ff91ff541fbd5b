package cmd

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/pflag"

	"github.com/amesh-render/amesh-render/watch"
)

var replayCommand = command{
	name:    "replay",
	args:    "DUMP|DIR…",
	summary: "serves dumps as a control plane would",
	help: `
Serves a dump to whoever asks, as a control plane would: by ADS, state of the world or delta, in plain text. For demos
without a mesh, for tests, and to see what became of a bug report.

A DIR stands for the dumps in it, sorted by name. Of several dumps the first is served, and the next one at a press of
Enter (a line on standard input), at a SIGUSR1, or after each --interval. A dump that is edited is served anew; one that
cannot be read leaves the one before it in force. Clients are told only of what has changed.

Endpoints and routes that the dump refers to but does not hold are served empty, as istiod does it.
`,
	examples: []example{
		{"Serve the dumps of a directory, one after the other, and follow them:", `
amesh-render replay dumps/ --listen 127.0.0.1:15010
amesh-render agent --xds grpc://127.0.0.1:15010 -o apisix.yaml --pod-name p --pod-namespace default --instance-ip 10.0.0.1`},
		{"Two states of a mesh in turn, every ten seconds, until it is stopped:",
			"amesh-render replay before.json after.json --interval 10s --loop"},
	},
	exits:   exits{exitOK: "ended by SIGTERM or SIGINT"},
	seeAlso: []string{"agent", "capture"},
	flags: func(set *pflag.FlagSet) func(Streams, []string) error {
		f := new(replayFlags)
		set.StringVar(&f.listen, "listen", "127.0.0.1:15010", "`ADDRESS` to listen at: HOST:PORT, with port 0 for a free one, or unix:///PATH")
		set.DurationVar(&f.interval, "interval", 0, "go on to the next dump whenever this time has passed; 0 for never")
		set.BoolVar(&f.loop, "loop", false, "after the last dump, go on with the first")
		return f.run
	},
}

type replayFlags struct {
	listen   string
	interval time.Duration
	loop     bool
}

func (f *replayFlags) run(s Streams, args []string) error {
	switch {
	case len(args) == 0:
		return usageError{errors.New("no dump given")}
	case slices.Contains(args, "-"):
		return usageError{errors.New("standard input is for the Enter key: name a file")}
	case f.interval < 0:
		return usageError{fmt.Errorf("interval %v is shorter than nothing", f.interval)}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	signalled := make(chan os.Signal, 1)
	signal.Notify(signalled, syscall.SIGUSR1) // which would end the process otherwise, so before it says that it is ready
	defer signal.Stop(signalled)
	inputs := watch.NewInputs(args...)
	p := newPlayer(playlist{args: args, loop: f.loop}, s.Err)
	if err := p.start(); err != nil {
		return err
	}
	listener, address, err := listen(f.listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	p.log.Printf("listening on %s", address)
	p.log.Print(p.said)
	return f.play(ctx, p, listener, cues{s.In, signalled, inputs})
}

// cues are what tells a player to go on, besides the clock.
type cues struct {
	keys      io.Reader
	signalled <-chan os.Signal
	edited    *watch.Inputs
}

// play serves until the context ends, and goes on to the next dump whenever it is told to.
func (f *replayFlags) play(ctx context.Context, p *player, l net.Listener, on cues) error {
	ctx, cancel := context.WithCancel(ctx)
	var group sync.WaitGroup
	defer group.Wait()
	defer cancel()
	defer p.server.Stop()
	failed := make(chan error, 1)
	group.Go(func() { failed <- p.server.Serve(l) })
	group.Go(func() { on.edited.Run(ctx) })
	pressed := lines(ctx, on.keys)
	tick, stop := ticker(f.interval)
	defer stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-failed:
			return err
		case <-on.edited.Changed:
			p.reload()
		case <-pressed:
			p.step()
		case <-on.signalled:
			p.step()
		case <-tick:
			p.step()
		}
	}
}

// ticker is a channel that ticks at the interval, or never where that is 0.
func ticker(interval time.Duration) (tick <-chan time.Time, stop func()) {
	if interval == 0 {
		return nil, func() {}
	}
	t := time.NewTicker(interval)
	return t.C, t.Stop
}

// lines tells of each line on a reader. Nobody waits for the goroutine behind it: nothing ends a read from a terminal. A
// job in the background must not be stopped for reading from its terminal; it gets an error instead.
func lines(ctx context.Context, from io.Reader) <-chan struct{} {
	told := make(chan struct{})
	if from == nil {
		return told
	}
	signal.Ignore(syscall.SIGTTIN)
	go func() {
		for scanner := bufio.NewScanner(from); scanner.Scan(); {
			select {
			case told <- struct{}{}:
			case <-ctx.Done():
				return
			}
		}
	}()
	return told
}
