// Package agent keeps one APISIX file current: snapshots go in, commits of the file come out.
//
// It joins what the other packages know: it renders each snapshot, lets the planner make before it breaks, lets the
// pacer choose the moment, writes the file, and remembers what became of it for readiness, metrics and the debug pages.
// It neither speaks xDS nor parses flags; package cmd gives it snapshots and an http.Server.
package agent

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/amesh-render/amesh-render/plugins"
	"github.com/amesh-render/amesh-render/render"
	"github.com/amesh-render/amesh-render/render/apisix"
	"github.com/amesh-render/amesh-render/watch"
	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// Agent keeps a file current. Set the exported fields, then call Run once; the other methods may be called at any time.
type Agent struct {
	File   *watch.File
	Format apisix.Format
	Header string // the comment on the file's first line
	// Options are those of rendering, with what users add at the start; what they add later comes from Plugins, if that is
	// set, each time all of it.
	Options render.Options
	Plugins <-chan *plugins.Set
	Pace    watch.Pace
	Log     *slog.Logger
	Metrics *Metrics
	// Verifier, if set, asks APISIX after each commit whether it has loaded what was written.
	Verifier *Verifier

	rendered
	renderer render.Renderer
	planner  watch.Planner[Document]
	encoder  apisix.Encoder
	settler  Settler
	ports    ports

	mu     sync.Mutex
	status Status
}

// rendered is the last input and what it was rendered to: a plan of several commits renders once.
type rendered struct {
	input  input
	result render.Result
}

// Status is what an Agent has achieved.
type Status struct {
	// Snapshot is the last one that is in the file; nil before the first commit.
	Snapshot *snapshot.Snapshot
	// Written says that the file holds a complete configuration: of this process, or of one before it.
	Written bool
	// Committed is the time of the last commit of this process; zero if there was none.
	Committed time.Time
	// Err is why the last commit failed; nil if it did not.
	Err error

	findings func() []render.Finding
}

// Findings are those of the snapshot. They are made when they are first asked for.
func (s Status) Findings() []render.Finding {
	if s.findings == nil {
		return nil
	}
	return s.findings()
}

// Run commits what comes from snapshots until the context ends. The file that is there at the start stays until there is
// something better.
func (a *Agent) Run(ctx context.Context, snapshots <-chan *snapshot.Snapshot) {
	a.resume()
	ctx, cancel := context.WithCancel(ctx)
	var group sync.WaitGroup
	defer group.Wait()
	defer cancel()
	inputs := make(chan input)
	group.Go(func() { join(ctx, input{plugins: a.Options.Plugins}, snapshots, a.Plugins, inputs) })
	pacer := watch.Pacer[input]{Pace: a.Pace, Commit: a.commit, Observe: a.observe}
	pacer.Run(ctx, inputs)
}

// Status is the present status.
func (a *Agent) Status() Status {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.status
}

// resume takes up the file that a process before this one has left.
func (a *Agent) resume() {
	text, err := os.ReadFile(a.File.Path)
	if errors.Is(err, os.ErrNotExist) {
		return
	}
	var config *apisix.Config
	if err == nil {
		config, err = readConfig(text)
	}
	if err != nil {
		a.Log.Warn("the file that is there cannot be taken up; it stays until the first commit", "path", a.File.Path, "error", err)
		return
	}
	if len(config.Routes) == 0 {
		return
	}
	a.planner.Resume(Document{config})
	a.mu.Lock()
	a.status.Written = true
	a.mu.Unlock()
	a.Log.Info("the file of a former process serves until the control plane answers", "path", a.File.Path, "routes", len(config.Routes))
}

// errEmpty is why a snapshot is not committed that has nothing in it.
var errEmpty = errors.New("the control plane says that there is nothing: the file stays as it is")

// commit writes the next step on the way to what the input comes to.
func (a *Agent) commit(in input) (more bool, err error) {
	s := in.snapshot
	if s.Listeners().Len() == 0 && a.Status().Written {
		a.Log.Warn(errEmpty.Error())
		return false, nil
	}
	a.render(in)
	return a.planner.Commit(Document{a.result.Config}, func(d Document) error { return a.write(s, d.Config) })
}

// render renders the input, unless it is the one that was rendered last.
func (a *Agent) render(in input) {
	if a.rendered.input == in {
		return
	}
	a.comparePorts(in.snapshot)
	start := time.Now()
	options := a.Options
	options.Plugins = in.plugins
	result := a.renderer.Render(in.snapshot, options)
	took := time.Since(start)
	a.rendered = rendered{in, result}
	a.Metrics.rendered(in.snapshot, result.Findings, took)
	a.Metrics.files(in.plugins)
}

// write writes one step to the file.
func (a *Agent) write(s *snapshot.Snapshot, config *apisix.Config) error {
	a.encoder.Options = apisix.EncodeOptions{Format: a.Format, Header: a.Header}
	text := a.encoder.Encode(config)
	a.File.Secret = text.HoldsPrivateKeys()
	result, err := a.File.WriteContent(text)
	if err != nil && !result.Written {
		return err
	}
	if err != nil { // the file is in place, but might not outlive a power failure
		a.Log.Warn("the file is written, but not certainly to the disk", "error", err)
	}
	a.Metrics.written(result)
	a.mu.Lock()
	a.status.Snapshot, a.status.findings, a.status.Written = s, a.result.Findings, true
	if result.Written {
		a.status.Committed = result.ModTime
	}
	a.mu.Unlock()
	if result.Written {
		a.Log.Debug("committed", "path", result.Path, "bytes", result.Size, "routes", len(config.Routes), "upstreams", len(config.Upstreams))
		if a.Verifier != nil {
			a.Verifier.expect(config, result.ModTime)
		}
	}
	a.settler.Settle(s)
	return nil
}

// observe logs and counts what became of a commit.
func (a *Agent) observe(o watch.Outcome) {
	a.mu.Lock()
	before := a.status.Err
	a.status.Err = o.Err
	a.mu.Unlock()
	a.Metrics.tried(o)
	switch {
	case o.Err != nil:
		a.Log.Error("the file could not be written; the old one stays", "error", o.Err, "hint", hint(o.Err), "retry", o.Retry)
	case before != nil:
		a.Log.Info("the file could be written again")
	}
}

func hint(err error) string {
	var h interface{ Hint() string }
	if errors.As(err, &h) {
		return h.Hint()
	}
	return ""
}
