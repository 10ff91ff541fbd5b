package cmd

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/pflag"

	"github.com/amesh-render/amesh-render/agent"
	"github.com/amesh-render/amesh-render/examples/bookinfo"
	"github.com/amesh-render/amesh-render/render/apisix"
	"github.com/amesh-render/amesh-render/watch"
	"github.com/amesh-render/amesh-render/xds"
	"github.com/amesh-render/amesh-render/xds/snapshot"
)

var agentCommand = command{
	name:    "agent",
	summary: "follows a control plane and keeps apisix.yaml current",
	help: `
Subscribes to a control plane such as istiod, renders what it sends, and keeps the file that APISIX reads current. A
control plane that is away, a push that cannot be understood, a full disk or a kill leave the last good file in place.

  $ amesh-render agent --xds grpc://istiod.istio-system:15010 -o /usr/local/apisix/conf/apisix.yaml

--xds takes grpc://HOST:PORT, grpcs://HOST:PORT, unix:///PATH; file:PATH, a dump, as "once" takes it, that is rendered anew
whenever it changes; or demo, the Bookinfo example that the binary carries. Who the proxy is comes from flags, or from the variables that Istio's injector sets.

The status address serves /healthz, /readyz, /metrics (Prometheus), /debug/snapshot and /debug/findings.
`,
	flags: func(set *pflag.FlagSet) func(Streams, []string) error {
		f := new(agentFlags)
		set.StringVarP(&f.output, "output", "o", "", "keep this `FILE` current")
		set.StringVar(&f.style, "style", "lines", "`STYLE` of the file: lines, with one resource a line, or block, to be read by people")
		f.declareConnection(set)
		f.declareNode(set)
		f.declareRender(set)
		f.declareFile(set)
		pace := watch.DefaultPace()
		set.DurationVar(&f.pace.Quiet, "quiet", pace.Quiet, "how long no change must have come for those gathered to be written")
		set.DurationVar(&f.pace.Max, "max-delay", pace.Max, "how long the first of them waits at most")
		set.DurationVar(&f.pace.Floor, "min-interval", pace.Floor, "least time between two writes; at least 1s")
		set.DurationVar(&f.pace.Step, "step-interval", pace.Step, "least time after a write that another must follow (make before break)")
		set.StringVar(&f.statusAddr, "status-addr", "127.0.0.1:15021", "`ADDRESS` of the status pages; empty for none")
		set.DurationVar(&f.maxDown, "ready-max-down", 0, "not ready once the control plane has been away for longer; 0 for never")
		set.StringVar(&f.control, "apisix-control", "", "`URL` of APISIX's control API, to verify what it has loaded, such as http://127.0.0.1:9090")
		f.declareLog(set)
		return f.run
	},
}

type agentFlags struct {
	output, style, statusAddr, control string
	maxDown                            time.Duration
	pace                               watch.Pace
	stream                             *agent.Stream // to the control plane; nil for a dump
	connectionFlags
	nodeFlags
	renderFlags
	fileFlags
	logFlags
}

// run checks everything that can be known to be wrong before anything is started, then runs until a signal.
func (f *agentFlags) run(s Streams, args []string) error {
	if len(args) > 0 {
		return usageError{fmt.Errorf("takes no arguments, got %q", args[0])}
	}
	if f.output == "" || f.output == "-" {
		return usageError{errors.New("no output file: use --output FILE")}
	}
	a, err := f.agent(s)
	if err != nil {
		return usageError{err}
	}
	source, err := f.source(a)
	if err != nil {
		return usageError{err}
	}
	if err := prepare(a.File); err != nil {
		return err
	}
	release, err := a.File.Lock()
	if err != nil {
		return err
	}
	defer release()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return f.follow(ctx, a, source)
}

