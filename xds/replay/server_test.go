package replay

import (
	"context"
	"net"
	"path/filepath"
	"testing"

	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	statuspb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// Dumps of two services; in the second a route has changed, in the third one service has gone and an endpoint changed.
const (
	clusterA  = "- {'@type': type.googleapis.com/envoy.config.cluster.v3.Cluster, name: a, type: EDS}\n"
	clusterB  = "- {'@type': type.googleapis.com/envoy.config.cluster.v3.Cluster, name: b, type: EDS}\n"
	endpointA = "- {'@type': type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment, cluster_name: a}\n"
	endpointB = "- {'@type': type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment, cluster_name: b}\n"
	changedA  = "- {'@type': type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment, cluster_name: a, policy: {}}\n"
	listener  = "- {'@type': type.googleapis.com/envoy.config.listener.v3.Listener, name: l}\n"
	route     = "- {'@type': type.googleapis.com/envoy.config.route.v3.RouteConfiguration, name: r}\n"
	changedR  = "- {'@type': type.googleapis.com/envoy.config.route.v3.RouteConfiguration, name: r, virtual_hosts: [{name: v}]}\n"

	first  = "resources:\n" + clusterA + clusterB + endpointA + endpointB + listener + route
	second = "resources:\n" + clusterA + clusterB + endpointA + endpointB + listener + changedR
	third  = "resources:\n" + clusterA + changedA + listener + changedR
)

func TestWorld(t *testing.T) {
	server, client := start(t, decode(t, first), nil)
	s := openWorld(t, client)
	s.ask(cds)
	clusters := s.want(cds, "a", "b")
	s.ack(clusters)
	s.ask(eds, "a", "b", "unknown")
	endpoints := s.want(eds, "a", "b")
	s.ack(endpoints, "a", "b", "unknown")
	s.ask(lds, "*")
	s.ack(s.want(lds, "l"), "*")
	s.ask(rds, "r")
	s.ack(s.want(rds, "r"), "r")

	if out := set(t, server, decode(t, second)); out != (Outcome{Changed: 1}) {
		t.Errorf("second: got %+v", out)
	}
	routes := s.want(rds, "r")
	if n := len(body(t, routes).(*routev3.RouteConfiguration).GetVirtualHosts()); n != 1 {
		t.Errorf("got %d virtual hosts, want 1", n)
	}
	s.ack(routes, "r")

	if out := set(t, server, decode(t, second)); out != (Outcome{}) {
		t.Errorf("the same again: got %+v", out)
	}
	if out := set(t, server, decode(t, third)); out != (Outcome{Changed: 3}) {
		t.Errorf("third: got %+v", out)
	}
	changed := s.want(cds, "a")
	if changed.GetVersionInfo() == clusters.GetVersionInfo() {
		t.Errorf("the version of the changed clusters is still %q", clusters.GetVersionInfo())
	}
	if r := s.want(eds, "a"); body(t, r).(*endpointv3.ClusterLoadAssignment).GetPolicy() == nil {
		t.Error("got the old endpoints")
	}
}

func TestDelta(t *testing.T) {
	server, client := start(t, decode(t, first), nil)
	s := openDelta(t, client)
	s.ask(cds, "*")
	s.ack(s.want(cds, "a", "b"))
	s.ask(eds, "a", "b", "unknown")
	endpoints := s.want(eds, "a", "b")
	s.ack(endpoints)
	s.ask(lds)
	s.ack(s.want(lds, "l"))
	s.ask(rds, "r")
	s.ack(s.want(rds, "r"))

	set(t, server, decode(t, second))
	s.ack(s.want(rds, "r"))
	set(t, server, decode(t, third))
	s.want(cds, "-b")
	s.want(eds, "-b", "a")

	t.Run("who comes back with versions gets what has changed", func(t *testing.T) {
		versions := map[string]string{}
		for _, r := range endpoints.GetResources() {
			versions[r.GetName()] = r.GetVersion()
		}
		set(t, server, decode(t, "resources:\n"+clusterA+clusterB+changedA+endpointB+listener+changedR))
		s := openDelta(t, client)
		s.send(&discoveryv3.DeltaDiscoveryRequest{TypeUrl: eds.TypeURL(), ResourceNamesSubscribe: []string{"a", "b"},
			InitialResourceVersions: versions})
		s.want(eds, "a")
	})
}

// What comes after the requests that must not be answered shows that they have not been.
func TestNamedTypesNeedNames(t *testing.T) {
	_, client := start(t, decode(t, first), nil)
	s := openDelta(t, client)
	s.ask(eds)
	s.ask(rds)
	s.ask(snapshot.Secret)
	s.ask(cds)
	s.want(cds, "a", "b")
}

func TestUnknownTypesAreIgnored(t *testing.T) {
	_, client := start(t, decode(t, first), nil)
	const unknown = "type.googleapis.com/istio.networking.nds.v1.NameTable"
	w := openWorld(t, client)
	w.send(&discoveryv3.DiscoveryRequest{TypeUrl: unknown})
	w.send(&discoveryv3.DiscoveryRequest{TypeUrl: unknown, ResourceNames: []string{"x"}})
	w.ask(lds)
	w.want(lds, "l")
	d := openDelta(t, client)
	d.send(&discoveryv3.DeltaDiscoveryRequest{TypeUrl: unknown})
	d.send(&discoveryv3.DeltaDiscoveryRequest{TypeUrl: unknown, ResourceNamesSubscribe: []string{"x"}})
	d.ask(lds)
	d.want(lds, "l")
}

// A dump may lack what it refers to, such as all endpoints. Clients ask for these, and must not wait for ever.
func TestMissingResourcesAreEmpty(t *testing.T) {
	const lacking = `
- {'@type': type.googleapis.com/envoy.config.cluster.v3.Cluster, name: a, type: EDS, eds_cluster_config: {service_name: s}}
- {'@type': type.googleapis.com/envoy.config.cluster.v3.Cluster, name: b, type: EDS, eds_cluster_config: {service_name: s}}
- '@type': type.googleapis.com/envoy.config.listener.v3.Listener
  name: l
  filter_chains:
  - filters:
    - name: h
      typed_config:
        '@type': type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
        rds: {route_config_name: r}
`
	server, client := start(t, decode(t, "resources:"+lacking), nil)
	s := openWorld(t, client)
	s.ask(eds, "s", "a")
	s.ask(rds, "r")
	if m := body(t, s.want(eds, "s")); !proto.Equal(m, &endpointv3.ClusterLoadAssignment{ClusterName: "s"}) {
		t.Errorf("got endpoints %v", m)
	}
	if m := body(t, s.want(rds, "r")); !proto.Equal(m, &routev3.RouteConfiguration{Name: "r"}) {
		t.Errorf("got route configuration %v", m)
	}
	if out := set(t, server, decode(t, "resources:"+lacking+route)); out != (Outcome{Empty: 1}) {
		t.Errorf("got %+v", out)
	}
}

// A rejected response must not be sent again at once: the client would reject it again, without end.
func TestRejectedFromTheStart(t *testing.T) {
	told := make(chan Rejection, 2)
	server, client := start(t, decode(t, first), func(r Rejection) { told <- r })
	s := openWorld(t, client)
	s.ask(cds)
	s.reject(s.want(cds, "a", "b"), "bad cluster")
	if r := <-told; r != (Rejection{cds, "bad cluster"}) {
		t.Errorf("got %+v", r)
	}
	s.ask(lds)
	s.want(lds, "l")
	set(t, server, decode(t, third))
	s.want(cds, "a")

	d := openDelta(t, client)
	d.ask(rds, "r")
	r := d.want(rds, "r")
	d.send(&discoveryv3.DeltaDiscoveryRequest{TypeUrl: r.GetTypeUrl(), ResponseNonce: r.GetNonce(),
		ErrorDetail: &statuspb.Status{Message: "bad route"}})
	if r := <-told; r != (Rejection{rds, "bad route"}) {
		t.Errorf("got %+v", r)
	}
}

// A client of a server that has gone names that one's version. It must hear of an empty set.
func TestComingFromAnotherServer(t *testing.T) {
	_, one := start(t, decode(t, first), nil)
	s := openWorld(t, one)
	s.ask(lds)
	version := s.want(lds, "l").GetVersionInfo()

	_, other := start(t, decode(t, "resources:\n"+clusterA), nil)
	s = openWorld(t, other)
	s.send(&discoveryv3.DiscoveryRequest{TypeUrl: lds.TypeURL(), VersionInfo: version})
	s.want(lds)
}

func TestStop(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := New(nil)
	set(t, server, decode(t, first))
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	client := dial(t, "unix:"+socket)
	world, delta := openWorld(t, client), openDelta(t, client)
	world.ask(lds)
	world.want(lds, "l")
	delta.ask(lds)
	delta.want(lds, "l")

	server.Stop()
	if err := <-done; err != nil {
		t.Errorf("serve: %v", err)
	}
	if r, err := world.Recv(); err == nil {
		t.Errorf("got %v after Stop", r)
	}
	if r, err := delta.Recv(); err == nil {
		t.Errorf("got %v after Stop", r)
	}
	if _, err := (&net.Dialer{}).DialContext(context.Background(), "unix", socket); err == nil {
		t.Error("the socket still takes connections")
	}
	server.Stop() // again: harmless
}
