package apisix_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"testing"

	"gopkg.in/yaml.v3"
)

var (
	node       = regexp.MustCompile(`\{host: "([^"]*)", port: (\d+)`)
	mapped     = regexp.MustCompile(`(?m)^(\s+")([a-zA-Z0-9.-]+:\d+)(": \d+)$`)
	called     = regexp.MustCompile(`(?m)^(\s+"?(?:host|uri|endpoint)"?: "(?:http|https|grpc|grpcs))://([a-zA-Z0-9.-]+(?::\d+)?)`)
	serverPort = regexp.MustCompile(`\["server_port", "==", "(\d+)"\]`)
)

// A copier makes the copies of files that can be served on this machine.
type copier struct {
	*upstreams
	ports  map[string]int // of APISIX, for each port in a condition
	stream int            // APISIX's port for stream routes
}

// copy is a golden file with addresses of this machine in place of those of a cluster.
func (c *copier) copy(t *testing.T, text []byte) []byte {
	t.Helper()
	out := node.ReplaceAllFunc(text, func(found []byte) []byte {
		m := node.FindSubmatch(found)
		return fmt.Appendf(nil, `{host: "%s", port: %d`, c.node(string(m[1])+":"+string(m[2])), c.port)
	})
	out = mapped.ReplaceAllFunc(out, func(found []byte) []byte {
		m := mapped.FindSubmatch(found)
		return fmt.Appendf(nil, "%s%s:%d%s", m[1], c.node(string(m[2])), c.port, m[3])
	})
	out = called.ReplaceAllFunc(out, func(found []byte) []byte {
		m := called.FindSubmatch(found)
		return fmt.Appendf(nil, `%s://%s:%d`, m[1], c.node(string(m[2])), c.port)
	})
	out = serverPort.ReplaceAllFunc(out, func(found []byte) []byte {
		port, ok := c.ports[string(serverPort.FindSubmatch(found)[1])]
		if !ok {
			t.Fatalf("no port for %s", found)
		}
		return fmt.Appendf(nil, `["server_port", "==", "%d"]`, port)
	})
	out = regexp.MustCompile(`"(?:connection_original_dst|amesh_original_dst)"`).ReplaceAll(out, []byte(`"http_x_original_dst"`))
	return c.copyStreams(t, out)
}

// copyStreams gives each stream route an address of its own in place of the original destination.
func (c *copier) copyStreams(t *testing.T, text []byte) []byte {
	var doc map[string]any
	if err := yaml.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	routes, _ := doc["stream_routes"].([]any)
	if len(routes) == 0 {
		return text
	}
	for _, r := range routes {
		route := r.(map[string]any)
		route["server_addr"] = c.streamAddress(route)
		route["server_port"] = c.stream
	}
	out, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return append(out, "\n#END\n"...)
}

// streamAddress is what a client dials for a stream route.
func (c *copier) streamAddress(route map[string]any) string {
	return c.node(fmt.Sprintf("stream %v %v", route["server_addr"], route["server_port"]))
}

// portsOf are the ports of conditions in texts.
func portsOf(texts map[string][]byte) map[string]bool {
	ports := map[string]bool{}
	for _, text := range texts {
		for _, m := range serverPort.FindAllSubmatch(text, -1) {
			ports[string(m[1])] = true
		}
	}
	return ports
}
