package apisix_test

import (
	"fmt"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// everything is a configuration that APISIX takes and in which every field of every type is set somewhere.
func everything() *apisix.Config {
	return &apisix.Config{Routes: everyRoute(), Upstreams: everyUpstream()}
}

func everyRoute() []*apisix.Route {
	return []*apisix.Route{
		{
			ID:       "reviews.default-terminal-0123456789",
			Hosts:    []string{"reviews", "reviews.default", "reviews.default.svc.cluster.local", "*.reviews.example", "[2001:db8::1]"},
			URI:      "/*",
			Priority: 0,
			Plugins:  &apisix.Plugins{FaultInjection: &apisix.FaultInjection{Abort: &apisix.Abort{HTTPStatus: 404}}},
		},
		{
			ID:       "reviews.default-canary-0123456789",
			Name:     "reviews.default.svc.cluster.local:9080 canary \"quoted\" ${{HOME}} \\ ü 😀",
			Desc:     "split between two versions",
			Labels:   map[string]string{"istio.io/config": "/apis/networking.istio.io/v1/virtual-service/reviews", "no": "x"},
			Hosts:    []string{"reviews", "reviews.default"},
			URIs:     []string{"/api", "/api/*"},
			Methods:  []string{"GET", "POST"},
			Priority: 3,
			Vars: []apisix.Expr{
				apisix.Compare("uri", apisix.OpRegex, `\A/api(?:/|\z)`),
				apisix.Not(apisix.Compare("http_x_user", apisix.OpEqual, `say "hi"`)),
				apisix.Compare("arg_n", apisix.OpGreaterOrEqual, 10),
				apisix.Compare("arg_x", apisix.OpLess, 0.25),
				apisix.Compare("arg_foo", apisix.OpIn, []any{"", true, 7}),
				apisix.Compare("realip_remote_addr", apisix.OpIPMatch, []any{"10.0.0.0/8", "2001:db8::/32"}),
				apisix.Or(apisix.Present("http_a"), apisix.Not(apisix.Present("http_b"))),
				apisix.Not(apisix.And(
					apisix.Compare("http_end_user_agent_and_some_more", apisix.OpRegexFold, "jason|freddy|chucky"),
					apisix.Or(apisix.Compare("scheme", apisix.OpEqual, "http"), apisix.Compare("scheme", apisix.OpNotEqual, "https")),
				)),
			},
			Timeout:         &apisix.Timeout{Connect: 10, Send: 0.5, Read: 86400},
			EnableWebsocket: true,
			Plugins: &apisix.Plugins{TrafficSplit: &apisix.TrafficSplit{Rules: []apisix.SplitRule{{
				WeightedUpstreams: []apisix.WeightedUpstream{
					{UpstreamID: "reviews-v2-0123456789", Weight: 10},
					{Weight: 90},
				},
			}}}},
			UpstreamID: "reviews-v1-0123456789",
		},
		{
			ID:       "fault-0123456789",
			URI:      "/broken",
			Priority: -5,
			Plugins: &apisix.Plugins{FaultInjection: &apisix.FaultInjection{Abort: &apisix.Abort{
				HTTPStatus: 503, Body: apisix.Literal("costs $5\nand ${more}"),
			}}},
		},
	}
}

func everyUpstream() []*apisix.Upstream {
	return []*apisix.Upstream{
		{
			ID:           "reviews-v1-0123456789",
			Name:         "outbound|9080|v1|reviews.default.svc.cluster.local",
			Desc:         "v1",
			Labels:       map[string]string{"subset": "v1"},
			Type:         "chash",
			HashOn:       "header",
			Key:          "x-user",
			Scheme:       "http",
			PassHost:     "pass",
			Retries:      2,
			RetryTimeout: 2.5,
			Timeout:      &apisix.Timeout{Connect: 1, Send: 60, Read: 60},
			Nodes: []apisix.Node{
				{Host: "10.0.0.1", Port: 9080, Weight: 1},
				{Host: "[2001:db8::2]", Port: 9080, Weight: 0, Priority: -1},
			},
		},
		{ID: "reviews-v2-0123456789", Type: "roundrobin"},
	}
}

// simple is a small valid configuration for tests to break: route r to upstream u.
func simple() *apisix.Config {
	return &apisix.Config{
		Routes: []*apisix.Route{{
			ID: "r", URI: "/*", UpstreamID: "u", Hosts: []string{"a"}, Labels: map[string]string{"k": "v"},
			Vars:    []apisix.Expr{apisix.Present("http_x")},
			Timeout: &apisix.Timeout{Connect: 1, Send: 1, Read: 1},
			Plugins: &apisix.Plugins{
				FaultInjection: &apisix.FaultInjection{Abort: &apisix.Abort{HTTPStatus: 200}},
				TrafficSplit: &apisix.TrafficSplit{Rules: []apisix.SplitRule{{
					WeightedUpstreams: []apisix.WeightedUpstream{{UpstreamID: "u", Weight: 1}, {UpstreamID: "v", Weight: 1}},
				}}},
			},
		}},
		Upstreams: []*apisix.Upstream{
			{ID: "u", Type: "roundrobin", Nodes: []apisix.Node{{Host: "10.0.0.1", Port: 80, Weight: 1}}},
			{ID: "v", Type: "roundrobin"},
		},
	}
}

// mesh is a mesh of the given number of services: 1.7 routes and 1.2 upstreams of ten nodes for each.
func mesh(services int) *apisix.Config {
	c := &apisix.Config{}
	for i := range services * 12 / 10 {
		c.Upstreams = append(c.Upstreams, meshUpstream(i))
	}
	for i := range services * 17 / 10 {
		c.Routes = append(c.Routes, meshRoute(i, c.Upstreams[i%len(c.Upstreams)].ID))
	}
	return c
}

func meshUpstream(i int) *apisix.Upstream {
	name := fmt.Sprintf("outbound|80||service-%d.namespace-%d.svc.cluster.local", i, i%40)
	u := &apisix.Upstream{
		ID: apisix.ID(name, name), Name: name, Type: "roundrobin", Retries: 2,
		Timeout: &apisix.Timeout{Connect: 10, Send: 86400, Read: 86400},
	}
	for n := range 10 {
		u.Nodes = append(u.Nodes, apisix.Node{Host: fmt.Sprintf("10.%d.%d.%d", i>>8, i&255, n), Port: 8080, Weight: 1})
	}
	return u
}

func meshRoute(i int, upstream string) *apisix.Route {
	host := fmt.Sprintf("service-%d.namespace-%d", i, i%40)
	return &apisix.Route{
		ID:     apisix.ID("outbound-80-"+host, fmt.Sprint("route ", i)),
		Name:   host + ".svc.cluster.local:80 default",
		Labels: map[string]string{"config": "/apis/networking.istio.io/v1/namespaces/default/virtual-service/" + host},
		Hosts: []string{
			host[:len(host)-3], host, host + ".svc", host + ".svc.cluster.local",
			fmt.Sprintf("10.96.%d.%d", i>>8, i&255), fmt.Sprintf("alias-%d.example.com", i),
		},
		URI: "/*", Priority: 1,
		Vars: []apisix.Expr{
			apisix.Compare("server_port", apisix.OpEqual, "15001"),
			apisix.Compare("connection_original_dst", apisix.OpRegex, `:80\z`),
			apisix.Compare("uri", apisix.OpRegex, `\A/api/v1(?:/|\z)`),
			apisix.Compare("http_end_user", apisix.OpEqual, "jason"),
		},
		Timeout:         &apisix.Timeout{Connect: 10, Send: 86400, Read: 86400},
		EnableWebsocket: true,
		UpstreamID:      upstream,
	}
}
