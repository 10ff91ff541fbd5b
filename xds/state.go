package xds

import (
	"fmt"
	"strings"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"

	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// kinds are what the client asks for, in the order in which it does. Secrets are not among them: Istio's control plane
// has none for sidecars, and ends a stream that asks for what it does not serve.
var kinds = [...]snapshot.Kind{snapshot.Cluster, snapshot.Endpoints, snapshot.Listener, snapshot.RouteConfiguration}

// byKind holds something of each kind that the client asks for.
type byKind[T any] [snapshot.RouteConfiguration + 1]T

// state is all that the client knows. It outlives streams, does no I/O and has no clock.
type state struct {
	builder       snapshot.Builder
	validator     validator
	subscriptions byKind[*subscription]
}

func newState(node *corev3.Node) *state {
	s := new(state)
	if node != nil {
		s.builder.SetNode(node)
	}
	for _, k := range kinds {
		s.subscriptions[k] = newSubscription(k)
	}
	return s
}

// begin prepares for a new stream. The last one may have broken before the client has followed what it brought.
func (s *state) begin(now time.Time) {
	for _, k := range kinds {
		s.follow(k, now)
		s.subscriptions[k].begin()
	}
}

// complete reports whether everything that is referred to is here or known not to exist.
func (s *state) complete() bool {
	for _, k := range kinds {
		if !s.subscriptions[k].complete() {
			return false
		}
	}
	return true
}

// silent are the kinds of which the server owes an answer.
func (s *state) silent() (silent []snapshot.Kind) {
	for _, k := range kinds {
		if s.subscriptions[k].silent() {
			silent = append(silent, k)
		}
	}
	return silent
}

// apply takes over a response. What cannot be decoded keeps its last good version, and is why the response is refused:
// refusal says so, and is "" if all is well.
func (s *state) apply(k snapshot.Kind, r *response, now time.Time) (refusal string) {
	sub := s.subscriptions[k]
	sub.round++
	var refusals []string
	readable := true // the names of all resources are known
	for _, res := range r.resources {
		if name, err := s.take(sub, res); err != nil {
			refusals = append(refusals, fmt.Sprintf("%s %q: %s", k, name, err))
			readable = readable && name != ""
		}
	}
	for _, name := range r.removed {
		sub.settle(name)
		s.drop(sub, name)
	}
	if r.full && sub.wildcard && readable {
		s.sweep(sub)
	}
	sub.hear(now, len(refusals) == 0 || len(refusals) < len(r.resources))
	if refusals == nil {
		sub.version = r.version
	}
	return summary(refusals)
}

// sweep drops what the latest response has not mentioned.
func (s *state) sweep(sub *subscription) {
	for name, e := range sub.entries {
		if e.round != sub.round {
			s.drop(sub, name)
		}
	}
}

func (s *state) drop(sub *subscription, name string) {
	if e, ok := sub.entries[name]; ok {
		sub.moved = sub.moved || len(e.refers) > 0
		delete(sub.entries, name)
		s.builder.Remove(sub.kind, name)
	}
}

// follow adapts the names that are asked for to what the resources held refer to, and returns how they change.
func (s *state) follow(k snapshot.Kind, now time.Time) (add, drop []string) {
	sub, from := s.subscriptions[k], s.referrer(k)
	if from == nil || !from.moved {
		return nil, nil
	}
	from.moved = false
	add, drop = sub.want(from.referred(), now)
	for _, name := range drop {
		s.drop(sub, name)
	}
	return add, drop
}

// referrer is the kind that says which resources of another kind are asked for, nil for those that are all asked for.
func (s *state) referrer(k snapshot.Kind) *subscription {
	switch k {
	case snapshot.Endpoints:
		return s.subscriptions[snapshot.Cluster]
	case snapshot.RouteConfiguration:
		return s.subscriptions[snapshot.Listener]
	}
	return nil
}

// maxSummary is how long a reason for refusing a response may be, in bytes: istiod logs all of it.
const maxSummary = 2000

// summary joins what is wrong with the resources of one response.
func summary(refusals []string) string {
	text, length := "", 0
	for i, r := range refusals {
		if length += len(r); length > maxSummary && i > 0 {
			return fmt.Sprintf("%s; and %d more", text, len(refusals)-i)
		}
		if i > 0 {
			text += "; "
		}
		text += r[:min(len(r), maxSummary)]
	}
	return strings.ToValidUTF8(text, "")
}
