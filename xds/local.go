package xds

import (
	"errors"
	"fmt"
	"slices"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/grpc"

	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// Local is what a client knows, without a server: somebody else brings the responses, of the state of the world, from a
// capture or for a benchmark. It treats them as Run does. Make one with NewLocal. A Local is for one goroutine at a time;
// its snapshots are for all.
type Local struct{ state *state }

// NewLocal returns a Local that has heard nothing, of a client that is this node; nil if that does not matter.
func NewLocal(node *corev3.Node) *Local { return &Local{newState(node)} }

// Apply takes over a response, which must not be modified afterwards. Endpoints and route configurations count only once
// something refers to them, as a client asks for no others: clusters come before endpoints, listeners before route
// configurations. An error says what of the response a client would refuse; all else in it is taken over.
func (l *Local) Apply(m *discoveryv3.DiscoveryResponse) error {
	k, ok := snapshot.KindOfTypeURL(m.GetTypeUrl())
	if !ok || !slices.Contains(kinds[:], k) {
		return fmt.Errorf("a response of type %q: a client does not ask for it", m.GetTypeUrl())
	}
	r, _ := (&sotw{stream: delivered{response: m}}).receive()
	now := time.Time{} // nothing is overdue where nobody is asked
	refusal := l.state.apply(k, r, now)
	for _, k := range kinds {
		l.state.follow(k, now)
	}
	if refusal != "" {
		return errors.New(refusal)
	}
	return nil
}

// Complete reports whether all that the resources refer to has come: only then would a client publish them.
func (l *Local) Complete() bool { return l.state.complete() }

// Snapshot returns all that has come so far. It is the same pointer as the last time if nothing has changed.
func (l *Local) Snapshot() *snapshot.Snapshot { return l.state.builder.Snapshot() }

// delivered is a stream of one response that is here already.
type delivered struct {
	grpc.BidiStreamingClient[discoveryv3.DiscoveryRequest, discoveryv3.DiscoveryResponse]
	response *discoveryv3.DiscoveryResponse
}

func (d delivered) Recv() (*discoveryv3.DiscoveryResponse, error) { return d.response, nil }
