// Package render turns a snapshot of Envoy resources into an APISIX configuration that routes as Envoy would.
//
// In go a *snapshot.Snapshot and Options, out come an *apisix.Config and Findings: everything that APISIX cannot express
// as Envoy would have applied it, each with its place. Rendering is a pure function: no clock, no environment, no files,
// no network, no logs, no randomness; the same snapshot and options give the same result, whatever the order in which
// resources arrived.
//
// A [Renderer] renders one snapshot after the other, and makes anew only what depends on something that has changed: part.go
// and reads.go say how it knows.
//
// There is no representation between xDS and APISIX. listener.go finds the filter chains that serve plain HTTP, and
// virtualhost.go hands each virtual host's routes, in Envoy's own messages, to the translators beside it: domain.go,
// match.go, order.go, action.go; upstream.go and endpoint.go do the same for the clusters that the routes name. A field that no
// translator handles and no table calls harmless is reported by fields.go.
package render

import (
	"slices"
	"strings"
	"sync"

	"github.com/amesh-render/amesh-render/render/apisix"
	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// Result is what Render makes of a snapshot.
type Result struct {
	// Config is the rendered configuration, sorted by kind and id. It must not be modified. Results of one Renderer share
	// the objects that are the same, and whole slices of them where all are.
	Config   *apisix.Config
	findings *lazyFindings
}

// Findings are what Config does not express as Envoy would have applied it, sorted, without repetitions. They are put
// together when they are first asked for; the slice must not be modified.
func (r Result) Findings() []Finding {
	if r.findings == nil {
		return nil
	}
	r.findings.once.Do(r.findings.collect)
	return r.findings.list
}

// lazyFindings are the findings of parts, not yet put together.
type lazyFindings struct {
	once   sync.Once
	list   []Finding
	front  *front
	behind *upstreams
	whole  *whole
}

func (l *lazyFindings) collect() {
	all := findings{list: slices.Clone(l.whole.findings.list)}
	for _, p := range l.front.parts {
		all.list = append(all.list, p.findings.list...)
	}
	for _, p := range l.behind.parts {
		all.list = append(all.list, p.findings.list...)
	}
	l.list = all.sorted()
	l.front, l.behind, l.whole = nil, nil, nil
}

// Render translates a snapshot. It never fails: what cannot be expressed is in the findings, and requests that Envoy
// would have served by it are refused rather than sent elsewhere.
func Render(s *snapshot.Snapshot, o Options) Result { return new(Renderer).Render(s, o) }

// A Renderer renders one snapshot after the other. It keeps the parts of the last rendering, and makes only those anew that
// depend on something that has changed. Whatever it has rendered before, the result is that of [Render], which is a fresh
// Renderer's. The zero value is ready for use; a Renderer is for one goroutine at a time.
type Renderer struct {
	*common

	changes *changes                 // since the last rendering
	made    map[string]*upstreamPart // by id: what is known to hold of uses, while a front is rendered

	// The last rendering, from the clients' side to the endpoints'.
	front  *front
	behind *upstreams
	whole  *whole
	result Result
}

// Render translates a snapshot, as [Render] does.
func (r *Renderer) Render(s *snapshot.Snapshot, o Options) Result {
	r.prepare(s, o)
	front := r.renderFront()
	behind := r.renderUpstreams(front)
	whole := r.complete(front, behind, o.Plugins)
	if front != r.front || behind != r.behind || whole != r.whole {
		r.front, r.behind, r.whole = front, behind, whole
		r.result = Result{whole.config(behind), &lazyFindings{front: front, behind: behind, whole: whole}}
	}
	r.decoding, r.guards = nil, nil // they hold decoded messages
	return r.result
}

// prepare gets ready for a snapshot. If it rests on another basis than the last one, nothing of that is of use.
func (r *Renderer) prepare(s *snapshot.Snapshot, o Options) {
	last := r.common
	if last == nil {
		last = &common{snapshot: &snapshot.Snapshot{}}
	}
	next := &common{snapshot: s, basis: basisOf(s, o, last.basis), listening: last.listening,
		decoding: newDecoding(), guards: map[guardKey]guarded{}}
	if next.basis != last.basis {
		*r, next.listening = Renderer{}, nil
	}
	r.common, r.changes = next, changesBetween(last.snapshot, s)
	if r.listening == nil || r.changes.listeners {
		r.listening = listeningOf(s, o, r.listening)
	}
}

// notes turns what decoding could not understand into findings. Configurations of filters whose type is unknown are
// passed over: where they have an effect, the walk through the filters reports them.
func (r *renderer) notes() {
	for _, n := range r.snapshot.Notes() {
		if n.UnknownType != "" && (strings.Contains(n.Field, "filters[") || strings.Contains(n.Field, "typed_per_filter_config")) {
			continue
		}
		r.findings.list = append(r.findings.list,
			Finding{Severity: Dropped, Resource: n.Resource, Field: n.Field, Message: n.Message})
	}
}
