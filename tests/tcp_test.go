package tests

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/amesh-render/amesh-render/model"
	"github.com/amesh-render/amesh-render/model/apisix"
	"github.com/amesh-render/amesh-render/model/envoy"
	"github.com/amesh-render/amesh-render/render"
	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// TestConnectionsGoWhereEnvoySendsThem compares the two models over random listeners that proxy TCP, by address, port,
// range of addresses and server name, and random connections to a pod and from it.
func TestConnectionsGoWhereEnvoySendsThem(t *testing.T) {
	tunnelled := 0
	for seed := *firstSeed; seed < *firstSeed+*meshes; seed++ {
		tunnelled += compareConnections(t, seed)
		if t.Failed() {
			return // one example is enough to read
		}
	}
	if least := int(*meshes) * 10; tunnelled < least {
		t.Errorf("only %d connections went anywhere, want at least %d: the generator misses its mark", tunnelled, least)
	}
}

// FuzzConnections is the same with seeds of the fuzzer's choosing.
func FuzzConnections(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) { compareConnections(t, seed) })
}

func compareConnections(t *testing.T, seed uint64) (tunnelled int) {
	t.Helper()
	g := &tcpMesh{Rand: rand.New(rand.NewPCG(seed, 4))}
	s := g.snapshot(t)
	result := render.Render(s, render.Options{Lua: render.LuaOn})
	before := envoy.FromSnapshot(s)
	after, err := apisix.NewStreams(result.Config)
	if err != nil {
		t.Fatal(err)
	}
	for range 60 {
		r := g.connection()
		want, got := before.Route(r, nil), after.Route(r, nil)
		if want.Cluster == "BlackHoleCluster" { // it has no endpoints
			want = model.Outcome{Kind: model.Refused}
		}
		same := want.Kind == model.Refused && got.Kind == model.Refused || want.Agrees(got)
		if !same {
			for _, l := range s.Listeners().All() {
				t.Log(protojson.Format(l))
			}
			t.Errorf("seed %d: %+v\nTLS %+v\nEnvoy:  %v\nAPISIX: %v\n%v", seed, *r, r.TLS, want, got, result.Findings())
			return tunnelled
		}
		if want.Kind == model.Tunnelled {
			tunnelled++
		}
	}
	return tunnelled
}

// tcpMesh makes listeners and connections that often meet.
type tcpMesh struct {
	*rand.Rand
	clusters int
}

const tcpPod = "10.1.0.1"

var (
	tcpAddresses = []string{"10.96.0.1", "10.96.0.2", "10.97.0.1", "192.0.2.9", "fd00::1"}
	tcpPorts     = []uint32{443, 3306, 5432, 9000}
	tcpRanges    = []string{"10.96.0.0/16", "10.96.0.0/30", "10.0.0.0/8"}
	tcpNames     = []string{"a.test", "b.test", "*.test", "*.a.test"}
)

func oneOf[T any](g *tcpMesh, list []T) T { return list[g.IntN(len(list))] }

func (g *tcpMesh) snapshot(t *testing.T) *snapshot.Snapshot {
	var b snapshot.Builder
	node := &corev3.Node{Id: "sidecar~" + tcpPod + "~pod.ns~ns.svc.test"}
	if err := protojson.Unmarshal([]byte(`{"INSTANCE_IPS":"`+tcpPod+`,fd01::1"}`), node.ProtoReflect().Mutable(
		node.ProtoReflect().Descriptor().Fields().ByName("metadata")).Message().Interface()); err != nil {
		t.Fatal(err)
	}
	b.SetNode(node)
	put := func(m proto.Message) {
		if err := b.Put(m); err != nil {
			t.Fatal(err)
		}
	}
	listeners := []string{g.catchAll("virtualOutbound", "OUTBOUND", 15001, "PassthroughCluster"), g.catchAll("virtualInbound", "INBOUND", 15006, "InboundPassthroughCluster")}
	for _, port := range tcpPorts {
		if g.IntN(2) == 0 {
			listeners = append(listeners, g.listener("0.0.0.0", port))
		}
		for _, address := range tcpAddresses {
			if g.IntN(4) == 0 {
				listeners = append(listeners, g.listener(address, port))
			}
		}
	}
	for _, text := range listeners {
		l := &listenerv3.Listener{}
		if err := protojson.Unmarshal([]byte(text), l); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		put(l)
	}
	for _, name := range []string{"PassthroughCluster", "InboundPassthroughCluster"} {
		put(&clusterv3.Cluster{Name: name, ClusterDiscoveryType: &clusterv3.Cluster_Type{Type: clusterv3.Cluster_ORIGINAL_DST}})
	}
	for i := range g.clusters {
		text := fmt.Sprintf(`{"name":"c%d","type":"STATIC","load_assignment":{"cluster_name":"c%[1]d","endpoints":[{"lb_endpoints":[
			{"endpoint":{"address":{"socket_address":{"address":"10.9.0.1","port_value":1}}}}]}]}}`, i)
		c := &clusterv3.Cluster{}
		if err := protojson.Unmarshal([]byte(text), c); err != nil {
			t.Fatal(err)
		}
		put(c)
	}
	return b.Snapshot()
}

