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
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/pflag"

	"github.com/amesh-render/amesh-render/agent"
	"github.com/amesh-render/amesh-render/examples/bookinfo"
	"github.com/amesh-render/amesh-render/render"
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

--xds takes grpc://HOST:PORT, grpcs://HOST:PORT, unix:///PATH; file:PATH, a dump, as "once" takes it, that is rendered
anew whenever it changes; or demo, the Bookinfo example that the binary carries. Who the proxy is comes from flags, or
from the variables that Istio's injector sets.

Which ports are HTTP and which TCP must be the same for the agent as for the rules of interception: give the lists,
--annotations and --protocols-from as "amesh-render iptables" got them.

The status address serves /healthz, /readyz, /metrics (Prometheus), /debug/snapshot and /debug/findings. SIGTERM
and SIGINT end the agent; the file stays.
`,
	examples: []example{
		{"Beside APISIX in a pod that Istio's injector has prepared:",
			"amesh-render agent --xds grpcs://istiod.istio-system:15012 -o /usr/local/apisix/conf/apisix.yaml"},
		{"Without a mesh: the Bookinfo example, or a dump that is edited by hand:", `
amesh-render agent --xds demo -o apisix.yaml
amesh-render agent --xds file:dump.json -o apisix.yaml`},
		{"With a check of what APISIX has loaded:",
			"amesh-render agent --xds demo -o apisix.yaml --apisix-control http://127.0.0.1:9090"},
	},
	exits:       exits{exitOK: "ended by SIGTERM or SIGINT"},
	environment: slices.Concat(nodeVariables, memoryVariables),
	seeAlso:     []string{"probe", "once", "replay", "iptables", "docs/agent.md", "docs/interception.md"},
	flags: func(set *pflag.FlagSet) func(Streams, []string) error {
		f := new(agentFlags)
		f.declare(set)
		return f.run
	},
}

// run checks everything that can be known to be wrong before anything is started, then runs until a signal.
func (f *agentFlags) run(s Streams, args []string) error {
	if len(args) > 0 {
		return usageError{fmt.Errorf("takes no arguments, got %q", args[0])}
	}
	if f.output == "" || f.output == "-" {
		return usageError{errors.New("no output file: use --output FILE")}
	}
	if err := setFromAnnotations(f.set, f.annotations, portAnnotations); err != nil {
		return usageError{err}
	}
	a, err := f.agent(s)
	if err != nil {
		return usageError{err}
	}
	limitMemory(a.Log)
	files, err := f.follow(a)
	if err != nil {
		return err
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
	return f.runAll(ctx, a, source, files)
}

// agent is the agent that the flags describe.
func (f *agentFlags) agent(s Streams) (*agent.Agent, error) {
	format, err := apisix.ParseFormat("yaml", f.style)
	if err != nil {
		return nil, err
	}
	if f.lua == "" && hasLua(filepath.Dir(f.output)) {
		f.lua = string(render.LuaOn)
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
		var held snapshot.Builder // so that what has not changed is known to be the same
		for {
			if s, err := decodeFiles([]string{path}, Streams{}); err != nil {
				log.Error("the dump cannot be read; the last good one stays in force", "error", err)
			} else {
				held.Load(s)
				publish(held.Snapshot())
			}
			select {
			case <-ctx.Done():
				return nil
			case <-inputs.Changed:
			}
		}
	}
}

// runAll runs the parts of the agent until the context ends or one of them fails.
func (f *agentFlags) runAll(ctx context.Context, a *agent.Agent, from source, files *userFiles) error {
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
	if files != nil {
		group.Go(func() { files.run(ctx) })
	}
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
