package apisix_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"
)

// streams are the parts of a file that are about TCP. They are read as they stand, so that nothing of ours can be wrong alike.
type streams struct {
	Routes []struct {
		ID       string
		Addr     string         `yaml:"server_addr"`
		Upstream string         `yaml:"upstream_id"`
		Plugins  map[string]any `yaml:"plugins"`
	} `yaml:"stream_routes"`
	Upstreams []struct {
		ID    string
		Nodes any
	}
}

// checkStreams dials each stream route of a copy, in each way that it knows, and expects an answer of one of the nodes of the
// upstreams that it names, or none where it names none. It returns how many connections that took.
func checkStreams(t *testing.T, text []byte, c *copier) (dialled int) {
	var s streams
	if err := yaml.Unmarshal(text, &s); err != nil {
		t.Fatal(err)
	}
	for _, r := range s.Routes {
		try := func(target any, dial func(address string, port int) (string, error)) {
			dialled++
			want := s.nodes(target)
			got, err := dial(r.Addr, c.stream)
			if len(want) == 0 && got != "" || len(want) > 0 && !slices.Contains(want, got) {
				t.Errorf("stream route %s, to %v: came to %q (%v), want one of %v", r.ID, target, got, err, want)
			}
		}
		sni, ok := r.Plugins["amesh-sni"].(map[string]any)
		if !ok {
			try(map[string]any{"upstream_id": r.Upstream, "plugins": r.Plugins}, dialStream)
			continue
		}
		try(sni["plain"], dialPlain)
		try(sni["tls"], dialTLS("nobody.invalid"))
		list, _ := sni["servers"].([]any)
		for _, server := range list {
			server := server.(map[string]any)
			for _, name := range server["names"].([]any) {
				try(server["to"], dialTLS(strings.Replace(name.(string), "*", "any", 1)))
			}
		}
	}
	return dialled
}

// nodes are those of all upstreams that are named anywhere in a value.
func (s streams) nodes(value any) (hosts []string) {
	switch v := value.(type) {
	case map[string]any:
		for key, inner := range v {
			if id, ok := inner.(string); ok && key == "upstream_id" {
				hosts = append(hosts, s.nodesOf(id)...)
			}
			hosts = append(hosts, s.nodes(inner)...)
		}
	case []any:
		for _, inner := range v {
			hosts = append(hosts, s.nodes(inner)...)
		}
	}
	return hosts
}

func (s streams) nodesOf(upstream string) (hosts []string) {
	for _, u := range s.Upstreams {
		list, _ := u.Nodes.([]any)
		for _, n := range list {
			entry, _ := n.(map[string]any)
			if host, ok := entry["host"].(string); ok && u.ID == upstream {
				hosts = append(hosts, host)
			}
		}
	}
	return hosts
}

// dialStream is the node to which a connection comes whose client says nothing first, as with protocols in which the server
// does; "" if it comes to none.
func dialStream(address string, port int) (string, error) { return dialSaying(address, port, "") }

// dialPlain is likewise for a client that says something that is not TLS.
func dialPlain(address string, port int) (string, error) {
	return dialSaying(address, port, "\x00\x01\x02\x03\n")
}

func dialSaying(address string, port int, text string) (string, error) {
	c, err := dial(address, port)
	if err != nil {
		return "", err
	}
	defer c.Close()
	if _, err := io.WriteString(c, text); err != nil {
		return "", err
	}
	line, err := bufio.NewReader(c).ReadString('\n')
	return strings.TrimPrefix(strings.TrimSpace(line), "node "), err
}

// dialTLS is likewise for a client that opens a TLS connection to a server of that name.
func dialTLS(name string) func(address string, port int) (string, error) {
	return func(address string, port int) (string, error) {
		plain, err := dial(address, port)
		if err != nil {
			return "", err
		}
		defer plain.Close()
		c := tls.Client(plain, &tls.Config{ServerName: name, InsecureSkipVerify: true})
		if _, err := fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", name); err != nil {
			return "", err
		}
		response, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			return "", err
		}
		response.Body.Close()
		return response.Header.Get(nodeHeader), nil
	}
}

func dial(address string, port int) (net.Conn, error) {
	c, err := net.DialTimeout("tcp", fmt.Sprintf("%s:%d", address, port), patience)
	if err == nil {
		c.SetDeadline(time.Now().Add(patience))
	}
	return c, err
}
