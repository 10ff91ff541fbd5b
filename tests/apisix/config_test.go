package apisix_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/amesh-render/amesh-render/model"
)

// configured is an APISIX with one route for all requests and one stream route.
type configured struct {
	*instance
	outbound, inbound int
	upstream          string // the address of the upstream
	stream            *copier
}

func configure(t *testing.T, arguments ...string) configured {
	t.Helper()
	c := configured{outbound: freePort(t), inbound: freePort(t), stream: &copier{stream: freePort(t)}}
	ports := []string{"--outbound-port", fmt.Sprint(c.outbound), "--inbound-port", fmt.Sprint(c.inbound)}
	c.instance = start(t, []int{c.outbound, c.inbound}, c.stream.stream, append(ports, arguments...)...)
	c.await(t, "APISIX is ready with the first, empty file", func() bool {
		response, err := http.Get(c.status + "/status/ready")
		if err != nil {
			return false
		}
		response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
	c.stream.upstreams = newUpstreams(t)
	c.upstream = c.stream.node("upstream")
	log := c.load(t, fmt.Appendf(nil, `routes:
- {id: forged, uri: /forged, vars: [["remote_addr", "==", "9.9.9.9"]], upstream_id: u}
- {id: in, uri: /in, upstream_id: app}
- {id: named, uri: /underscores, vars: [["http_x_a", "==", "1"]], upstream_id: u}
- {id: large, uri: /large, upstream_id: u}
upstreams:
- {id: u, type: roundrobin, nodes: [{host: %[1]s, port: %[2]d, weight: 1}]}
- {id: app, type: roundrobin, nodes: [{host: %[4]s, port: %[2]d, weight: 1}]}
stream_routes:
- {id: tcp, server_addr: %[3]s, upstream: {type: roundrobin, nodes: [{host: %[1]s, port: %[2]d, weight: 1}]}}
#END
`, c.upstream, c.stream.port, c.stream.node("dialled"), c.stream.node("application")), []string{"forged", "in", "named", "large"}, []string{"u", "app"})
	checkLog(t, log)
	return c
}

func (c configured) get(t *testing.T, port int, target string, headers ...model.Header) answer {
	t.Helper()
	a, err := send(&model.Request{Target: target, Authority: "a.example", LocalPort: uint16(port), Headers: headers})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestConfig holds a real APISIX to what config.yaml promises.
func TestConfig(t *testing.T) {
	for name, arguments := range map[string][]string{
		"sidecar":       nil,
		"rendered only": {"--plugins", "rendered", "--lua=off"},
		"with TLS":      {"--set", "apisix.ssl.enable=true", "--set", fmt.Sprintf("apisix.ssl.listen=[{port: %d}]", freePort(t))},
		"gateway":       {"--role", "gateway", "--tcp-listen", "3306", "--upstream-tls", "verified"},
	} {
		t.Run(name, func(t *testing.T) {
			c := configure(t, arguments...)
			checkLog(t, c.log(t, 0))
			c.checkHeaders(t, name == "gateway")
			c.checkPeer(t, name == "gateway")
			if got, err := dialStream(c.stream.node("dialled"), c.stream.stream); got != c.upstream {
				t.Errorf("the stream route comes to %q (%v)", got, err)
			}
		})
	}
}

func (c configured) checkHeaders(t *testing.T, gateway bool) {
	if a := c.get(t, c.outbound, "/forged", model.Header{Name: "x-real-ip", Value: "9.9.9.9"}); a.status != 404 {
		t.Errorf("a client can say that it is another: %v", a)
	}
	if a := c.get(t, c.outbound, "/underscores", model.Header{Name: "x_a", Value: "1"}); a.node == "" {
		t.Errorf("a header with an underscore is dropped: %v", a)
	}
	large := model.Header{Name: "x-large", Value: strings.Repeat("x", 50_000)}
	if a := c.get(t, c.outbound, "/large", large); a.node == "" || len(a.header.Get("X-Got-X-Large")) != 50_000 {
		t.Errorf("50 kB of headers do not pass in both directions: %v", a)
	}
	want := "https"
	if gateway {
		want = "http"
	}
	a := c.get(t, c.outbound, "/large", model.Header{Name: "x-forwarded-proto", Value: "https"})
	if got := a.header.Get("X-Got-X-Forwarded-Proto"); got != want {
		t.Errorf("the upstream gets X-Forwarded-Proto %q, want %q", got, want)
	}
	if got := a.header.Get("Server"); strings.Contains(got, "/") {
		t.Errorf("the version is told: %q", got)
	}
}

// checkPeer: the application is called from the address that the interception rules let pass, others are not.
func (c configured) checkPeer(t *testing.T, gateway bool) {
	want := "127.0.0.6"
	if gateway {
		want = "127.0.0.1"
	}
	if a := c.get(t, c.inbound, "/in"); a.peer != want {
		t.Errorf("an inbound request comes from %q, want %q", a.peer, want)
	}
	if a := c.get(t, c.outbound, "/large"); a.peer != "127.0.0.1" {
		t.Errorf("an outbound request comes from %q", a.peer)
	}
}
