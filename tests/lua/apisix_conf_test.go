package lua

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// badStreamConfs are what the plugins for stream cannot work with.
var badStreamConfs = []object{
	{"amesh-split": object{"choices": []object{}}},
	{"amesh-split": oneChoice(object{"weight": 0})},
	{"amesh-passthrough": object{"refuse_ports": []string{"a"}}},
	{"amesh-sni": object{"tls": object{}}},
	{"amesh-sni": object{"plain": object{"upstream_id": "a", "passthrough": object{}}}},
	{"amesh-sni": object{"tls": object{"choices": []object{}}}},
	{"amesh-sni": object{"tls": object{"passthrough": object{"refuse_ports": []int{70000}}}}},
	{"amesh-sni": object{"servers": []object{{"names": []string{}, "to": object{"upstream_id": "a"}}}}},
	{"amesh-sni": object{"servers": []object{{"names": []string{"a.b"}}}}},
}

// APISIX's own schema says the same, and keeps what is beside.
func TestAPISIXConfs(t *testing.T) {
	w := newWorld(t)
	conf := mesh{Routes: []object{httpRoute("good.test", object{"amesh-passthrough": object{}})}}
	for name, c := range badConfs {
		conf.Routes = append(conf.Routes, httpRoute(hostOf(name), object{c.plugin: c.conf}))
	}
	for i, plugins := range badStreamConfs {
		conf.StreamRoutes = append(conf.StreamRoutes, streamRoute(fmt.Sprint("bad", i), plugins, nil))
	}
	w.named(t, "10.96.0.10:80")
	a := startAPISIX(t, w, conf)
	a.badConfs = true
	client := w.http(t, nil)
	wantBody(t, client, "http://10.96.0.10/", "good.test", 200, "10.96.0.10:80 good.test")
	for name := range badConfs {
		if got := ask(t, client, "http://10.96.0.10/", "Host", hostOf(name)); got.status != 404 {
			t.Errorf("%s: got %d, want no such route", name, got.status)
		}
	}
	log, err := os.ReadFile(filepath.Join(a.prefix, "logs/error.log"))
	if err != nil {
		t.Fatal(err)
	}
	for i, plugins := range badStreamConfs {
		refused := fmt.Sprintf("failed to check item data of \\[stream_routes\\].*\"id\":\"bad%d\"", i)
		if !regexp.MustCompile(refused).Match(log) {
			t.Errorf("a stream route was loaded with %v", plugins)
		}
	}
}
