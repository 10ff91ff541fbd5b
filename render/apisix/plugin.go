package apisix

// Plugins are the plugins of a route, by their APISIX names. A plugin that is nil is not written.
type Plugins struct {
	FaultInjection *FaultInjection `json:"fault-injection,omitempty"`
	TrafficSplit   *TrafficSplit   `json:"traffic-split,omitempty"`
}

// FaultInjection answers a request without an upstream, in the rewrite phase.
type FaultInjection struct {
	Abort *Abort `json:"abort,omitempty"`
}

// Abort is the answer of FaultInjection.
type Abort struct {
	// HTTPStatus is at least 200.
	HTTPStatus int `json:"http_status"`
	// Body is always written: without it APISIX answers with an HTML page. "$name" in it is interpolated; see Literal.
	Body string `json:"body"`
}

// TrafficSplit chooses among upstreams by weight.
type TrafficSplit struct {
	Rules []SplitRule `json:"rules"`
}

// SplitRule is one rule of TrafficSplit; a rule without match applies to every request.
type SplitRule struct {
	WeightedUpstreams []WeightedUpstream `json:"weighted_upstreams"`
}

// WeightedUpstream is one choice of a SplitRule. Each upstream may be named once, and a rule holds at most 20 of them.
type WeightedUpstream struct {
	// UpstreamID names an Upstream of the same file; empty means the route's own upstream.
	UpstreamID string `json:"upstream_id,omitempty"`
	Weight     int    `json:"weight"`
}
