package xds

import (
	"context"
	"fmt"
	"maps"
	"net"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// patience is how long a test waits for what must come. It is only ever spent on a failure.
const patience = time.Minute

// scripted is an ADS server on a real socket that does nothing by itself: it hands each stream to the test.
type scripted struct {
	discoveryv3.UnimplementedAggregatedDiscoveryServiceServer
	address string
	server  *grpc.Server
	deltas  chan *deltaTalk
	sotws   chan *sotwTalk
}

type deltaTalk = conversation[discoveryv3.DeltaDiscoveryRequest, discoveryv3.DeltaDiscoveryResponse]
type sotwTalk = conversation[discoveryv3.DiscoveryRequest, discoveryv3.DiscoveryResponse]

// conversation is the server's side of one stream.
type conversation[Q, R any] struct {
	stream   grpc.BidiStreamingServer[Q, R]
	requests chan *Q
	lost     chan error // why reading has ended
	finish   chan error // what the handler returns
}

func (s *scripted) DeltaAggregatedResources(stream discoveryv3.AggregatedDiscoveryService_DeltaAggregatedResourcesServer) error {
	return converseWith(stream, s.deltas)
}

func (s *scripted) StreamAggregatedResources(stream discoveryv3.AggregatedDiscoveryService_StreamAggregatedResourcesServer) error {
	return converseWith(stream, s.sotws)
}

func converseWith[Q, R any](stream grpc.BidiStreamingServer[Q, R], to chan<- *conversation[Q, R]) error {
	c := &conversation[Q, R]{stream, make(chan *Q, 1000), make(chan error, 1), make(chan error, 1)}
	left := make(chan struct{})
	go func() {
		defer close(left)
		for {
			q, err := stream.Recv()
			if err != nil {
				c.lost <- err
				return
			}
			select {
			case c.requests <- q:
			case <-stream.Context().Done():
			}
		}
	}()
	select {
	case to <- c:
	case <-left:
		return nil
	}
	select {
	case err := <-c.finish:
		return err
	case <-left:
		return nil
	}
}

// serve starts a scripted server on a free port.
func serve(t testing.TB, options ...grpc.ServerOption) *scripted {
	t.Helper()
	return serveOn(t, listen(t, "tcp", "127.0.0.1:0"), options...)
}

// listen waits for the address to be free: the operating system may have lent it to somebody.
func listen(t testing.TB, network, address string) net.Listener {
	t.Helper()
	for deadline := time.Now().Add(patience); ; runtime.Gosched() {
		l, err := net.Listen(network, address)
		if err == nil {
			return l
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

func serveOn(t testing.TB, l net.Listener, options ...grpc.ServerOption) *scripted {
	t.Helper()
	s := &scripted{address: l.Addr().String(), deltas: make(chan *deltaTalk), sotws: make(chan *sotwTalk)}
	s.server = start(t, l, s, options...)
	return s
}

func start(t testing.TB, l net.Listener, ads discoveryv3.AggregatedDiscoveryServiceServer, options ...grpc.ServerOption) *grpc.Server {
	server := grpc.NewServer(append(options, grpc.MaxRecvMsgSize(1<<30))...)
	discoveryv3.RegisterAggregatedDiscoveryServiceServer(server, ads)
	served := make(chan struct{})
	go func() {
		defer close(served)
		server.Serve(l)
	}()
	t.Cleanup(func() {
		server.Stop()
		<-served
	})
	return server
}

func await[T any](t testing.TB, c <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		t.Fatalf("no %s came", what)
		panic("unreachable")
	}
}

func (s *scripted) delta(t testing.TB) *deltaTalk {
	t.Helper()
	return await(t, s.deltas, "delta stream")
}
func (s *scripted) sotw(t testing.TB) *sotwTalk {
	t.Helper()
	return await(t, s.sotws, "state-of-the-world stream")
}

// expect reads as many requests as there are descriptions, and compares them in order.
func (c *conversation[Q, R]) expect(t testing.TB, want ...string) {
	t.Helper()
	for _, w := range want {
		if got := describe(await(t, c.requests, "request "+w)); got != w {
			t.Errorf("request\n got %s\nwant %s", got, w)
		}
	}
}

// quiet fails if the client has sent something that nobody has expected.
func (c *conversation[Q, R]) quiet(t testing.TB) {
	t.Helper()
	select {
	case q := <-c.requests:
		t.Errorf("request %s, expected none", describe(q))
	default:
	}
}

func (c *conversation[Q, R]) send(t testing.TB, r *R) {
	t.Helper()
	if err := c.stream.Send(r); err != nil {
		t.Fatalf("send: %v", err)
	}
}

// describe puts a request into a line; what it leaves out is empty.
func describe(request any) string {
	var b strings.Builder
	field := func(name string, value string) {
		if value != "" {
			fmt.Fprintf(&b, " %s=%s", name, value)
		}
	}
	kind := func(url string) {
		k, _ := snapshot.KindOfTypeURL(url)
		b.WriteString(k.String())
	}
	switch q := request.(type) {
	case *discoveryv3.DeltaDiscoveryRequest:
		kind(q.GetTypeUrl())
		field("node", q.GetNode().GetId())
		field("add", strings.Join(q.GetResourceNamesSubscribe(), ","))
		field("drop", strings.Join(q.GetResourceNamesUnsubscribe(), ","))
		var have []string
		for _, name := range slices.Sorted(maps.Keys(q.GetInitialResourceVersions())) {
			have = append(have, name+"@"+q.GetInitialResourceVersions()[name])
		}
		field("have", strings.Join(have, ","))
		field("nonce", q.GetResponseNonce())
		field("error", q.GetErrorDetail().GetMessage())
	case *discoveryv3.DiscoveryRequest:
		kind(q.GetTypeUrl())
		field("node", q.GetNode().GetId())
		field("names", strings.Join(q.GetResourceNames(), ","))
		field("version", q.GetVersionInfo())
		field("nonce", q.GetResponseNonce())
		field("error", q.GetErrorDetail().GetMessage())
	}
	return b.String()
}

// follower is a client under test, and what it publishes.
type follower struct {
	snapshots chan *snapshot.Snapshot
	stop      context.CancelFunc
	returned  chan error
}

// follow runs a client until the test ends.
func follow(t testing.TB, c Config) *follower {
	t.Helper()
	if c.Node == nil {
		c.Node = &corev3.Node{Id: "me"}
	}
	if c.Timeout == 0 {
		c.Timeout = time.Hour
	}
	if c.Grace == 0 {
		c.Grace = time.Hour
	}
	if c.MinBackoff == 0 {
		c.MinBackoff, c.MaxBackoff = time.Millisecond, 20*time.Millisecond
	}
	ctx, stop := context.WithCancel(context.Background())
	f := &follower{make(chan *snapshot.Snapshot, 10_000), stop, make(chan error, 1)}
	go func() { f.returned <- Run(ctx, c, func(s *snapshot.Snapshot) { f.snapshots <- s }) }()
	t.Cleanup(func() {
		stop()
		if err := await(t, f.returned, "return of Run"); err != nil {
			t.Errorf("Run: %v", err)
		}
		f.returned <- nil
	})
	return f
}

func at(t testing.TB, address string) Address {
	t.Helper()
	a, err := ParseAddress(address)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// plain is where a server without encryption listens.
func (s *scripted) plain(t testing.TB) Address { return at(t, "grpc://"+s.address) }

// expect waits for a snapshot that holds exactly the resources that are listed, as in "cluster/a".
func (f *follower) expect(t testing.TB, want ...string) *snapshot.Snapshot {
	t.Helper()
	return f.until(t, fmt.Sprint(want), func(s *snapshot.Snapshot) bool { return slices.Equal(contents(s), want) })
}

// until waits for a snapshot with a property.
func (f *follower) until(t testing.TB, what string, ok func(*snapshot.Snapshot) bool) *snapshot.Snapshot {
	t.Helper()
	var last []string
	deadline := time.After(patience)
	for {
		select {
		case s := <-f.snapshots:
			if ok(s) {
				return s
			}
			last = contents(s)
		case <-deadline:
			t.Fatalf("no snapshot with %s; the last one had %v", what, last)
		}
	}
}

// none fails if a snapshot was published that nobody has waited for.
func (f *follower) none(t testing.TB) {
	t.Helper()
	select {
	case s := <-f.snapshots:
		t.Errorf("published %v, expected nothing", contents(s))
	default:
	}
}

func contents(s *snapshot.Snapshot) (all []string) {
	add := func(k snapshot.Kind, names []string) {
		for _, name := range names {
			all = append(all, k.String()+"/"+name)
		}
	}
	add(snapshot.Cluster, s.Clusters().Names())
	add(snapshot.Endpoints, s.Endpoints().Names())
	add(snapshot.Listener, s.Listeners().Names())
	add(snapshot.RouteConfiguration, s.RouteConfigurations().Names())
	return all
}

// The resources of the tests. A cluster is of type EDS, a listener takes its routes by RDS.

func cluster(name string) *clusterv3.Cluster {
	return &clusterv3.Cluster{Name: name, ClusterDiscoveryType: &clusterv3.Cluster_Type{Type: clusterv3.Cluster_EDS}}
}

func static(name string) *clusterv3.Cluster { return &clusterv3.Cluster{Name: name} }

func endpoints(name string, port uint32) *endpointv3.ClusterLoadAssignment {
	address := &corev3.Address{Address: &corev3.Address_SocketAddress{SocketAddress: &corev3.SocketAddress{
		Address: "10.0.0.1", PortSpecifier: &corev3.SocketAddress_PortValue{PortValue: port},
	}}}
	return &endpointv3.ClusterLoadAssignment{ClusterName: name, Endpoints: []*endpointv3.LocalityLbEndpoints{{
		LbEndpoints: []*endpointv3.LbEndpoint{{HostIdentifier: &endpointv3.LbEndpoint_Endpoint{
			Endpoint: &endpointv3.Endpoint{Address: address},
		}}},
	}}}
}

func portOf(a *endpointv3.ClusterLoadAssignment) uint32 {
	return a.GetEndpoints()[0].GetLbEndpoints()[0].GetEndpoint().GetAddress().GetSocketAddress().GetPortValue()
}

func listener(name string, routes ...string) *listenerv3.Listener {
	l := &listenerv3.Listener{Name: name}
	for _, route := range routes {
		manager := &hcmv3.HttpConnectionManager{RouteSpecifier: &hcmv3.HttpConnectionManager_Rds{
			Rds: &hcmv3.Rds{RouteConfigName: route},
		}}
		l.FilterChains = append(l.FilterChains, &listenerv3.FilterChain{Filters: []*listenerv3.Filter{{
			Name: "http", ConfigType: &listenerv3.Filter_TypedConfig{TypedConfig: packed(manager)},
		}}})
	}
	return l
}

func route(name string) *routev3.RouteConfiguration { return &routev3.RouteConfiguration{Name: name} }

func packed(m proto.Message) *anypb.Any {
	a, err := anypb.New(m)
	if err != nil {
		panic(err)
	}
	return a
}

// broken is a resource with a name and a broken rest.
func broken(k snapshot.Kind, name string) *anypb.Any {
	value := append([]byte{1<<3 | 2, byte(len(name))}, name...)
	return &anypb.Any{TypeUrl: k.TypeURL(), Value: append(value, 2<<3|2, 100)}
}

// said makes a state-of-the-world response.
func said(k snapshot.Kind, version, nonce string, resources ...proto.Message) *discoveryv3.DiscoveryResponse {
	r := &discoveryv3.DiscoveryResponse{TypeUrl: k.TypeURL(), VersionInfo: version, Nonce: nonce}
	for _, m := range resources {
		r.Resources = append(r.Resources, asAny(m))
	}
	return r
}

func asAny(m proto.Message) *anypb.Any {
	if a, ok := m.(*anypb.Any); ok {
		return a
	}
	return packed(m)
}

// changed makes a delta response. The version of each resource is v and the nonce.
func changed(k snapshot.Kind, nonce string, resources ...proto.Message) *discoveryv3.DeltaDiscoveryResponse {
	r := &discoveryv3.DeltaDiscoveryResponse{TypeUrl: k.TypeURL(), Nonce: nonce}
	for _, m := range resources {
		if w, ok := m.(*discoveryv3.Resource); ok {
			r.Resources = append(r.Resources, w)
			continue
		}
		a := asAny(m)
		r.Resources = append(r.Resources, &discoveryv3.Resource{Name: nameIn(a.GetValue()), Version: "v" + nonce, Resource: a})
	}
	return r
}

// removed makes a delta response that says that resources do not exist.
func removed(k snapshot.Kind, nonce string, names ...string) *discoveryv3.DeltaDiscoveryResponse {
	return &discoveryv3.DeltaDiscoveryResponse{TypeUrl: k.TypeURL(), Nonce: nonce, RemovedResources: names}
}
