package envoy

import (
	"net/netip"
	"testing"

	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"

	"github.com/amesh-render/amesh-render/model"
)

// at is the JSON of an address.
func at(ip, port string) string {
	return `{"socket_address":{"address":"` + ip + `","port_value":` + port + `}}`
}

// web is the JSON of a filter chain whose routes go to the cluster; match is the inside of its filter_chain_match.
func web(match, cluster string) string {
	return `{"filter_chain_match":{` + match + `},"filters":[{"name":"hcm","typed_config":{
		"@type":"type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
		"route_config":{"name":"` + cluster + `","virtual_hosts":[{"name":"v","domains":["*"],"routes":[
		{"match":{"prefix":"/"},"route":{"cluster":"` + cluster + `"}}]}]}}}]}`
}

const tunnelled = `{"filters":[{"name":"tcp","typed_config":{
	"@type":"type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy","cluster":"passthrough"}}]}`

func listeners(t *testing.T, texts ...string) []*listenerv3.Listener {
	var out []*listenerv3.Listener
	for _, text := range texts {
		out = append(out, parse[*listenerv3.Listener](t, text))
	}
	return out
}

func TestInterceptedOutbound(t *testing.T) {
	p := New(listeners(t,
		`{"name":"virtualOutbound","address":`+at("0.0.0.0", "15001")+`,"use_original_dst":true,
			"filter_chains":[`+tunnelled+`]}`,
		`{"name":"0.0.0.0_80","address":`+at("0.0.0.0", "80")+`,"bind_to_port":false,"filter_chains":[`+web("", "any80")+`]}`,
		`{"name":"10.0.0.1_80","address":`+at("10.0.0.1", "80")+`,"bind_to_port":false,"filter_chains":[`+web("", "one80")+`]}`,
		`{"name":"v6","address":`+at("::", "80")+`,"bind_to_port":false,"filter_chains":[`+web("", "six80")+`]}`,
		`{"name":"x","address":`+at("10.0.0.9", "15001")+`,"bind_to_port":false,"filter_chains":[`+web("", "never")+`]}`,
		`{"name":"dual","address":{"socket_address":{"address":"::","port_value":81,"ipv4_compat":true}},"bind_to_port":false,
			"filter_chains":[`+web("", "dual81")+`]}`,
	), nil)
	for destination, want := range map[string]any{
		"10.0.0.1:80": "one80", "10.0.0.2:80": "any80", "[fd00::1]:80": "six80", "10.0.0.1:82": "passthrough",
		"10.0.0.2:81": "dual81", "[fd00::1]:81": "dual81",
	} {
		r := get("h", "/")
		r.LocalPort, r.Destination = 15001, netip.MustParseAddrPort(destination)
		if got := p.Route(r, nil); result(got) != want {
			t.Errorf("%s: got %v, want %v", destination, got, want)
		}
	}
	r := get("h", "/")
	r.LocalPort = 15009
	if got := p.Route(r, nil); got.Kind != model.Refused {
		t.Errorf("a port that no listener binds: got %v, want refused", got)
	}
}

