package xds

import (
	"errors"
	"io"
	"log/slog"
	"math/bits"
	"strings"
	"time"

	"google.golang.org/grpc/status"

	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// journal tells people and counters what happens. People are told what is new, and reminded ever more rarely of what goes
// on.
type journal struct {
	log      *slog.Logger
	observer Observer

	up       bool            // the present stream has brought a response
	failures int             // streams in a row that have brought none
	told     map[string]bool // reasons for that, without what varies
	refusals byKind[string]  // the latest refusal of each kind
	foreign  map[string]bool // types of responses that nobody has asked for
}

// maxTold limits what the journal remembers.
const maxTold = 20

// received records a response. The first of a stream proves that it works.
func (j *journal) received(k snapshot.Kind, r *response, m Mode) {
	if !j.up {
		j.up, j.failures, j.told = true, 0, nil
		j.log.Info("connected to the control plane", "mode", m.String())
		j.observer.Connected(m)
	}
	j.observer.Received(k, len(r.resources), r.bytes())
}

// ended records the end of a stream, or that none could be opened.
func (j *journal) ended(err error, pause time.Duration) {
	j.observer.Disconnected(err)
	why, pause := reason(err), pause.Round(time.Millisecond)
	if j.up {
		j.up = false
		j.log.Info("disconnected from the control plane", "reason", why, "retry_in", pause)
		return
	}
	j.failures++
	if first(&j.told, withoutDigits(why)) || bits.OnesCount(uint(j.failures)) == 1 {
		j.log.Warn("no connection to the control plane", "reason", why, "attempts", j.failures, "retry_in", pause)
	}
}

// refused records that the latest response of a kind was refused, or accepted if refusal is "".
func (j *journal) refused(k snapshot.Kind, refusal string) {
	if refusal == "" {
		j.refusals[k] = ""
		return
	}
	j.observer.Rejected(k, refusal)
	if refusal != j.refusals[k] {
		j.refusals[k] = refusal
		j.log.Warn("refused what the control plane sent", "kind", k.String(), "reason", refusal)
	}
}

// absent records that resources are taken not to exist.
func (j *journal) absent(k snapshot.Kind, names []string) {
	if len(names) > 0 {
		j.log.Warn("the control plane does not answer for resources, which are taken not to exist",
			"kind", k.String(), "count", len(names), "names", names[:min(len(names), 5)])
	}
}

// unasked records a response of a type that nobody has asked for.
func (j *journal) unasked(r *response) {
	if first(&j.foreign, r.typeURL) {
		j.log.Warn("the control plane sent what it was not asked for", "type", r.typeURL)
	}
}

// first reports whether a text is new, and remembers it.
func first(seen *map[string]bool, text string) bool {
	if (*seen)[text] || len(*seen) == maxTold {
		return false
	}
	if *seen == nil {
		*seen = map[string]bool{}
	}
	(*seen)[text] = true
	return true
}

// reason is the text of an error for people, without what gRPC puts around it.
func reason(err error) string {
	if errors.Is(err, io.EOF) {
		return "the control plane has ended the stream"
	}
	if s, ok := status.FromError(err); ok {
		return s.Code().String() + ": " + s.Message()
	}
	return err.Error()
}

// withoutDigits makes errors equal that differ only in port numbers and times.
func withoutDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' {
			return -1
		}
		return r
	}, s)
}