// catchAll is one of the two listeners with a socket: all that no other takes, and ports of the pod.
func (g *tcpMesh) catchAll(name, direction string, port int, cluster string) string {
	chains := []string{g.chain(fmt.Sprintf(`"destination_port":%d`, port), "BlackHoleCluster")}
	if g.IntN(4) > 0 {
		chains = append(chains, g.chain("", cluster))
	} else if g.IntN(2) == 0 {
		chains = append(chains, g.chain("", "BlackHoleCluster"))
	}
	extra := `"use_original_dst":true`
	if direction == "INBOUND" {
		extra = `"listener_filters":[{"name":"envoy.filters.listener.original_dst"},{"name":"envoy.filters.listener.tls_inspector"}]`
		for _, p := range tcpPorts {
			if g.IntN(2) == 0 {
				chains = append(chains, g.chain(fmt.Sprintf(`"destination_port":%d`, p), g.cluster()))
			}
		}
	}
	return fmt.Sprintf(`{"name":%q,"traffic_direction":%q,"address":{"socket_address":{"address":"0.0.0.0","port_value":%d}},%s,"filter_chains":[%s]}`,
		name, direction, port, extra, strings.Join(chains, ","))
}

// listener is an outbound listener without a socket.
func (g *tcpMesh) listener(address string, port uint32) string {
	var chains []string
	for _, name := range tcpNames {
		if g.IntN(4) == 0 {
			chains = append(chains, g.chain(fmt.Sprintf(`"server_names":[%q]`, name), g.cluster()))
		}
	}
	if address == "0.0.0.0" {
		for _, r := range tcpRanges {
			if g.IntN(3) == 0 {
				p := netip.MustParsePrefix(r)
				chains = append(chains, g.chain(fmt.Sprintf(`"prefix_ranges":[{"address_prefix":%q,"prefix_len":%d}]`, p.Addr(), p.Bits()), g.cluster()))
			}
		}
	}
	if g.IntN(3) > 0 {
		chains = append(chains, g.chain("", g.cluster()))
	}
	if g.IntN(4) == 0 {
		chains = append(chains, g.chain(fmt.Sprintf(`"transport_protocol":%q`, oneOf(g, []string{"tls", "raw_buffer"})), g.cluster()))
	}
	fallback := ""
	if len(chains) == 0 || g.IntN(3) == 0 {
		fallback = `,"default_filter_chain":` + g.chain("", oneOf(g, []string{"PassthroughCluster", "BlackHoleCluster", g.cluster()}))
	}
	return fmt.Sprintf(`{"name":"%s_%d","traffic_direction":"OUTBOUND","bind_to_port":false,"address":{"socket_address":{"address":%q,"port_value":%d}},
		"listener_filters":[{"name":"envoy.filters.listener.tls_inspector"}],"filter_chains":[%s]%s}`,
		address, port, address, port, strings.Join(chains, ","), fallback)
}

// chain is a filter chain to a cluster, or to several where that is "".
func (g *tcpMesh) chain(match, cluster string) string {
	to := fmt.Sprintf(`"cluster":%q`, cluster)
	if strings.HasPrefix(cluster, "c") && g.IntN(4) == 0 {
		to = fmt.Sprintf(`"weighted_clusters":{"clusters":[{"name":%q,"weight":%d},{"name":%q,"weight":%d}]}`,
			cluster, 1+g.IntN(9), g.cluster(), 1+g.IntN(9))
	}
	return `{"filter_chain_match":{` + match + `},"filters":[{"name":"envoy.filters.network.tcp_proxy","typed_config":{
		"@type":"type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy","stat_prefix":"x",` + to + `}}]}`
}

func (g *tcpMesh) cluster() string {
	g.clusters++
	return fmt.Sprintf("c%d", g.clusters-1)
}

// connection is one to the pod, or from it.
func (g *tcpMesh) connection() *model.Request {
	ports := append([]uint32{7}, tcpPorts...)
	r := &model.Request{Protocol: "bytes", Random: g.Uint64(), Remote: netip.MustParseAddrPort("10.7.0.1:40000"),
		LocalPort: 15001, Destination: netip.AddrPortFrom(netip.MustParseAddr(oneOf(g, append([]string{"203.0.113.1"}, tcpAddresses...))), uint16(oneOf(g, ports)))}
	if g.IntN(3) == 0 {
		r.LocalPort, r.Destination = 15006, netip.AddrPortFrom(netip.MustParseAddr(tcpPod), r.Destination.Port())
	}
	if g.IntN(2) == 0 {
		r.TLS = &model.TLS{ServerName: oneOf(g, []string{"", "a.test", "b.test", "c.test", "x.a.test", "y.x.a.test", "other"})}
	}
	return r
}
