package lua

import (
	"fmt"
	"net/http"
	"strconv"
	"testing"
)

func httpRoute(host string, plugins object, more ...object) object {
	r := object{"id": host, "uri": "/*", "hosts": []string{host}, "plugins": plugins}
	for _, fields := range more {
		for name, value := range fields {
			r[name] = value
		}
	}
	return r
}

// Routes of a real APISIX match by the original destination, of both families, of HTTP/1.1 and HTTP/2.
func TestAPISIXDestination(t *testing.T) {
	w := newWorld(t)
	var conf mesh
	destinations := []string{"10.96.0.10:80", "10.96.0.11:80", "10.96.0.10:81", "[fd96::10]:80", "[fd96::11]:8080"}
	for i, destination := range destinations {
		id := string(rune('a' + i))
		conf.Routes = append(conf.Routes, object{
			"id": id, "uri": "/*", "vars": []any{[]string{"amesh_original_dst", "==", destination}},
			"plugins": object{"fault-injection": object{"abort": object{"http_status": 200, "body": destination}}},
		})
	}
	startAPISIX(t, w, conf)
	var http2 http.Protocols
	http2.SetUnencryptedHTTP2(true)
	for _, client := range []*http.Client{w.http(t, nil), w.http(t, &http2)} {
		for range 3 {
			for _, destination := range destinations {
				wantBody(t, client, "http://"+destination+"/", "any", 200, destination)
			}
		}
		if got := ask(t, client, "http://10.96.0.11:8080/"); got.status != 404 {
			t.Errorf("a destination of no route: got %d", got.status)
		}
	}
}

func TestAPISIXPassthrough(t *testing.T) {
	w := newWorld(t)
	destinations := []string{"10.96.0.10:80", "10.96.0.10:8080", "10.96.0.11:80", "[fd96::10]:80"}
	for _, address := range destinations {
		w.named(t, address)
	}
	startAPISIX(t, w, mesh{Routes: []object{
		httpRoute("a.test", object{"amesh-passthrough": object{"timeout": object{"connect": 1, "read": 5}}}),
		httpRoute("guarded.test", object{"amesh-passthrough": object{}, "workflow": object{"rules": []object{
			{"actions": []any{[]any{"return", object{"code": 403}}}},
		}}}),
	}})
	client := w.http(t, nil)
	for range 5 {
		for _, address := range destinations {
			wantBody(t, client, "http://"+address+"/", "a.test", 200, address+" a.test")
		}
	}
	wantBody(t, client, "http://10.99.0.2:18080/", "a.test", 502, "")
	wantBody(t, client, "http://10.96.0.10:15006/", "a.test", 502, "")
	wantBody(t, client, "http://[fd99::2]:15001/", "a.test", 502, "")
	if got := ask(t, client, "http://10.99.0.2:18080/", "Host", "guarded.test"); got.status != 403 {
		t.Errorf("behind a guard: got %d", got.status)
	}
	if got := ask(t, client, "http://10.96.0.11:4444/", "Host", "a.test"); got.status != 502 {
		t.Errorf("where nobody listens: got %d", got.status)
	}
}

// apisixSplitting is splitting for the real plugins, with a choice's response rewritten by a condition.
func apisixSplitting() object {
	plugins := object{}
	for name, conf := range splitting {
		plugins[name] = conf
	}
	all := splitting["amesh-split"].(object)["choices"].([]object)
	plugins["amesh-split"] = object{"choices": append(all[:4:4], object{"weight": 1, "upstream_id": "4", "plugins": object{
		"response-rewrite": object{"body": "replaced", "vars": []any{[]any{"status", "==", 500}}},
	}})}
	return plugins
}

func TestAPISIXSplit(t *testing.T) {
	w := newWorld(t)
	conf := mesh{Routes: []object{httpRoute("a.test", apisixSplitting())}}
	for i := range 5 {
		w.serve(t, fmt.Sprintf("10.96.0.10:%d", 8000+i), telling(fmt.Sprint(i))).Start()
		conf.Upstreams = append(conf.Upstreams, node(fmt.Sprint(i), "10.96.0.10", 8000+i))
	}
	startAPISIX(t, w, conf)
	checkOperations(t, w.http(t, nil), "http://10.96.0.11")
}

