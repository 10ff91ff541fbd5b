package render_test

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/amesh-render/amesh-render/intercept"
	"github.com/amesh-render/amesh-render/render"
	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// What the captures of Istio come to: outbound HTTP, outbound TCP, inbound HTTP, inbound TCP.
func TestProtocols(t *testing.T) {
	for name, want := range map[string][4]string{
		"bookinfo":         {"9080", "*", "9080", "*"},
		"tcp":              {"10.96.24.37:7777,9080", "*", "9080", "*"},
		"service-entry":    {"80,8080,8443,9080", "*", "9080", "*"},
		"multi-port":       {"80,8080,9080,9090", "*", "9080", "*"},
		"headless":         {"80,8080,9080", "*", "9080", "*"},
		"mtls-strict":      {"9080", "*", "9080", "*"},
		"gateway-ingress":  {"", "", "", ""},
		"scope-dual-stack": {"80,8000", "*", "8080,9090", "*"},
	} {
		t.Run(name, func(t *testing.T) {
			paths, _ := filepath.Glob(filepath.Join("testdata", name, "in.*"))
			text, err := os.ReadFile(paths[0])
			if err != nil {
				t.Fatal(err)
			}
			if got := lists(protocols(t, string(text))); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

func protocols(t *testing.T, dump string) intercept.Table {
	t.Helper()
	snap, err := snapshot.Decode(snapshot.Source{Name: "dump", Reader: strings.NewReader(dump)})
	if err != nil {
		t.Fatal(err)
	}
	table := render.Protocols(snap)
	for _, p := range []intercept.Ports{table.Outbound, table.Inbound} {
		if err := p.Check(); err != nil {
			t.Error(err)
		}
	}
	return table
}

func lists(t intercept.Table) [4]string {
	return [4]string{t.Outbound.HTTP.String(), t.Outbound.TCP.String(), t.Inbound.HTTP.String(), t.Inbound.TCP.String()}
}

const (
	tcpChain  = `filters: [{name: tcp, typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy, stat_prefix: x, cluster: x}}]`
	httpChain = `filters: [{name: http, typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager, stat_prefix: x}}]`
	plainHTTP = `filter_chain_match: {transport_protocol: raw_buffer, application_protocols: [http/1.1, h2c]}, ` + httpChain
	sniffed   = `filter_chains: [{` + plainHTTP + `}], default_filter_chain: {` + tcpChain + `}`
	onlyTCP   = `filter_chains: [{` + tcpChain + `}]`
)

func listenerText(name, address string, port int, rest string) string {
	return fmt.Sprintf("---\n{\"@type\": type.googleapis.com/envoy.config.listener.v3.Listener, name: %q, traffic_direction: OUTBOUND, "+
		"address: {socket_address: {address: %q, port_value: %d}}, bind_to_port: false, %s}\n", name, address, port, rest)
}

func TestProtocolsByAddress(t *testing.T) {
	dump := listenerText("a", "0.0.0.0", 80, `additional_addresses: [{address: {socket_address: {address: "::", port_value: 80}}}], `+sniffed) +
		listenerText("b", "10.0.0.1", 80, onlyTCP) +
		listenerText("c", "10.0.0.2", 80, sniffed) + // nothing new
		listenerText("d", "10.0.0.3", 3306, `additional_addresses: [{address: {socket_address: {address: "fd00::3", port_value: 3306}}}], `+sniffed) +
		listenerText("e", "fd00::4", 80, onlyTCP) +
		listenerText("f", "0.0.0.0", 53, onlyTCP) +
		listenerText("g", "10.0.0.5", 53, sniffed) +
		listenerText("h", "0.0.0.0", 9999, `filter_chains: [{filter_chain_match: {transport_protocol: tls}, `+httpChain+`}], default_filter_chain: {`+tcpChain+`}`)
	outbound := protocols(t, dump).Outbound
	if got, want := outbound.HTTP.String(), "[fd00::3]:3306,10.0.0.3:3306,10.0.0.5:53,80"; got != want {
		t.Errorf("HTTP: %s, want %s", got, want)
	}
	if got, want := outbound.TCP.String(), "[fd00::4]:80,10.0.0.1:80,*"; got != want {
		t.Errorf("TCP: %s, want %s", got, want)
	}
	for dst, want := range map[string]intercept.Protocol{
		"10.0.0.1:80": intercept.TCP, "10.0.0.9:80": intercept.HTTP, "[fd00::4]:80": intercept.TCP, "[fd00::5]:80": intercept.HTTP,
		"[fd00::3]:3306": intercept.HTTP, "10.0.0.4:3306": intercept.TCP,
	} {
		if got := outbound.Protocol(netip.MustParseAddrPort(dst)); got != want {
			t.Errorf("%s is %v, want %v", dst, got, want)
		}
	}
}

func TestProtocolsOfCatchAll(t *testing.T) {
	all := func(chains string) [4]string {
		return lists(protocols(t, listenerText("all", "0.0.0.0", 15001, "use_original_dst: true, filter_chains: ["+chains+"]")))
	}
	if got := all(`{` + httpChain + `}`); got != [4]string{"*"} {
		t.Errorf("a listener of HTTP alone: %q", got)
	}
	if got := all(`{` + plainHTTP + `}, {` + tcpChain + `}`); got != [4]string{"", "*"} {
		t.Errorf("a listener of both: %q", got)
	}
	if got := all(`{filter_chain_match: {destination_port: 80}, ` + httpChain + `}, {filter_chain_match: {destination_port: 15001}, ` + httpChain + `}, {` + tcpChain + `}`); got != [4]string{"80", "*"} {
		t.Errorf("ports: %q", got)
	}
}
