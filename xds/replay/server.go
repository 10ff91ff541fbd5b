// Package replay is a control plane that has learnt its lines: an ADS server which serves a snapshot that somebody gives
// it, until it is given the next. In go snapshots, out come discovery responses; it never reads a file.
//
// It speaks both variants of the protocol and behaves as istiod does where clients can tell: clusters and listeners go to
// everybody, the other types to those who ask by name; a change is pushed to those whom it concerns, and nothing else is;
// pushes come in the order CDS, EDS, LDS, RDS; a name that the snapshot refers to but does not hold is answered by an empty
// resource. A type that a snapshot cannot hold is never answered. Whoever asks gets the same: node ids do not matter.
package replay

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/envoyproxy/go-control-plane/pkg/cache/v3"
	"github.com/envoyproxy/go-control-plane/pkg/server/sotw/v3"
	"github.com/envoyproxy/go-control-plane/pkg/server/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"

	"github.com/amesh-render/amesh-render/xds/snapshot"
)

const (
	// maxRequest is the size of the largest request in bytes: a delta client that returns names all that it holds.
	maxRequest = 64 << 20
	// minPing is how often a client may ping. gRPC's own limit, five minutes, is for clients with other habits.
	minPing = time.Second
	// grace is how long Stop waits for clients that do not read.
	grace = time.Second
)

// Server is an ADS server. Make one with New.
type Server struct {
	caches map[snapshot.Kind]*cache.LinearCache
	grpc   *grpc.Server
	cancel context.CancelFunc // ends the streams
	mu     sync.Mutex         // held by Set
	known  references
}

// Rejection is one client's refusal of what it was sent (a NACK).
type Rejection struct {
	Kind   snapshot.Kind
	Reason string // in the client's words
}

// New returns a server that holds nothing yet: call Set, then Serve. The function is called for each rejection, by several
// goroutines at once, and may be nil.
func New(rejected func(Rejection)) *Server {
	ctx, cancel := context.WithCancel(context.Background())
	prefix := versionPrefix()
	s := &Server{
		caches: newCaches(prefix),
		cancel: cancel,
		grpc: grpc.NewServer(
			grpc.MaxRecvMsgSize(maxRequest),
			grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: minPing, PermitWithoutStream: true}),
		),
	}
	ads := server.NewServer(ctx, mux(s.caches), callbacks(prefix, rejected),
		sotw.WithOrderedADS(), sotw.DeactivateLegacyWildcardForTypes(namedTypes()))
	discoveryv3.RegisterAggregatedDiscoveryServiceServer(s.grpc, ads)
	return s
}

// Outcome says what a call of Set has done.
type Outcome struct {
	Changed int // resources that are new, different or gone
	Empty   int // resources that are served empty, because others refer to them and the snapshot does not hold them
}

// Set makes the snapshot the one that is served, and pushes what has changed. The resources must not be modified any
// more. An error means that a resource cannot be sent.
func (s *Server) Set(snap *snapshot.Snapshot) (Outcome, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	next, empty := content(snap, &s.known)
	out := Outcome{Empty: empty}
	for k := snapshot.Cluster; k <= snapshot.Secret; k++ {
		update, remove := difference(s.caches[k].GetResources(), next[k])
		if len(update)+len(remove) == 0 {
			continue // else the version would change
		}
		if err := s.caches[k].UpdateResources(update, remove); err != nil {
			return out, fmt.Errorf("serve %s resources: %w", k, err)
		}
		out.Changed += len(update) + len(remove)
	}
	return out, nil
}

// Serve accepts connections, in plain text, until Stop is called or the listener fails. It closes the listener.
func (s *Server) Serve(l net.Listener) error { return s.grpc.Serve(l) }

// Stop ends all streams and connections, within a second or so whatever the clients do, and waits until that is done.
func (s *Server) Stop() {
	s.cancel()
	force := time.AfterFunc(grace, s.grpc.Stop)
	defer force.Stop()
	s.grpc.GracefulStop()
}