// The draw is fair over all workers, though the file is loaded anew after every few requests, and new workers do not repeat
// one another.
func TestAPISIXSplitIsFair(t *testing.T) {
	w := newWorld(t)
	weights := []float64{95, 4, 1}
	conf := mesh{Routes: []object{httpRoute("a.test", object{"amesh-split": object{"choices": choices(weights...)}})}}
	for i := range weights {
		w.serve(t, fmt.Sprintf("10.96.0.10:%d", 8000+i), telling(fmt.Sprint(i))).Start()
		conf.Upstreams = append(conf.Upstreams, node(fmt.Sprint(i), "10.96.0.10", 8000+i))
	}
	a := startAPISIX(t, w, conf)
	counts := make([]int, len(weights))
	client := w.http(t, nil)
	for range 5 {
		a.reload(t, client, conf)
		for range 500 {
			got := ask(t, client, "http://10.96.0.11/", "Host", "a.test")
			i, err := strconv.Atoi(got.body)
			if err != nil || i >= len(counts) {
				t.Fatalf("got %d %q", got.status, got.body)
			}
			counts[i]++
		}
	}
	unlikely(t, counts, weights)
}

func TestAPISIXHeaders(t *testing.T) {
	w := newWorld(t)
	clusters := object{"outbound|80||a.b": "a", "outbound|80||c.d": "c"}
	byHeader := object{"header": "X-Cluster", "clusters": clusters}
	byNode := node("node", "10.96.0.10", 8001)
	byNode["pass_host"] = "node"
	// Nobody listens at one of its two nodes: half of the requests are sent twice.
	retried := object{"id": "retried", "type": "roundrobin", "pass_host": "node", "retries": 1, "nodes": []object{
		{"host": "10.96.0.10", "port": 8000, "weight": 1}, {"host": "10.96.0.10", "port": 8009, "weight": 1},
	}}
	for i, name := range []string{"a", "c"} {
		w.serve(t, fmt.Sprintf("10.96.0.10:%d", 8000+i), telling(name)).Start()
	}
	startAPISIX(t, w, mesh{
		Routes: []object{
			httpRoute("a.test", object{"amesh-cluster-header": byHeader}),
			httpRoute("removed.test", object{"amesh-cluster-header": byHeader,
				"proxy-rewrite": object{"headers": object{"remove": []string{"X-Cluster"}}}}),
			httpRoute("guarded.test", object{"amesh-cluster-header": byHeader,
				"workflow": object{"rules": []object{{"actions": []any{[]any{"return", object{"code": 403}}}}}}}),
			httpRoute("host.test", object{"amesh-host": object{"header": "X-Host"}}, object{"upstream_id": "a"}),
			httpRoute("node.test", object{"amesh-host": object{"header": "X-Host"}}, object{"upstream_id": "node"}),
			httpRoute("retried.test", object{
				"amesh-host":  object{"header": "X-Host"},
				"amesh-split": object{"choices": []object{{"weight": 1, "upstream_id": "retried"}}},
			}),
		},
		Upstreams: []object{node("a", "10.96.0.10", 8000), node("c", "10.96.0.10", 8001), byNode, retried},
	})
	client := w.http(t, nil)
	for _, c := range []struct {
		host   string
		header []string
		status int
		body   string
		sent   string
	}{
		{"a.test", []string{"X-Cluster", "outbound|80||a.b"}, 200, "a", "a.test"},
		{"a.test", []string{"X-Cluster", "outbound|80||c.d"}, 200, "c", "a.test"},
		{"a.test", []string{"X-Cluster", "x"}, 503, "", ""},
		{"a.test", nil, 503, "", ""},
		{"removed.test", []string{"X-Cluster", "outbound|80||c.d"}, 200, "c", "removed.test"},
		{"guarded.test", nil, 403, `{"error_msg":"rejected by workflow"}` + "\n", ""},
		{"host.test", []string{"X-Host", "b.test:81"}, 200, "a", "b.test:81"},
		{"host.test", nil, 200, "a", "host.test"},
		{"node.test", []string{"X-Host", "b.test"}, 200, "c", "b.test"},
		{"node.test", nil, 200, "c", "10.96.0.10:8001"},
		{"retried.test", []string{"X-Host", "b.test"}, 200, "a", "b.test"},
		{"retried.test", []string{"X-Host", "c.test"}, 200, "a", "c.test"},
		{"retried.test", []string{"X-Host", "d.test"}, 200, "a", "d.test"},
	} {
		got := ask(t, client, "http://10.96.0.11/", append([]string{"Host", c.host}, c.header...)...)
		if got.status != c.status || got.body != c.body || got.header.Get("X-Host") != c.sent {
			t.Errorf("%s %v: got %d %q, Host %q; want %d %q, %q",
				c.host, c.header, got.status, got.body, got.header.Get("X-Host"), c.status, c.body, c.sent)
		}
	}
}
