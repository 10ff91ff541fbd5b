package mesh

import (
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/protobuf/proto"

	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// TestSizes holds the encoded responses against what was measured with a real istiod: megabytes of each kind, and the number
// of clusters.
func TestSizes(t *testing.T) {
	for _, size := range []struct {
		services, clusters int
		bytes              map[snapshot.Kind]float64
	}{
		{1000, 1204, map[snapshot.Kind]float64{snapshot.Cluster: 1.4e6, snapshot.Endpoints: 2.0e6, snapshot.RouteConfiguration: 0.6e6}},
		{5000, 6004, map[snapshot.Kind]float64{snapshot.Cluster: 7.0e6, snapshot.Endpoints: 10.2e6, snapshot.RouteConfiguration: 3.1e6}},
		{10000, 12004, map[snapshot.Kind]float64{snapshot.Cluster: 14.0e6, snapshot.Endpoints: 21e6, snapshot.RouteConfiguration: 6.1e6}},
	} {
		if testing.Short() && size.services > 1000 {
			continue
		}
		for _, r := range New(size.services).All() {
			k, _ := snapshot.KindOfTypeURL(r.GetTypeUrl())
			got, want := float64(proto.Size(r)), size.bytes[k]
			if want > 0 && (got < 0.95*want || got > 1.05*want) {
				t.Errorf("%d services: %s of %.2f MB, measured were %.1f", size.services, k, got/1e6, want/1e6)
			}
			if n := len(r.GetResources()); k == snapshot.Cluster && n != size.clusters {
				t.Errorf("%d services: %d clusters, measured were %d", size.services, n, size.clusters)
			}
		}
	}
}

// TestChanges says what of a mesh changes with each change: all that it tells anew is as a new client would get it.
func TestChanges(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Mesh) []*discoveryv3.DiscoveryResponse
		kinds  string
		want   string
	}{
		{"endpoint", func(m *Mesh) []*discoveryv3.DiscoveryResponse { return m.ChangeEndpoint(3) }, "endpoints",
			"endpoints/outbound|80|v1|svc-00003.ns-000.svc.cluster.local endpoints/outbound|80||svc-00003.ns-000.svc.cluster.local"},
		{"VirtualService", func(m *Mesh) []*discoveryv3.DiscoveryResponse { return m.ChangeVirtualService(3) }, "cluster route_config",
			"virtual host svc-00003.ns-000.svc.cluster.local:80"},
		{"service", (*Mesh).AddService, "cluster endpoints route_config",
			"cluster/outbound|80||svc-00100.ns-002.svc.cluster.local endpoints/outbound|80||svc-00100.ns-002.svc.cluster.local virtual host svc-00100.ns-002.svc.cluster.local:80"},
		{"nothing", (*Mesh).All, "cluster endpoints listener route_config", ""},
	} {
		m := New(100)
		before := content(t, m.All())
		pushed := c.change(m)
		after := maps.Clone(before)
		maps.Copy(after, content(t, pushed))
		if got := kindsOf(pushed); got != c.kinds {
			t.Errorf("%s: pushed are %s, want %s", c.name, got, c.kinds)
		}
		if !maps.Equal(after, content(t, m.All())) {
			t.Errorf("%s: what was pushed is not all that has changed", c.name)
		}
		var changed []string
		for name, text := range after {
			if before[name] != text {
				changed = append(changed, name)
			}
		}
		slices.Sort(changed)
		if got := strings.Join(changed, " "); got != c.want {
			t.Errorf("%s: %q has changed, want %q", c.name, got, c.want)
		}
	}
}

// content is the encoded form of each resource, of a route configuration that of each virtual host.
func content(t *testing.T, responses []*discoveryv3.DiscoveryResponse) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, r := range responses {
		for _, a := range r.GetResources() {
			m, err := a.UnmarshalNew()
			if err != nil {
				t.Fatal(err)
			}
			if c, ok := m.(*routev3.RouteConfiguration); ok {
				for _, h := range c.GetVirtualHosts() {
					all["virtual host "+h.GetName()] = string(encode(h))
				}
				continue
			}
			k, _ := snapshot.KindOf(m)
			all[k.String()+"/"+snapshot.NameOf(m)] = string(a.GetValue())
		}
	}
	return all
}

func kindsOf(responses []*discoveryv3.DiscoveryResponse) string {
	var kinds []string
	for _, r := range responses {
		k, _ := snapshot.KindOfTypeURL(r.GetTypeUrl())
		kinds = append(kinds, k.String())
	}
	return strings.Join(kinds, " ")
}

// TestALPN compares the one message that is put together by hand with its encoding, written out.
func TestALPN(t *testing.T) {
	field := func(tag byte, text string) string {
		return fmt.Sprintf("%02x%02x%s", tag, len(text), hex.EncodeToString([]byte(text)))
	}
	first := field(0x12, "istio-http/1.0") + field(0x12, "istio") + field(0x12, "http/1.0")
	second := "0801" + field(0x12, "istio-http/1.1") + field(0x12, "istio") + field(0x12, "http/1.1")
	third := "0802" + field(0x12, "istio-h2") + field(0x12, "istio") + field(0x12, "h2")
	want := ""
	for _, part := range []string{first, second, third} {
		want += fmt.Sprintf("0a%02x%s", len(part)/2, part)
	}
	if got := hex.EncodeToString(alpn().GetValue()); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestTwice makes the same mesh twice.
func TestTwice(t *testing.T) {
	a, b := New(120), New(120)
	for range 3 {
		if !maps.Equal(content(t, a.All()), content(t, b.All())) {
			t.Fatal("two meshes of one size differ")
		}
		a.ChangeEndpoint(7)
		b.ChangeEndpoint(7)
	}
}
