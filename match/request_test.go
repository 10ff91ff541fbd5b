package match

import (
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/amesh-render/amesh-render/model"
	"github.com/amesh-render/amesh-render/render"
	"github.com/amesh-render/amesh-render/render/apisix"
	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// dump is a golden case of the renderer's.
func dump(t testing.TB, name string) *snapshot.Snapshot {
	t.Helper()
	file, err := os.Open("../render/testdata/" + name + "/in.json")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	s, err := snapshot.Decode(snapshot.Source{Name: name, Reader: file})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// rendered is what becomes of a golden case, without the dump.
func rendered(t testing.TB, name string) *Mesh {
	t.Helper()
	return OfConfig(render.Render(dump(t, name), render.Options{}).Config, render.Options{})
}

func query(t testing.TB, url string, change func(*Query)) Query {
	t.Helper()
	u, err := ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	q := Query{Method: "GET", URL: u}
	if change != nil {
		change(&q)
	}
	return q
}

// TestRequest is what the proxy gets of a query: what the query leaves open comes from the mesh.
func TestRequest(t *testing.T) {
	sidecar, gateway := ofDump(dump(t, "multi-port"), render.Options{}), ofDump(dump(t, "gateway-ingress"), render.Options{})
	file, gatewayFile := rendered(t, "multi-port"), rendered(t, "gateway-ingress")
	inbound := func(q *Query) { q.Direction = Inbound }
	for _, tc := range []struct {
		name        string
		mesh        *Mesh
		url         string
		change      func(*Query)
		port        uint16
		destination string // of the connection, "" for none
		client      string
		authority   string
		assumed     string // part of what is told, "" for nothing
	}{
		{"a service's own address", sidecar, "http://multi/", nil, 15001, "10.96.178.4:80", "10.244.140.225", "multi", ""},
		{"of that namespace", sidecar, "http://multi.other/", nil, 15001, "10.97.254.225:80", "10.244.140.225", "multi.other", ""},
		{"whatever the case and the last dot", sidecar, "MULTI.default.:9090/", nil, 15001, "10.96.178.4:9090", "10.244.140.225", "MULTI.default.:9090", ""},
		{"of a port without HTTP", sidecar, "multi:7000/", nil, 15001, "10.96.178.4:7000", "10.244.140.225", "multi:7000", ""},
		{"an address", sidecar, "10.1.2.3:9080/", nil, 15001, "10.1.2.3:9080", "10.244.140.225", "10.1.2.3:9080", ""},
		{"a host that nobody knows", sidecar, "http://example.com/", nil, 15001, "192.0.2.1:80", "10.244.140.225", "example.com",
			"the address of example.com is not known"},
		{"an address that is given", sidecar, "http://example.com/", func(q *Query) {
			q.Destination = netip.MustParseAddrPort("198.51.100.1:81")
		}, 15001, "198.51.100.1:81", "10.244.140.225", "example.com", ""},
		{"a port that is given", sidecar, "http://multi/", func(q *Query) { q.Port = 8080 }, 15001, "10.96.178.4:8080", "10.244.140.225", "multi", ""},
		{"inbound", sidecar, "productpage:9080/", inbound, 15006, "10.244.140.225:9080", "192.0.2.2", "productpage:9080", ""},
		{"a client that is given", sidecar, "productpage:9080/", func(q *Query) {
			q.Direction, q.Remote = Inbound, netip.MustParseAddr("10.9.9.9")
		}, 15006, "10.244.140.225:9080", "10.9.9.9", "productpage:9080", ""},
		{"a host header", sidecar, "http://multi/", func(q *Query) {
			q.Headers = []model.Header{{Name: "host", Value: "a.test"}}
		}, 15001, "10.96.178.4:80", "10.244.140.225", "a.test", ""},
		{"a gateway's port for another", gateway, "http://open.example.com/", nil, 8080, "", "192.0.2.2", "open.example.com", "listens on 8080 for port 80"},
		{"with TLS", gateway, "https://shop.example.com/", nil, 8443, "", "192.0.2.2", "shop.example.com", "listens on 8443 for port 443"},
		{"its own", gateway, "open.example.com:8080/", nil, 8080, "", "192.0.2.2", "open.example.com:8080", ""},
		{"one that is given", gateway, "http://open.example.com/", func(q *Query) { q.Port = 8080 }, 8080, "", "192.0.2.2", "open.example.com", ""},
		{"one that nobody listens on", gateway, "open.example.com:81/", nil, 81, "", "192.0.2.2", "open.example.com:81", ""},
		{"a rendered file", file, "http://multi/", nil, 15001, "10.96.178.4:80", "192.0.2.2", "multi", ""},
		{"inbound", file, "productpage:9080/", inbound, 15006, "192.0.2.1:9080", "192.0.2.2", "productpage:9080", ""},
		{"a gateway's", gatewayFile, "http://open.example.com/", nil, 8080, "", "192.0.2.2", "open.example.com", "listens on 8080"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, assumed, err := tc.mesh.request(query(t, tc.url, tc.change))
			if err != nil {
				t.Fatal(err)
			}
			destination := ""
			if r.Destination.IsValid() {
				destination = r.Destination.String()
			}
			if r.LocalPort != tc.port || destination != tc.destination || r.Remote.Addr().String() != tc.client || r.Authority != tc.authority {
				t.Errorf("got port %d, destination %q, client %s, authority %q, want %d, %q, %s, %q", r.LocalPort, destination,
					r.Remote.Addr(), r.Authority, tc.port, tc.destination, tc.client, tc.authority)
			}
			if told := strings.Join(assumed, "; "); (told == "") != (tc.assumed == "") || !strings.Contains(told, tc.assumed) {
				t.Errorf("assumed: got %q, want it to contain %q", told, tc.assumed)
			}
		})
	}
}

func TestGatewaysHaveNoDirection(t *testing.T) {
	gateway := ofDump(dump(t, "gateway-ingress"), render.Options{})
	_, err := gateway.Explain(query(t, "http://open.example.com/", func(q *Query) { q.Direction = Outbound }))
	if err == nil || !strings.Contains(err.Error(), "gateway") {
		t.Errorf("got %v, want an error", err)
	}
}

// TestRoutesForOneAddress: a route that is for connections to one address says which its host has.
func TestRoutesForOneAddress(t *testing.T) {
	port := apisix.Compare("server_port", apisix.OpEqual, "15001")
	m := OfConfig(&apisix.Config{Routes: []*apisix.Route{
		{ID: "1", URI: "/*", Hosts: []string{"a.test"}, UpstreamID: "u", Vars: []apisix.Expr{port,
			apisix.Compare("connection_original_dst", apisix.OpEqual, "10.7.7.7:7777")}},
		{ID: "2", URI: "/*", Hosts: []string{"a.test", "10.8.8.8"}, UpstreamID: "u", Vars: []apisix.Expr{port}},
	}}, render.Options{})
	for url, want := range map[string]string{"a.test:7777/": "10.7.7.7:7777", "b.test:1/": "192.0.2.1:1"} {
		if r, _, err := m.request(query(t, url, nil)); err != nil || r.Destination.String() != want {
			t.Errorf("%s: got %v, %v, want %s", url, r, err, want)
		}
	}
}

// TestOtherPortsOfAPISIX: where APISIX gets connections on other ports than Envoy, both are asked on their own.
func TestOtherPortsOfAPISIX(t *testing.T) {
	m := ofDump(dump(t, "header-routing"), render.Options{OutboundPort: 9081, InboundPort: 9082})
	for _, direction := range []Direction{Outbound, Inbound} {
		a, err := m.Explain(query(t, "reviews:9080/", func(q *Query) { q.Direction, q.Random = direction, new(uint64) }))
		if err != nil || a.Comparison != Same || a.APISIX.Outcomes[0].Kind != "routed" {
			t.Errorf("%s: got %+v, %v, want both to route it alike", direction, a, err)
		}
	}
}
