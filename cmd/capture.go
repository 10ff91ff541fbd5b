package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/pflag"

	"github.com/amesh-render/amesh-render/watch"
	"github.com/amesh-render/amesh-render/xds"
	"github.com/amesh-render/amesh-render/xds/snapshot"
)

var capture = command{
	name:    "capture",
	summary: "writes down what a control plane tells a proxy",
	help: `
Asks a control plane such as istiod for the whole configuration of one proxy, once, and writes it as a dump that "once"
reads, in the form of Envoy's config_dump. Private keys are blanked.

The pod need not exist, but istiod sends what suits its labels, namespace and address.
`,
	examples: []example{
		{"What istiod would tell a pod, from outside of the mesh:", `
kubectl -n istio-system port-forward deploy/istiod 15010 &
amesh-render capture --xds grpc://localhost:15010 --pod-name productpage-v1-5d4 \
  --pod-namespace default --instance-ip 10.244.1.7 -o productpage.json`},
		{"A gateway's configuration, by its node id:",
			"amesh-render capture --xds grpc://localhost:15010 --node-id router~10.0.0.9~gw.istio~istio.svc.cluster.local"},
	},
	exits:       exits{exitOK: "all of it is written"},
	environment: nodeVariables,
	seeAlso:     []string{"once", "replay"},
	flags: func(set *pflag.FlagSet) func(Streams, []string) error {
		f := new(captureFlags)
		set.StringVarP(&f.output, "output", "o", "-", "write to this `FILE`, atomically; - is standard output")
		set.DurationVar(&f.timeout, "timeout", 30*time.Second, "how long to wait until everything has come")
		declareRole(set, &f.role)
		f.declareConnection(set)
		f.declareNode(set)
		return f.run
	},
}

type captureFlags struct {
	output, role string
	timeout      time.Duration
	connectionFlags
	nodeFlags
}

func (f *captureFlags) run(s Streams, args []string) error {
	config, file, err := f.check(args)
	if err != nil {
		return usageError{err}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, f.timeout)
	defer cancel()
	snap, err := f.capture(ctx, config, s)
	if err != nil {
		return err
	}
	var dump bytes.Buffer
	if err := snap.WriteDump(&dump); err != nil {
		return err
	}
	if err := write(dump.Bytes(), file, s); err != nil {
		return err
	}
	fmt.Fprintf(s.Err, "amesh-render: captured %s\n", contents(snap))
	return nil
}

// check finds out what is wrong before anything is started.
func (f *captureFlags) check(args []string) (config xds.Config, file *watch.File, err error) {
	switch {
	case len(args) > 0:
		return config, nil, fmt.Errorf("takes no arguments, got %q", args[0])
	case f.timeout <= 0:
		return config, nil, fmt.Errorf("timeout %v is not longer than nothing", f.timeout)
	case f.output == "":
		return config, nil, errors.New("the output file has no name")
	case f.output != "-":
		file = &watch.File{Path: f.output}
	}
	if config, err = f.connection(); err != nil {
		return config, nil, err
	}
	config.Node, err = f.node(f.role)
	return config, file, err
}

// capture is the first snapshot that is complete.
func (f *captureFlags) capture(ctx context.Context, config xds.Config, s Streams) (snap *snapshot.Snapshot, err error) {
	witness := &witness{streams: s}
	config.Observer = witness
	running, enough := context.WithCancel(ctx)
	defer enough()
	err = xds.Run(running, config, func(first *snapshot.Snapshot) {
		if snap == nil {
			snap = first
			enough()
		}
	})
	switch {
	case snap != nil:
		return snap, nil
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return nil, fmt.Errorf("nothing complete from %s within %v%s", config.Address, f.timeout, witness.reason())
	case ctx.Err() != nil:
		return nil, fmt.Errorf("interrupted%s", witness.reason())
	}
	return nil, err
}

// A witness remembers why a connection brings nothing. It tells of what the control plane sent and nobody can read, which
// will not be in the dump.
type witness struct {
	streams Streams
	trouble error
}

func (w *witness) reason() string {
	if w.trouble == nil {
		return ""
	}
	return ": " + w.trouble.Error()
}

func (w *witness) Connected(xds.Mode) { w.trouble = errors.New("it has sent only a part") }

func (w *witness) Disconnected(err error) {
	if err != nil {
		w.trouble = err
	}
}

func (w *witness) Received(snapshot.Kind, int, int) {}

func (w *witness) Rejected(_ snapshot.Kind, reason string) {
	fmt.Fprintf(w.streams.Err, "amesh-render: capture: left out, since it cannot be read: %s\n", reason)
}

func (w *witness) Published(*snapshot.Snapshot) {}
