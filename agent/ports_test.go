package agent

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/amesh-render/amesh-render/intercept"
	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// listening is a snapshot of outbound listeners that speak HTTP on ports.
func listening(t *testing.T, ports ...int) *snapshot.Snapshot {
	t.Helper()
	if len(ports) == 0 {
		return new(snapshot.Builder).Snapshot()
	}
	var b strings.Builder
	for _, port := range ports {
		fmt.Fprintf(&b, `{"@type": "type.googleapis.com/envoy.config.listener.v3.Listener", "name": "%d", "traffic_direction": "OUTBOUND", "bind_to_port": false,
			"address": {"socket_address": {"address": "0.0.0.0", "port_value": %[1]d}}, "filter_chains": [{"filters": [{"name": "http", "typed_config": {
			"@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"}}]}]}`, port)
	}
	s, err := snapshot.Decode(snapshot.Source{Name: "mesh", Reader: strings.NewReader(b.String())})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestChangedPortsAreLogged(t *testing.T) {
	var log bytes.Buffer
	a := &Agent{Log: slog.New(slog.NewTextHandler(&log, nil))}
	for _, step := range []struct {
		ports []int
		want  string
	}{
		{[]int{80}, ""},
		{[]int{80, 8000}, `ports="outbound 8000: HTTP, not TCP"`},
		{[]int{80, 8000}, ""}, // told already
		{nil, ""},             // the control plane is empty: that is another message
		{[]int{80}, ""},
		{[]int{8000}, `ports="outbound 80: TCP, not HTTP; outbound 8000: HTTP, not TCP"`},
	} {
		log.Reset()
		a.comparePorts(listening(t, step.ports...))
		if got := log.String(); !strings.Contains(got, step.want) || step.want == "" && got != "" {
			t.Errorf("with %v: the log says %q, want %q", step.ports, got, step.want)
		}
	}
	a.Options.Ports = &intercept.Table{}
	log.Reset()
	if a.comparePorts(listening(t, 443)); log.Len() > 0 {
		t.Errorf("with lists: the log says %q", log.String())
	}
}
