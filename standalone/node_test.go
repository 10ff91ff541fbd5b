package standalone_test

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/amesh-render/amesh-render/standalone"
)

// The same objects in both kinds of files, with the same values and each with its places.
func TestPlaces(t *testing.T) {
	const block = `routes:
  - id: "é"
    hosts: [a, "b"]
    labels:
      a.b: x
      a: y
    plugins:
      fault-injection: {abort: {http_status: 503}}
#END
`
	const lines = `# gen 1
{
"routes":[
{"id":"é","hosts":["a","b"],"labels":{"a.b":"x","a":"y"},"plugins":{"fault-injection":{"abort":{"http_status":503}}}}
]
}
#END
`
	for _, tt := range []struct {
		text   string
		places map[string]string
	}{
		{block, map[string]string{
			"": "2:5 a map", "id": "2:9 a string", "hosts": "3:12 a list", "hosts[1]": "3:16 a string", "labels.a.b": "5:12 a string", "labels.a": "6:10 a string",
			"plugins.fault-injection.abort": "8:32 a map", "plugins.fault-injection.abort.http_status": "8:46 a number",
			"hosts[7]": "3:12 a list", "plugins.fault-injection.delay.duration": "8:24 a map", "nothing": "2:5 a map",
		}},
		{lines, map[string]string{
			"": "4:1 a map", "id": "4:7 a string", "hosts": "4:19 a list", "hosts[1]": "4:24 a string", "labels.a.b": "4:45 a string", "labels.a": "4:53 a string",
			"plugins.fault-injection.abort.http_status": "4:111 a number",
		}},
	} {
		f := read(t, "apisix.yaml", tt.text)
		route := f.Section("routes").Objects[0]
		for path, want := range tt.places {
			n := route.At(path)
			if got := fmt.Sprintf("%d:%d %s", n.Line, n.Column, n.Kind); got != want {
				t.Errorf("%q: got %s, want %s", path, got, want)
			}
		}
		if key := route.KeyAt("labels.a.b"); key.Text != "a.b" {
			t.Errorf("the key at labels.a.b is %q", key.Text)
		}
		want := map[string]any{
			"id": "é", "hosts": []any{"a", "b"}, "labels": map[string]any{"a.b": "x", "a": "y"},
			"plugins": map[string]any{"fault-injection": map[string]any{"abort": map[string]any{"http_status": 503.0}}},
		}
		if got := route.Any(); !reflect.DeepEqual(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		if got := f.Objects()["routes"][0].ID("routes"); got != "é" {
			t.Errorf("the id is %q", got)
		}
	}
}

// By which rules a text is read.
func TestRules(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		json       bool
	}{
		{"apisix.yaml", "{}", false},
		{"apisix.json", "{}", true},
		{"APISIX.JSON", "{}", true},
		{"-", "{\"routes\": []}\n", true},
		{"-", "{\"routes\": []}\n#END\n", false},
		{"-", "routes: []\n", false},
	} {
		if f := read(t, tt.name, tt.text); f.JSON != tt.json {
			t.Errorf("%s %q: as JSON: %v, want %v", tt.name, tt.text, f.JSON, tt.json)
		}
	}
}

// What APISIX takes the items of a section for.
func TestID(t *testing.T) {
	f := read(t, "apisix.yaml", "consumers: [{username: u}, {id: 7, username: u}, {}, {id: 010}]\n#END\n")
	var ids []string
	for i, n := range f.Section("consumers").Objects {
		ids = append(ids, standalone.ID(n, i))
	}
	if want := []string{"u", "7", "arr_3", "8"}; !reflect.DeepEqual(ids, want) {
		t.Errorf("got %v, want %v", ids, want)
	}
}
