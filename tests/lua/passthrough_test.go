package lua

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
)

// The variable is what the client connected to, by whatever protocol, family and listener.
func TestDestination(t *testing.T) {
	w := newWorld(t)
	s := start(t, configuration{}, w.pod)
	plain := w.http(t, nil)
	var http2 http.Protocols
	http2.SetUnencryptedHTTP2(true)
	streams := w.http(t, &http2)
	for name, c := range map[string]struct {
		client *http.Client
		to     string
	}{
		"IPv4":                        {plain, "10.96.0.10:9080"},
		"another address":             {plain, "10.96.0.11:9080"},
		"another port":                {plain, "10.96.0.10:65535"},
		"an address that is nobody's": {plain, "203.0.113.7:80"},
		"IPv6":                        {plain, "[fd96::10]:9080"},
		"IPv6, nobody's":              {plain, "[2001:db8::7]:81"},
		"one socket, IPv4":            {plain, "10.96.0.13:80"},
		"one socket, IPv6":            {plain, "[fd96::13]:80"},
		"HTTP/2":                      {streams, "10.96.0.12:9080"},
		"not redirected":              {plain, "10.99.0.2:18080"},
	} {
		t.Run(name, func(t *testing.T) {
			// More than once: by one connection, or by streams of one.
			for range 3 {
				if got := ask(t, c.client, "http://"+c.to+"/test/destination"); got.body != c.to+"\n" {
					t.Fatalf("got %q, want %q", got.body, c.to)
				}
			}
		})
	}
	if got := s.ask(t, "test", "/test/destination"); got.body != "nil\n" {
		t.Errorf("by a Unix socket: got %q, want nil", got.body)
	}
}

// Where nginx's structs are not what they are taken for, destinations are unknown, and the log says so once.
func TestDestinationOfAnotherLayout(t *testing.T) {
	w := newWorld(t)
	start(t, configuration{}, w.pod)
	if got := ask(t, w.http(t, nil), "http://10.96.0.10/test/layout"); got.body != "nil nil 1\n" {
		t.Errorf("got %q", got.body)
	}
}

// serve answers requests in the pod.
func (w world) serve(t *testing.T, address string, handler http.Handler) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Listener.Close()
	server.Listener = w.listen(t, address)
	t.Cleanup(server.Close)
	return server
}

// named serves what says who it is and what Host it was sent.
func (w world) named(t *testing.T, address string) {
	t.Helper()
	w.serve(t, address, who(address)).Start()
}

func who(name string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprintf(w, "%s %s", name, r.Host) })
}

var passing = configuration{Routes: map[string]route{
	"a.test":     {Plugins: object{"amesh-passthrough": object{}}},
	"tls.test":   {Plugins: object{"amesh-passthrough": object{"scheme": "https"}}},
	"other.test": {Plugins: object{"amesh-passthrough": object{"refuse_ports": []int{9090}}}},
	"guarded":    {Plugins: object{"amesh-passthrough": object{}, "guard": object{}}},
}}

// Requests go where their connections were going, though all have one Host and nginx keeps connections to upstreams.
func TestPassthrough(t *testing.T) {
	w := newWorld(t)
	start(t, passing, w.pod)
	client := w.http(t, nil)
	destinations := []string{"10.96.0.10:80", "10.96.0.10:8080", "10.96.0.11:80", "10.96.0.13:80", "[fd96::10]:80", "[fd96::13]:8080"}
	for _, address := range destinations {
		w.named(t, address)
	}
	for round := range 5 {
		for _, address := range destinations {
			got := ask(t, client, "http://"+address+"/", "Host", "a.test")
			if want := address + " a.test"; got.status != 200 || got.body != want {
				t.Fatalf("round %d, %s: got %d %q", round, address, got.status, got.body)
			}
		}
	}
}

func TestPassthroughTLS(t *testing.T) {
	w := newWorld(t)
	start(t, passing, w.pod)
	w.serve(t, "10.96.0.10:443", who("tls")).StartTLS()
	if got := ask(t, w.http(t, nil), "http://10.96.0.10:443/", "Host", "tls.test"); got.status != 200 || got.body != "tls tls.test" {
		t.Errorf("got %d %q", got.status, got.body)
	}
}

// Nothing goes on to the pod's own listeners, and nobody is told more than a status.
func TestPassthroughRefuses(t *testing.T) {
	w := newWorld(t)
	s := start(t, passing, w.pod)
	w.named(t, "10.96.0.11:9090")
	w.named(t, "10.96.0.11:15002")
	client := w.http(t, nil)
	for name, c := range map[string]struct {
		to, host string
		status   int
		body     string
	}{
		"the listener's port":         {"10.99.0.2:15001", "a.test", 502, ""},
		"at any address":              {"10.96.0.10:15001", "a.test", 502, ""},
		"at an address of IPv6":       {"[fd99::2]:15001", "a.test", 502, ""},
		"another listener's port":     {"10.96.0.11:15002", "a.test", 502, ""},
		"a port of the conf's":        {"10.96.0.11:9090", "other.test", 502, ""},
		"that port by another conf":   {"10.96.0.11:9090", "a.test", 200, "10.96.0.11:9090 a.test"},
		"a port that the conf allows": {"10.96.0.11:15002", "other.test", 200, "10.96.0.11:15002 other.test"},
		"not redirected":              {"10.99.0.2:18080", "a.test", 502, ""},
		"what a guard refuses":        {"10.99.0.2:18080", "guarded", 403, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := ask(t, client, "http://"+c.to+"/", "Host", c.host)
			if got.status != c.status || got.body != c.body {
				t.Errorf("got %d %q, want %d %q", got.status, got.body, c.status, c.body)
			}
		})
	}
	if got := s.ask(t, "a.test", "/"); got.status != 502 || got.body != "" {
		t.Errorf("of no known destination: got %d %q", got.status, got.body)
	}
}
