package apisix_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/amesh-render/amesh-render/render/apisix"
)

func object(t *testing.T, text string) apisix.Object {
	t.Helper()
	var o apisix.Object
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		t.Fatal(err)
	}
	return o
}

func TestEncodeRaw(t *testing.T) {
	route := object(t, `{"id":"r","uri":"/a","service_id":"s","plugins":{"key-auth":{"key":"$env://KEY"}},"upstream":{"nodes":{"127.0.0.1:80":1}}}`)
	upstream := object(t, `{"id":"u","nodes":{"127.0.0.1:80":1}}`)
	c := &apisix.Config{Routes: []*apisix.Route{apisix.RouteOf(route)}, Upstreams: []*apisix.Upstream{apisix.UpstreamOf(upstream)},
		Others: map[string][]apisix.Object{"services": {{"id": "s"}}}}
	if c.Routes[0].URI != "/a" || c.Upstreams[0].ID != "u" {
		t.Errorf("the fields do not hold what they can: %+v, %+v", c.Routes[0], c.Upstreams[0])
	}
	for _, f := range allFormats {
		text := string(apisix.Encode(c, apisix.EncodeOptions{Format: f}))
		var got map[string][]apisix.Object
		if f != apisix.Block {
			if err := json.Unmarshal([]byte(strings.TrimSuffix(strings.TrimSpace(text), "#END")), &got); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got["routes"][0], route) || !reflect.DeepEqual(got["upstreams"][0], upstream) {
				t.Errorf("%v: got %v", f, got)
			}
		}
		for _, p := range c.Validate(f) {
			t.Errorf("%v: %v", f, p)
		}
	}
}

func TestObjectsThatFieldsHold(t *testing.T) {
	c := everything()
	for _, r := range c.Routes {
		text := strings.TrimSuffix(string(apisix.AppendObject(nil, r, apisix.JSON)), ",")
		if got := apisix.RouteOf(object(t, text)); got.Raw != nil {
			t.Errorf("the fields of a route do not hold %s", text)
		}
	}
	for _, u := range c.Upstreams {
		if got := apisix.UpstreamOf(object(t, string(apisix.AppendObject(nil, u, apisix.JSON)))); got.Raw != nil {
			t.Errorf("the fields of an upstream do not hold %+v", u)
		}
	}
}

func TestValidateOthers(t *testing.T) {
	c := &apisix.Config{
		Routes: []*apisix.Route{
			{ID: "a", URI: "/", PluginConfigID: "there"}, {ID: "b", URI: "/", PluginConfigID: "missing"},
			apisix.RouteOf(apisix.Object{"id": "c", "service_id": "missing", "upstream_id": 7}),
		},
		Upstreams: []*apisix.Upstream{apisix.UpstreamOf(apisix.Object{"id": 7, "nodes": map[string]any{}})},
		Others: map[string][]apisix.Object{
			"plugin_configs": {{"id": "there"}, {"id": "there"}},
			"consumers":      {{"username": "a b"}},
			"global_rules":   {{"id": "", "text": "a\x00"}},
		},
	}
	want := []string{
		`route "b": plugin_config_id: no plugin_config has the id "missing"`,
		`route "c": service_id: no service has the id "missing"`,
		`plugin_config "there": id: another plugin_config has this id`,
		`global_rule "": id: is empty`,
		`global_rule "": text: "a\x00" holds a NUL, which cuts it`,
		`consumer "a b": username: "a b" has characters other than letters, digits, '-' and '_'`,
	}
	var got []string
	for _, p := range c.Validate(apisix.Lines) {
		got = append(got, p.String())
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

func TestUsersPluginsAreTheirsToConfigure(t *testing.T) {
	var p apisix.Plugins
	p.Put("limit-req", map[string]any{"rate": 1, "policy": "redis", "redis_host": "$secret://vault/1/redis", "key": "a"})
	c := &apisix.Config{Routes: []*apisix.Route{{ID: "r", URI: "/", Plugins: &p}}}
	if problems := c.Validate(apisix.JSON); len(problems) > 0 {
		t.Errorf("got %v", problems)
	}
	if p.LimitReq == nil || p.LimitReq.Policy != "redis" {
		t.Errorf("the field says %+v", p.LimitReq)
	}
	if got := p.Names(); !reflect.DeepEqual(got, []string{"limit-req"}) {
		t.Errorf("the names are %q", got)
	}
}

func TestEffective(t *testing.T) {
	c := &apisix.Config{Others: map[string][]apisix.Object{"plugin_configs": {object(t,
		`{"id":"p","plugins":{"key-auth":{},"gzip":{"min_length":1},"fault-injection":{"abort":{"http_status":418}}}}`)}}}
	own := &apisix.Plugins{Gzip: &apisix.Gzip{MinLength: 2}}
	got, ok := c.Effective(&apisix.Route{PluginConfigID: "p", Plugins: own})
	if !ok || got.Gzip.MinLength != 2 || got.Other["key-auth"] == nil || got.FaultInjection.Abort.HTTPStatus != 418 || got.Other["gzip"] != nil {
		t.Errorf("got %+v %v", got, ok)
	}
	if own.Other != nil || own.FaultInjection != nil {
		t.Error("the route's own plugins have changed")
	}
	if _, ok := c.Effective(&apisix.Route{PluginConfigID: "q"}); ok {
		t.Error("a missing plugin_config is there")
	}
}