// TestVirtualInbound has the shape of Istio's virtualInbound: HTTP is sniffed, but not on port 9080.
func TestVirtualInbound(t *testing.T) {
	const filters = `"listener_filters":[{"name":"envoy.filters.listener.original_dst"},
		{"name":"envoy.filters.listener.tls_inspector"},
		{"name":"envoy.filters.listener.http_inspector","filter_disabled":{"or_match":{"rules":[
			{"destination_port_range":{"start":9080,"end":9081}},{"destination_port_range":{"start":15006,"end":15007}}]}}}]`
	p := New(listeners(t, `{"name":"virtualInbound","address":`+at("0.0.0.0", "15006")+`,`+filters+`,"filter_chains":[`+
		web(`"transport_protocol":"raw_buffer","application_protocols":["http/1.1","h2c"]`, "sniffed")+`,`+
		web(`"transport_protocol":"raw_buffer"`, "raw")+`,`+
		web(`"transport_protocol":"tls","application_protocols":["istio"]`, "istio")+`,`+
		web(`"destination_port":9080,"transport_protocol":"tls"`, "9080tls")+`,`+
		web(`"destination_port":9080,"transport_protocol":"raw_buffer"`, "9080")+`,`+
		web(`"destination_port":9443,"transport_protocol":"tls"`, "strict")+`]}`), nil)
	for _, tc := range []struct {
		name, destination, protocol string
		tls                         *model.TLS
		want                        any
	}{
		{"port without sniffing", "10.1.0.1:9080", "", nil, "9080"},
		{"TLS on it", "10.1.0.1:9080", "", &model.TLS{ALPN: []string{"istio"}}, "9080tls"},
		{"catch-all HTTP", "10.1.0.1:7070", "", nil, "sniffed"},
		{"HTTP/2", "10.1.0.1:7070", "h2c", nil, "sniffed"},
		{"HTTP/1.0 is not listed", "10.1.0.1:7070", "http/1.0", nil, "raw"},
		{"TLS", "10.1.0.1:7070", "", &model.TLS{ALPN: []string{"h2", "istio"}}, "istio"},
		{"TLS of others", "10.1.0.1:7070", "", &model.TLS{}, "refused"},
		{"a port's chains are final: plaintext to strict mTLS", "10.1.0.1:9443", "", nil, "refused"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := get("h", "/")
			r.LocalPort, r.Destination = 15006, netip.MustParseAddrPort(tc.destination)
			r.Protocol, r.TLS = tc.protocol, tc.tls
			if got := p.Route(r, nil); result(got) != tc.want {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

func TestFilterChainOrder(t *testing.T) {
	const inspector = `"listener_filters":[{"name":"envoy.filters.listener.tls_inspector"}]`
	p := New(listeners(t, `{"name":"gateway","address":`+at("0.0.0.0", "443")+`,`+inspector+`,"filter_chains":[`+
		web(`"server_names":["a.b.c"]`, "exact")+`,`+
		web(`"server_names":["*.b.c"],"source_prefix_ranges":[{"address_prefix":"10.0.0.0","prefix_len":8}]`, "wild")+`,`+
		web(`"server_names":["*.c"]`, "wilder")+`,`+
		web(`"prefix_ranges":[{"address_prefix":"10.0.0.0","prefix_len":8}]`, "net")+`,`+
		web(`"prefix_ranges":[{"address_prefix":"10.1.0.0","prefix_len":16}],"source_ports":[7]`, "subnet")+`,`+
		web(`"server_names":["d.c"],"direct_source_prefix_ranges":[{"address_prefix":"10.0.0.0","prefix_len":8}]`, "near")+`,`+
		web(`"server_names":["d.c"]`, "far")+`,`+
		web(`"source_type":"SAME_IP_OR_LOOPBACK"`, "local")+`],
		"default_filter_chain":`+web("", "default")+`}`), nil)
	for _, tc := range []struct{ name, server, local, remote, want string }{
		{"exact name", "a.b.c", "192.0.2.1", "10.0.0.1:9", "exact"},
		{"wildcard name", "x.b.c", "192.0.2.1", "10.0.0.1:9", "wild"},
		{"the most specific name is final", "x.b.c", "192.0.2.1", "172.16.0.1:9", "default"},
		{"shorter wildcard", "x.y.c", "192.0.2.1", "10.0.0.1:9", "wilder"},
		{"destination before name", "a.b.c", "10.0.0.5", "10.0.0.1:9", "net"},
		{"longest range", "a.b.c", "10.1.0.5", "10.0.0.1:7", "subnet"},
		{"which is final too", "a.b.c", "10.1.0.5", "10.0.0.1:8", "default"},
		{"direct source", "d.c", "192.0.2.1", "10.0.0.1:9", "near"},
		{"another direct source", "d.c", "192.0.2.1", "172.16.0.1:9", "far"},
		{"same address", "other", "192.0.2.1", "192.0.2.1:9", "local"},
		{"loopback", "other", "192.0.2.1", "127.0.0.1:9", "local"},
		{"elsewhere", "other", "192.0.2.1", "10.0.0.1:9", "default"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := get("h", "/")
			r.LocalPort, r.Destination = 443, netip.AddrPortFrom(netip.MustParseAddr(tc.local), 443)
			r.Remote, r.TLS = netip.MustParseAddrPort(tc.remote), &model.TLS{ServerName: tc.server}
			if got := p.Route(r, nil); result(got) != tc.want {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

func TestRoutesByRDS(t *testing.T) {
	ls := listeners(t, `{"name":"l","address":`+at("0.0.0.0", "80")+`,"filter_chains":[{"filters":[{"name":"hcm","typed_config":{
		"@type":"type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
		"rds":{"route_config_name":"80"},"normalize_path":true}}]}]}`)
	rc := parse[*routev3.RouteConfiguration](t, `{"name":"80","virtual_hosts":[{"name":"v","domains":["*"],"routes":[
		{"match":{"prefix":"/b"},"route":{"cluster":"b"}}]}]}`)
	r := get("h", "/a/../b")
	r.LocalPort = 80
	if got := New(ls, []*routev3.RouteConfiguration{rc}).Route(r, nil); result(got) != "b" {
		t.Errorf("got %v, want b, by the normalised path", got)
	}
	if got := New(ls, nil).Route(r, nil); got.Kind != model.Undecided {
		t.Errorf("without the route configuration: got %v, want undecided", got)
	}
}

func TestUnknownNetworkFilter(t *testing.T) {
	p := New(listeners(t, `{"name":"l","address":`+at("0.0.0.0", "80")+`,
		"filter_chains":[{"filters":[{"name":"redis"}]}]}`), nil)
	r := get("h", "/")
	r.LocalPort = 80
	if got := p.Route(r, nil); got.Kind != model.Undecided {
		t.Errorf("got %v, want undecided", got)
	}
}
