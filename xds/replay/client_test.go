package replay

import (
	"context"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	statuspb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/proto"

	"github.com/amesh-render/amesh-render/xds/snapshot"
)

const (
	cds = snapshot.Cluster
	eds = snapshot.Endpoints
	lds = snapshot.Listener
	rds = snapshot.RouteConfiguration
)

// limit is how long a test waits for what must come.
const limit = 10 * time.Second

// start serves a snapshot on a port of its own.
func start(t *testing.T, snap *snapshot.Snapshot, rejected func(Rejection)) (*Server, discoveryv3.AggregatedDiscoveryServiceClient) {
	t.Helper()
	s := New(rejected)
	set(t, s, snap)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() {
		s.Stop()
		if err := <-done; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return s, dial(t, l.Addr().String())
}

func dial(t *testing.T, target string) discoveryv3.AggregatedDiscoveryServiceClient {
	t.Helper()
	conn, err := grpc.NewClient(target, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return discoveryv3.NewAggregatedDiscoveryServiceClient(conn)
}

func set(t *testing.T, s *Server, snap *snapshot.Snapshot) Outcome {
	t.Helper()
	out, err := s.Set(snap)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// decode is the snapshot of a dump in YAML.
func decode(t *testing.T, yaml string) *snapshot.Snapshot {
	t.Helper()
	s, err := snapshot.Decode(snapshot.Source{Name: "test", Reader: strings.NewReader(yaml)})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// worldStream is a state-of-the-world client.
type worldStream struct {
	*testing.T
	grpc.BidiStreamingClient[discoveryv3.DiscoveryRequest, discoveryv3.DiscoveryResponse]
}

func openWorld(t *testing.T, c discoveryv3.AggregatedDiscoveryServiceClient) worldStream {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	t.Cleanup(cancel)
	stream, err := c.StreamAggregatedResources(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return worldStream{t, stream}
}

func (s worldStream) ask(k snapshot.Kind, names ...string) {
	s.Helper()
	s.send(&discoveryv3.DiscoveryRequest{Node: &corev3.Node{Id: "any"}, TypeUrl: k.TypeURL(), ResourceNames: names})
}

func (s worldStream) ack(r *discoveryv3.DiscoveryResponse, names ...string) {
	s.Helper()
	s.send(&discoveryv3.DiscoveryRequest{TypeUrl: r.GetTypeUrl(), ResourceNames: names, VersionInfo: r.GetVersionInfo(),
		ResponseNonce: r.GetNonce()})
}

func (s worldStream) reject(r *discoveryv3.DiscoveryResponse, reason string) {
	s.Helper()
	s.send(&discoveryv3.DiscoveryRequest{TypeUrl: r.GetTypeUrl(), ResponseNonce: r.GetNonce(),
		ErrorDetail: &statuspb.Status{Message: reason}})
}

func (s worldStream) send(r *discoveryv3.DiscoveryRequest) {
	s.Helper()
	if err := s.Send(r); err != nil {
		s.Fatal(err)
	}
}

// want receives the next response, which must be of the kind and hold the resources of these names.
func (s worldStream) want(k snapshot.Kind, names ...string) *discoveryv3.DiscoveryResponse {
	s.Helper()
	r, err := s.Recv()
	if err != nil {
		s.Fatal(err)
	}
	var got []string
	for _, a := range r.GetResources() {
		m, err := a.UnmarshalNew()
		if err != nil {
			s.Fatal(err)
		}
		got = append(got, snapshot.NameOf(m))
	}
	slices.Sort(got)
	if r.GetTypeUrl() != k.TypeURL() || !slices.Equal(got, names) {
		s.Fatalf("got %s %q, want %s %q", r.GetTypeUrl(), got, k.TypeURL(), names)
	}
	return r
}

// deltaStream is an incremental client.
type deltaStream struct {
	*testing.T
	grpc.BidiStreamingClient[discoveryv3.DeltaDiscoveryRequest, discoveryv3.DeltaDiscoveryResponse]
}

func openDelta(t *testing.T, c discoveryv3.AggregatedDiscoveryServiceClient) deltaStream {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	t.Cleanup(cancel)
	stream, err := c.DeltaAggregatedResources(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return deltaStream{t, stream}
}

func (s deltaStream) ask(k snapshot.Kind, names ...string) {
	s.Helper()
	s.send(&discoveryv3.DeltaDiscoveryRequest{Node: &corev3.Node{Id: "any"}, TypeUrl: k.TypeURL(), ResourceNamesSubscribe: names})
}

func (s deltaStream) ack(r *discoveryv3.DeltaDiscoveryResponse) {
	s.Helper()
	s.send(&discoveryv3.DeltaDiscoveryRequest{TypeUrl: r.GetTypeUrl(), ResponseNonce: r.GetNonce()})
}

func (s deltaStream) send(r *discoveryv3.DeltaDiscoveryRequest) {
	s.Helper()
	if err := s.Send(r); err != nil {
		s.Fatal(err)
	}
}

// want receives the next response, which must be of the kind and hold the resources of these names, those that are gone
// with a minus before them.
func (s deltaStream) want(k snapshot.Kind, names ...string) *discoveryv3.DeltaDiscoveryResponse {
	s.Helper()
	r, err := s.Recv()
	if err != nil {
		s.Fatal(err)
	}
	var got []string
	for _, resource := range r.GetResources() {
		got = append(got, resource.GetName())
	}
	for _, name := range r.GetRemovedResources() {
		got = append(got, "-"+name)
	}
	slices.Sort(got)
	if r.GetTypeUrl() != k.TypeURL() || !slices.Equal(got, names) {
		s.Fatalf("got %s %q, want %s %q", r.GetTypeUrl(), got, k.TypeURL(), names)
	}
	return r
}

// body is the one resource of a response.
func body(t *testing.T, r *discoveryv3.DiscoveryResponse) proto.Message {
	t.Helper()
	m, err := r.GetResources()[0].UnmarshalNew()
	if err != nil {
		t.Fatal(err)
	}
	return m
}
