package xds

import (
	"strings"
	"testing"

	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

func TestDecode(t *testing.T) {
	const prefix = "type.googleapis.com/envoy.extensions.filters."
	garbage := func(typ string) *anypb.Any { return &anypb.Any{TypeUrl: typ, Value: []byte{0xff}} }
	filter := func(a *anypb.Any) *anypb.Any {
		return packed(&listenerv3.Listener{Name: "l", FilterChains: []*listenerv3.FilterChain{{}, {Filters: []*listenerv3.Filter{{
			ConfigType: &listenerv3.Filter_TypedConfig{TypedConfig: a},
		}}}}})
	}
	perRoute := func(a *anypb.Any) *routev3.RouteConfiguration {
		r := &routev3.Route{TypedPerFilterConfig: map[string]*anypb.Any{"cors": a}}
		return &routev3.RouteConfiguration{Name: "r", VirtualHosts: []*routev3.VirtualHost{{Routes: []*routev3.Route{r}}}}
	}
	inline := func(r *routev3.RouteConfiguration) *anypb.Any {
		return filter(packed(&hcmv3.HttpConnectionManager{RouteSpecifier: &hcmv3.HttpConnectionManager_RouteConfig{RouteConfig: r}}))
	}
	deep := packed(route("inner"))
	for range maxDepth + 1 {
		deep = packed(deep)
	}
	cases := []struct {
		name     string
		resource *anypb.Any
		want     string // of the error; "" for none
	}{
		{"whole", packed(listener("l", "80")), ""},
		{"broken", broken(cds, "a"), "cannot parse invalid wire-format data"},
		{"without a name", packed(static("")), "it has no name"},
		{"broken connection manager", filter(garbage(prefix + "network.http_connection_manager.v3.HttpConnectionManager")),
			`filter_chains[1].filters[0].typed_config: "` + prefix + `network.http_connection_manager.v3.HttpConnectionManager": `},
		{"broken TCP proxy", filter(garbage(prefix + "network.tcp_proxy.v3.TcpProxy")), "filter_chains[1].filters[0].typed_config: "},
		{"broken configuration of a route", packed(perRoute(garbage(prefix + "http.cors.v3.CorsPolicy"))),
			"virtual_hosts[0].routes[0].typed_per_filter_config[cors]: "},
		{"broken configuration of an inline route", inline(perRoute(garbage(prefix + "http.cors.v3.CorsPolicy"))),
			"filter_chains[1].filters[0].typed_config.route_config.virtual_hosts[0].routes[0].typed_per_filter_config[cors]: "},
		{"unknown type", filter(garbage("type.googleapis.com/example.Unknown")), ""},
		{"no type", filter(&anypb.Any{Value: []byte{0xff}}), ""},
		{"too deep", filter(deep), "filter_chains[1].filters[0].typed_config: Anys nest deeper than 32"},
	}
	for _, c := range cases {
		m, err := decode(c.resource)
		switch {
		case c.want == "" && (err != nil || m == nil):
			t.Errorf("%s: %v, expected no error", c.name, err)
		case c.want != "" && (err == nil || !strings.HasPrefix(err.Error(), c.want)):
			t.Errorf("%s: %v, expected %q", c.name, err, c.want)
		}
	}
}

func TestNameIn(t *testing.T) {
	whole, _ := proto.Marshal(listener("l", "80"))
	cases := []struct {
		name, want string
		encoded    []byte
	}{
		{"whole", "l", whole},
		{"cut off", "l", whole[:len(whole)-1]},
		{"empty", "", nil},
		{"twice: the later counts", "b", []byte("\x0a\x01a\x0a\x01b")},
		{"name last", "b", []byte("\x12\x01a\x0a\x01b")},
		{"a number, not a string", "", []byte("\x08\x01")},
		{"not UTF-8", "", []byte("\x0a\x01\xff")},
		{"not even a tag", "", []byte{0xff}},
	}
	for _, c := range cases {
		if got := nameIn(c.encoded); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestSummary(t *testing.T) {
	long := strings.Repeat("é", 1_500)
	cases := []struct {
		name  string
		given []string
		want  string
	}{
		{"none", nil, ""},
		{"one", []string{"a"}, "a"},
		{"two", []string{"a", "b"}, "a; b"},
		{"too many", []string{"a", long, "b"}, "a; and 2 more"},
		{"too long", []string{long}, strings.Repeat("é", 1_000)},
	}
	for _, c := range cases {
		if got := summary(c.given); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}
