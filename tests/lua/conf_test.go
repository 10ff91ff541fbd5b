package lua

import (
	"strings"
	"testing"
)

// oneChoice is a conf of amesh-split with fields of its choice changed.
func oneChoice(change object) object {
	choice := object{"weight": 1, "upstream_id": "a"}
	for field, value := range change {
		choice[field] = value
	}
	return object{"choices": []object{choice}}
}

// badConfs are what the plugins for HTTP cannot work with, and what the stub's schema says about it.
var badConfs = map[string]struct {
	plugin string
	conf   object
	want   string
}{
	"no choices":       {"amesh-split", object{}, `"choices" is required`},
	"none":             {"amesh-split", object{"choices": []object{}}, "too few"},
	"no weight":        {"amesh-split", object{"choices": []object{{"upstream_id": "a"}}}, `"weight" is required`},
	"weight 0":         {"amesh-split", oneChoice(object{"weight": 0}), "out of range"},
	"weight 1.5":       {"amesh-split", oneChoice(object{"weight": 1.5}), "wrong type"},
	"id":               {"amesh-split", oneChoice(object{"upstream_id": "a|b"}), "matches none"},
	"other plugin":     {"amesh-split", oneChoice(object{"plugins": object{"ip-restriction": object{"x": 1}}}), "additional property"},
	"bad inner":        {"amesh-split", oneChoice(object{"plugins": object{"proxy-rewrite": object{"headers": 5}}}), "choice 1: proxy-rewrite: "},
	"scheme":           {"amesh-passthrough", object{"scheme": "tcp"}, "enum"},
	"port":             {"amesh-passthrough", object{"refuse_ports": []int{0}}, "out of range"},
	"timeout":          {"amesh-passthrough", object{"timeout": object{"connect": 0}}, "out of range"},
	"no header":        {"amesh-host", object{}, `"header" is required`},
	"no clusters":      {"amesh-cluster-header", object{"header": "x"}, `"clusters" is required`},
	"status":           {"amesh-cluster-header", object{"header": "x", "clusters": object{"a": "b"}, "missing": 99}, "out of range"},
	"not even an id":   {"amesh-cluster-header", object{"header": "x", "clusters": object{"a": true}}, "matches none"},
	"an id as integer": {"amesh-cluster-header", object{"header": "x", "clusters": object{"a": 1.5}}, "matches none"},
}

// What a plugin cannot work with is refused when the file is loaded.
func TestConfs(t *testing.T) {
	conf := configuration{Routes: map[string]route{}}
	for name, c := range badConfs {
		conf.Routes[hostOf(name)] = route{Plugins: object{c.plugin: c.conf}}
	}
	s := start(t, conf, "")
	for name, c := range badConfs {
		if got := s.ask(t, hostOf(name), "/"); got.status != 500 || !strings.Contains(got.body, c.want) {
			t.Errorf("%s: got %d %q, want it to be about %q", name, got.status, got.body, c.want)
		}
	}
}

func hostOf(name string) string {
	return strings.NewReplacer(" ", "-", ",", "", ".", "-").Replace(name) + ".test"
}