// agent is the agent that the flags describe.
func (f *agentFlags) agent(s Streams) (*agent.Agent, error) {
	format, err := apisix.ParseFormat("yaml", f.style)
	if err != nil {
		return nil, err
	}
	options, err := f.options()
	if err != nil {
		return nil, err
	}
	file, err := f.file(f.output, format)
	if err != nil {
		return nil, err
	}
	log, err := f.logger(s.Err)
	if err != nil {
		return nil, err
	}
	a := &agent.Agent{File: file, Format: format, Header: header, Options: options, Pace: f.pace, Log: log, Metrics: agent.NewMetrics()}
	if f.control != "" {
		a.Verifier = &agent.Verifier{URL: f.control, Log: log, Metrics: a.Metrics}
	}
	return a, nil
}

// A source runs until the context ends and publishes snapshots.
type source func(ctx context.Context, publish func(*snapshot.Snapshot)) error

// source is where --xds says that snapshots come from.
func (f *agentFlags) source(a *agent.Agent) (source, error) {
	if f.xds == "demo" {
		return demoSource, nil
	}
	if path, ok := strings.CutPrefix(f.xds, "file:"); ok {
		return dumpSource(path, a.Log), nil
	}
	config, err := f.connection()
	if err != nil {
		return nil, err
	}
	if config.Node, err = f.node(f.role); err != nil {
		return nil, err
	}
	config.Logger = a.Log
	f.stream = new(agent.Stream)
	config.Observer = agent.Observer{Metrics: a.Metrics, Stream: f.stream}
	return func(ctx context.Context, publish func(*snapshot.Snapshot)) error {
		return xds.Run(ctx, config, publish)
	}, nil
}

// demoSource publishes the example that the binary carries.
func demoSource(ctx context.Context, publish func(*snapshot.Snapshot)) error {
	s, err := snapshot.Decode(snapshot.Source{Name: "the example", Reader: bytes.NewReader(bookinfo.Dump)})
	if err != nil {
		return err
	}
	publish(s)
	<-ctx.Done()
	return nil
}

// dumpSource publishes a dump, and again whenever it changes. One that cannot be read leaves the last one in force.
func dumpSource(path string, log *slog.Logger) source {
	return func(ctx context.Context, publish func(*snapshot.Snapshot)) error {
		inputs := watch.NewInputs(path)
		inputs.Trouble = func(err error) {
			if err != nil {
				log.Warn("changes of the dump are noticed late", "error", err)
			}
		}
		go inputs.Run(ctx)
		for {
			if s, err := decodeFiles([]string{path}, Streams{}); err != nil {
				log.Error("the dump cannot be read; the last good one stays in force", "error", err)
			} else {
				publish(s)
			}
			select {
			case <-ctx.Done():
				return nil
			case <-inputs.Changed:
			}
		}
	}
}

// follow runs the parts of the agent until the context ends or one of them fails.
func (f *agentFlags) follow(ctx context.Context, a *agent.Agent, from source) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop, err := f.serve(a)
	if err != nil {
		return err
	}
	defer stop()
	var group sync.WaitGroup
	snapshots := make(chan *snapshot.Snapshot, 1)
	group.Go(func() {
		if err := from(ctx, func(s *snapshot.Snapshot) { replace(snapshots, s) }); err != nil {
			cancel(err)
		}
	})
	if a.Verifier != nil {
		group.Go(func() { a.Verifier.Run(ctx) })
	}
	a.Run(ctx, snapshots)
	group.Wait()
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}

// replace puts the value into a channel of one slot, in place of one that nobody has taken.
func replace[T any](c chan T, value T) {
	select {
	case <-c:
	default:
	}
	c <- value
}

// serve serves the status pages.
func (f *agentFlags) serve(a *agent.Agent) (stop func(), err error) {
	if f.statusAddr == "" {
		return func() {}, nil
	}
	listener, err := net.Listen("tcp", f.statusAddr)
	if err != nil {
		return nil, fmt.Errorf("status address: %w", err)
	}
	pages := &agent.Server{Agent: a, Stream: cmp.Or(f.stream, new(agent.Stream)), MaxDown: f.maxDown, Start: time.Now()}
	server := &http.Server{Handler: pages.Handler(), ReadHeaderTimeout: 5 * time.Second}
	go server.Serve(listener)
	a.Log.Info("following", "xds", f.xds, "output", f.output, "status", listener.Addr().String())
	return func() { server.Close() }, nil
}
