package lua

import (
	"net"
	"net/http"
	"strconv"
	"testing"
)

// upstream is an upstream of one node.
func upstream(t *testing.T, address string) object {
	t.Helper()
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	return object{"type": "roundrobin", "scheme": "http", "nodes": []object{{"host": host, "port": number, "weight": 1}}}
}

func TestClusterHeader(t *testing.T) {
	by := object{"header": "X-Cluster", "clusters": object{"outbound|80||a.b": "a", "outbound|80||c.d": "c"}}
	without := object{"header": "x-cluster", "clusters": object{"outbound|80||a.b": "a"}, "missing": 404}
	s := start(t, configuration{
		Routes: map[string]route{
			"a.test":       {Plugins: object{"amesh-cluster-header": by}},
			"missing.test": {Plugins: object{"amesh-cluster-header": without}},
			"guarded.test": {Plugins: object{"amesh-cluster-header": by, "guard": object{}}},
			"removed.test": {Plugins: object{
				"amesh-cluster-header": by,
				"proxy-rewrite":        object{"headers": object{"remove": []string{"X-Cluster"}}},
			}},
			"host.test": {Plugins: object{
				"amesh-cluster-header": object{"header": ":authority", "clusters": object{"host.test": "c"}},
			}},
		},
		Upstreams: map[string]object{"a": backend(t, "a"), "c": backend(t, "c")},
	}, "")
	for name, c := range map[string]struct {
		host   string
		header []string
		status int
		body   string
	}{
		"one":                        {"a.test", []string{"x-cluster", "outbound|80||a.b"}, 200, "a"},
		"another":                    {"a.test", []string{"x-cluster", "outbound|80||c.d"}, 200, "c"},
		"the first of two":           {"a.test", []string{"x-cluster", "outbound|80||c.d", "x-cluster", "outbound|80||a.b"}, 200, "c"},
		"unknown":                    {"a.test", []string{"x-cluster", "outbound|81||a.b"}, 503, ""},
		"absent":                     {"a.test", nil, 503, ""},
		"empty":                      {"a.test", []string{"x-cluster", ""}, 503, ""},
		"absent, other status":       {"missing.test", nil, 404, ""},
		"absent, behind a guard":     {"guarded.test", nil, 403, ""},
		"one, behind a guard":        {"guarded.test", []string{"x-cluster", "outbound|80||a.b"}, 403, ""},
		"removed by the route after": {"removed.test", []string{"x-cluster", "outbound|80||a.b"}, 200, "a"},
		"authority":                  {"host.test", nil, 200, "c"},
	} {
		t.Run(name, func(t *testing.T) {
			got := s.ask(t, c.host, "/", c.header...)
			if got.status != c.status || got.body != c.body {
				t.Errorf("got %d %q, want %d %q", got.status, got.body, c.status, c.body)
			}
		})
	}
}

func TestHost(t *testing.T) {
	node := backend(t, "node")
	node["pass_host"] = "node"
	s := start(t, configuration{
		Routes: map[string]route{
			"a.test":    {Plugins: object{"amesh-host": object{"header": "X-Host"}}, Upstream: "pass"},
			"node.test": {Plugins: object{"amesh-host": object{"header": "X-Host"}}, Upstream: "node"},
			"set.test": {Plugins: object{
				"amesh-host":    object{"header": "X-Host"},
				"proxy-rewrite": object{"headers": object{"set": object{"X-Host": "set.by.route"}}},
			}, Upstream: "pass"},
		},
		Upstreams: map[string]object{"pass": backend(t, "pass"), "node": node},
	}, "")
	for name, c := range map[string]struct {
		host   string
		header []string
		want   string
	}{
		"there":                      {"a.test", []string{"X-Host", "b.test:8080"}, "b.test:8080"},
		"absent":                     {"a.test", nil, "a.test"},
		"empty":                      {"a.test", []string{"X-Host", ""}, "a.test"},
		"the first of two":           {"a.test", []string{"X-Host", "b.test", "X-Host", "c.test"}, "b.test"},
		"over the upstream's own":    {"node.test", []string{"X-Host", "b.test"}, "b.test"},
		"what the route has made it": {"set.test", []string{"X-Host", "b.test"}, "set.by.route"},
	} {
		t.Run(name, func(t *testing.T) {
			got := s.ask(t, c.host, "/", c.header...)
			if got.status != http.StatusOK || got.header.Get("X-Host") != c.want {
				t.Errorf("got %d, Host %q, want %q", got.status, got.header.Get("X-Host"), c.want)
			}
		})
	}
	if got := s.ask(t, "node.test", "/"); got.header.Get("X-Host") == "node.test" {
		t.Error("the upstream's pass_host has no effect, so nothing was tested by it")
	}
}
