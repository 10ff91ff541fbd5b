package apisix_test

import (
	"fmt"
	"strings"

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
			Plugins: &apisix.Plugins{FaultInjection: &apisix.FaultInjection{Meta: &apisix.Meta{Priority: 2000}, Abort: &apisix.Abort{
				HTTPStatus: 503, Body: apisix.Literal("costs $5\nand ${more}"), Headers: map[string]string{"retry-after": "1"},
				Percentage: number(50), Vars: [][]apisix.Expr{{apisix.Present("http_a")}, {apisix.Present("http_b"), apisix.Present("http_c")}},
			}, Delay: &apisix.Delay{
				Duration: 1.5, Percentage: number(0), Vars: [][]apisix.Expr{{apisix.Compare("request_id", apisix.OpRegex, `\A[0-7]`)}},
			}}},
		},
		{ID: "plugins-0123456789", URI: "/plugins", Plugins: everyPlugin(), UpstreamID: "reviews-v1-0123456789"},
		{
			ID: "redirect-0123456789", URI: "/old*",
			Plugins: &apisix.Plugins{Redirect: &apisix.Redirect{
				RegexURI: []string{`\A/old(?s:(.*))`, "https://a.example/new${1}"}, RetCode: 301, EncodeURI: true, AppendQueryString: true,
			}},
		},
		{ID: "moved-0123456789", URI: "/moved", Plugins: &apisix.Plugins{Redirect: &apisix.Redirect{URI: "https://$host$real_request_uri"}}},
		{ID: "tls-0123456789", URI: "/tls", Plugins: &apisix.Plugins{Redirect: &apisix.Redirect{HTTPToHTTPS: true}}},
	}
}

func number(n int) *int { return &n }

func everyPlugin() *apisix.Plugins {
	const upstream = "reviews-v1-0123456789"
	return &apisix.Plugins{
		AmeshClusterHeader: &apisix.AmeshClusterHeader{Header: "x-cluster", Clusters: map[string]string{"outbound|80||a": upstream}, Missing: 503},
		AmeshHost:          &apisix.AmeshHost{Header: "x-host"},
		AmeshPassthrough:   &apisix.AmeshPassthrough{Cluster: "PassthroughCluster", RefusePorts: []int{15001}, Scheme: "grpc"},
		AmeshSplit: &apisix.AmeshSplit{Choices: []apisix.AmeshChoice{{Weight: 1, UpstreamID: upstream}, {Weight: 9, UpstreamID: upstream,
			Plugins: &apisix.ChoicePlugins{ProxyRewrite: &apisix.ProxyRewrite{Host: "b"},
				ResponseRewrite: &apisix.ResponseRewrite{Headers: &apisix.ResponseHeaders{Remove: []string{"x-a"}}}}}}},
		Brotli:        &apisix.Brotli{Types: []string{"text/plain"}, MinLength: 30, CompLevel: number(0)},
		ClientControl: &apisix.ClientControl{MaxBodySize: 4096},
		Cors: &apisix.Cors{
			Meta:         &apisix.Meta{Filter: []apisix.Expr{apisix.Not(apisix.Compare("request_method", apisix.OpEqual, "OPTIONS"))}, Priority: 11500},
			AllowOrigins: "null", AllowOriginsByRegex: []string{`\Ahttps://a\.example\z`}, AllowMethods: "GET,POST", AllowHeaders: "x-a",
			ExposeHeaders: "x-b", MaxAge: number(-1), AllowCredential: true,
		},
		ForwardAuth: &apisix.ForwardAuth{
			URI: "http://authz.default:9000/check", RequestMethod: "GET", RequestHeaders: []string{"authorization"},
			UpstreamHeaders: []string{"x-user"}, ClientHeaders: []string{"location"}, ExtraHeaders: map[string]string{"x-method": "$request_method"},
			Timeout: 500, StatusOnError: 503, AllowDegradation: true, KeepAlive: true,
		},
		Gzip: &apisix.Gzip{Types: []string{"text/html", "text/css"}, MinLength: 1, CompLevel: 9},
		LimitReq: &apisix.LimitReq{
			Meta: &apisix.Meta{Priority: 1}, Policy: "local", Rate: 0.5, Burst: 10, KeyType: "var", Key: "server_port", RejectedCode: 429, NoDelay: true,
		},
		ProxyMirror: &apisix.ProxyMirror{Meta: &apisix.Meta{Priority: 1000}, Host: "http://10.0.0.1:80", SampleRatio: 0.125},
		ProxyRewrite: &apisix.ProxyRewrite{
			Meta: &apisix.Meta{Priority: -3}, URI: "/new", RegexURI: []string{`\A/a`, "/b$1$$"}, Host: "a.example:80", UseRealRequestURI: true,
			Headers: &apisix.RequestHeaders{
				Add: map[string]any{"x-a": "1", "x-b": []any{"1", "2"}}, Set: map[string]any{"x-c": "${http_x_c ?? 3}"}, Remove: []string{"x-d"},
			},
		},
		ResponseRewrite: &apisix.ResponseRewrite{
			Meta: &apisix.Meta{Filter: []apisix.Expr{apisix.Present("http_a")}},
			Headers: &apisix.ResponseHeaders{
				Add: []string{"x-a: 1"}, Set: map[string]string{"x-b": "a:b/"}, Remove: []string{"server"},
			},
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
		{
			ID: "api-0123456789", Type: "roundrobin", Scheme: "https", PassHost: "rewrite", UpstreamHost: "api_1.example.com",
			KeepalivePool: &apisix.KeepalivePool{Size: 10, IdleTimeout: 5.5, Requests: 100},
			TLS:           &apisix.UpstreamTLS{ClientCert: strings.Repeat("c", 128), ClientKey: strings.Repeat("k", 64)},
			Checks: &apisix.Checks{
				Active: &apisix.ActiveCheck{
					Type: "http", Timeout: 0.5, HTTPPath: "/healthz", HTTPMethod: "HEAD", Host: "a.example", Port: 8080,
					ReqHeaders: []string{"x-a: 1"},
					Healthy:    &apisix.HealthyProbe{Interval: 10, Successes: 1, HTTPStatuses: []int{200, 204}},
					Unhealthy:  &apisix.UnhealthyProbe{Interval: 5, HTTPFailures: 3, TCPFailures: 2, Timeouts: 254, HTTPStatuses: []int{500}},
				},
				Passive: &apisix.PassiveCheck{
					Type:      "http",
					Healthy:   &apisix.PassiveHealthy{Successes: 1, HTTPStatuses: []int{200}},
					Unhealthy: &apisix.PassiveUnhealthy{HTTPFailures: 5, TCPFailures: 1, Timeouts: 1, HTTPStatuses: []int{500, 503}},
				},
			},
			Nodes: []apisix.Node{{Host: "api.example.com", Port: 443, Weight: 1}},
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
