package apisix_test

import (
	"encoding/json"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// withOthers has what the renderer itself never writes: plugins without a struct, and objects of other kinds.
func withOthers() *apisix.Config {
	return &apisix.Config{
		Routes: []*apisix.Route{{ID: "r", URI: "/", Plugins: &apisix.Plugins{
			ClientControl: &apisix.ClientControl{MaxBodySize: 1},
			Other: map[string]any{
				"key-auth": map[string]any{}, "limit-count": map[string]any{"count": 2, "key": "${{HOME}}"},
				"client-control": map[string]any{"max_body_size": 7}, // wins over the struct
			},
		}}},
		Others: map[string][]apisix.Object{
			"consumers":    {{"username": "b"}, {"username": "a", "plugins": map[string]any{"key-auth": map[string]any{"key": "k"}}}},
			"global_rules": {{"id": "g", "plugins": map[string]any{"prometheus": map[string]any{}}}},
		},
	}
}

func TestEncodeOthers(t *testing.T) {
	const want = `{"consumers":[{"plugins":{"key-auth":{"key":"k"}},"username":"a"},{"username":"b"}],` +
		`"global_rules":[{"id":"g","plugins":{"prometheus":{}}}],` +
		`"routes":[{"id":"r","plugins":{"client-control":{"max_body_size":7},"key-auth":{},` +
		`"limit-count":{"count":2,"key":"${{HOME}}"}},"priority":0,"uri":"/"}],"upstreams":[]}`
	for _, f := range allFormats {
		text := apisix.Encode(withOthers(), apisix.EncodeOptions{Format: f})
		var read any
		if err := yaml.Unmarshal(text, &read); err != nil {
			t.Fatalf("%v: %v\n%s", f, err, text)
		}
		if got, _ := json.Marshal(read); string(got) != want {
			t.Errorf("%v: got %s\nwant %s\n%s", f, got, want, text)
		}
	}
}

func TestPluginsWithoutStructAreRead(t *testing.T) {
	var p apisix.Plugins
	if err := json.Unmarshal([]byte(`{"key-auth":{"hide":true},"client-control":{"max_body_size":3}}`), &p); err != nil {
		t.Fatal(err)
	}
	conf, _ := p.Other["key-auth"].(map[string]any)
	if len(p.Other) != 1 || conf["hide"] != true || p.ClientControl.MaxBodySize != 3 {
		t.Errorf("got %+v", p)
	}
}

// TestObjectID reads ids as APISIX does, which takes numbers too.
func TestObjectID(t *testing.T) {
	for _, tt := range []struct {
		section string
		object  apisix.Object
		want    string
	}{
		{"services", apisix.Object{"id": "s"}, "s"},
		{"services", apisix.Object{"id": 7.0}, "7"},
		{"services", apisix.Object{}, ""},
		{"consumers", apisix.Object{"username": "c", "id": "x"}, "c"},
	} {
		if got := tt.object.ID(tt.section); got != tt.want {
			t.Errorf("%s %v: got %q, want %q", tt.section, tt.object, got, tt.want)
		}
	}
}
