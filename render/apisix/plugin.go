package apisix

import (
	"encoding/json"
	"reflect"
)

// Plugins are the plugins of a route, by their APISIX names. A plugin that is nil is not written.
type Plugins struct {
	Brotli          *Brotli          `json:"brotli,omitempty"`
	ClientControl   *ClientControl   `json:"client-control,omitempty"`
	Cors            *Cors            `json:"cors,omitempty"`
	FaultInjection  *FaultInjection  `json:"fault-injection,omitempty"`
	ForwardAuth     *ForwardAuth     `json:"forward-auth,omitempty"`
	Gzip            *Gzip            `json:"gzip,omitempty"`
	LimitReq        *LimitReq        `json:"limit-req,omitempty"`
	ProxyMirror     *ProxyMirror     `json:"proxy-mirror,omitempty"`
	ProxyRewrite    *ProxyRewrite    `json:"proxy-rewrite,omitempty"`
	Redirect        *Redirect        `json:"redirect,omitempty"`
	ResponseRewrite *ResponseRewrite `json:"response-rewrite,omitempty"`
	TrafficSplit    *TrafficSplit    `json:"traffic-split,omitempty"`
	// Other are plugins that have no field here, which are those that the renderer never uses of its own accord: their
	// names, and configurations as encoding/json would decode them. They are written after the rest, by name.
	Other map[string]any `json:"-" inline:"true"`
}

// Empty reports whether there is no plugin.
func (p *Plugins) Empty() bool { return p == nil || reflect.ValueOf(*p).IsZero() }

// UnmarshalJSON reads plugins from JSON. Those that have no field of their own go to Other.
func (p *Plugins) UnmarshalJSON(data []byte) error {
	type known Plugins
	var all map[string]any
	if err := json.Unmarshal(data, (*known)(p)); err != nil {
		return err
	}
	if err := json.Unmarshal(data, &all); err != nil {
		return err
	}
	for _, fd := range encoderOf(reflect.TypeFor[Plugins]()).(*structEncoder).fields {
		delete(all, fd.name)
	}
	if len(all) > 0 {
		p.Other = all
	}
	return nil
}

// Meta is what APISIX knows of every plugin's use.
type Meta struct {
	// Filter must hold for the plugin to run, as the vars of a route.
	Filter []Expr `json:"filter,omitempty"`
	// Priority replaces the plugin's own: of one phase the highest runs first. 0 leaves it as it is.
	Priority int `json:"priority,omitempty"`
}

// FaultInjection delays a request, or answers it without an upstream, in the rewrite phase: the delay first.
type FaultInjection struct {
	Abort *Abort `json:"abort,omitempty"`
	Delay *Delay `json:"delay,omitempty"`
}

// Abort is the answer of FaultInjection.
type Abort struct {
	// HTTPStatus is at least 200.
	HTTPStatus int `json:"http_status"`
	// Body is always written: without it APISIX answers with an HTML page. "$name" in it is interpolated; see Literal.
	Body string `json:"body"`
	// Headers of the answer, interpolated like Body.
	Headers map[string]string `json:"headers,omitempty"`
	// Percentage of the requests that are answered, 0 to 100; nil is all.
	Percentage *int `json:"percentage,omitempty"`
	// Vars are alternatives, each a list of conditions that must all hold; at most 20. None holds for every request.
	Vars [][]Expr `json:"vars,omitempty"`
}

// Delay is the delay of FaultInjection; its fields are as those of Abort.
type Delay struct {
	Duration   float64  `json:"duration"` // seconds
	Percentage *int     `json:"percentage,omitempty"`
	Vars       [][]Expr `json:"vars,omitempty"`
}

// TrafficSplit chooses among upstreams by weight, in the access phase.
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
