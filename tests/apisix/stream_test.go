package apisix_test

import (
	"bufio"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"
)

// checkStreams dials each stream route of a copy, and expects an answer of one of its upstream's nodes. The client says nothing
// first, as with protocols in which the server does.
func checkStreams(t *testing.T, text []byte, c *copier) {
	var doc struct {
		Streams []struct {
			ID       string
			Addr     string `yaml:"server_addr"`
			Upstream string `yaml:"upstream_id"`
			SNI      string
		} `yaml:"stream_routes"`
		Upstreams []struct {
			ID    string
			Nodes any
		}
	}
	if err := yaml.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	for _, r := range doc.Streams {
		if r.Upstream == "" || r.SNI != "" {
			continue
		}
		var nodes []string
		for _, u := range doc.Upstreams {
			if u.ID == r.Upstream {
				nodes = append(nodes, hostsOf(u.Nodes)...)
			}
		}
		got, err := dialStream(r.Addr, c.stream)
		if len(nodes) == 0 && err == nil || len(nodes) > 0 && !slices.Contains(nodes, got) {
			t.Errorf("stream route %s: came to %q (%v), want one of %v", r.ID, got, err, nodes)
		}
	}
}

// dialStream is the node to which a connection comes.
func dialStream(address string, port int) (string, error) {
	c, err := net.DialTimeout("tcp", fmt.Sprintf("%s:%d", address, port), patience)
	if err != nil {
		return "", err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(patience))
	line, err := bufio.NewReader(c).ReadString('\n')
	return strings.TrimPrefix(strings.TrimSpace(line), "node "), err
}

// hostsOf are the hosts of an upstream's nodes, in the form that is rendered.
func hostsOf(nodes any) (hosts []string) {
	list, _ := nodes.([]any)
	for _, n := range list {
		entry, _ := n.(map[string]any)
		host, _ := entry["host"].(string)
		hosts = append(hosts, host)
	}
	return hosts
}
