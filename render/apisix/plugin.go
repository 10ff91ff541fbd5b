package apisix

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
)

// Plugins are the plugins of a route, by their APISIX names. A plugin that is nil is not written.
type Plugins struct {
	AmeshClusterHeader *AmeshClusterHeader `json:"amesh-cluster-header,omitempty"`
	AmeshHost          *AmeshHost          `json:"amesh-host,omitempty"`
	AmeshPassthrough   *AmeshPassthrough   `json:"amesh-passthrough,omitempty"`
	AmeshSplit         *AmeshSplit         `json:"amesh-split,omitempty"`
	Brotli             *Brotli             `json:"brotli,omitempty"`
	ClientControl      *ClientControl      `json:"client-control,omitempty"`
	Cors               *Cors               `json:"cors,omitempty"`
	FaultInjection     *FaultInjection     `json:"fault-injection,omitempty"`
	ForwardAuth        *ForwardAuth        `json:"forward-auth,omitempty"`
	Gzip               *Gzip               `json:"gzip,omitempty"`
	LimitReq           *LimitReq           `json:"limit-req,omitempty"`
	ProxyMirror        *ProxyMirror        `json:"proxy-mirror,omitempty"`
	ProxyRewrite       *ProxyRewrite       `json:"proxy-rewrite,omitempty"`
	Redirect           *Redirect           `json:"redirect,omitempty"`
	ResponseRewrite    *ResponseRewrite    `json:"response-rewrite,omitempty"`
	TrafficSplit       *TrafficSplit       `json:"traffic-split,omitempty"`
	// Other are plugins as somebody else has configured them, by name, as encoding/json would decode them: those that have
	// no field here, and those whose configuration holds more than the field can. They are written after the rest, by name,
	// and in place of a field; beside them a field says what the configuration comes to as far as it can.
	Other map[string]any `json:"-" inline:"true"`
}

// Empty reports whether there is no plugin.
func (p *Plugins) Empty() bool { return p == nil || reflect.ValueOf(*p).IsZero() }

// Names are the plugins that are there, sorted.
func (p *Plugins) Names() []string {
	if p == nil {
		return nil
	}
	names := slices.Collect(maps.Keys(p.Other))
	v := reflect.ValueOf(*p)
	for _, fd := range pluginFields() {
		if !v.Field(fd.index).IsNil() {
			names = append(names, fd.name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func pluginFields() []field { return encoderOf(reflect.TypeFor[Plugins]()).(*structEncoder).fields }

// field is the field of that index in the struct.
func (p *Plugins) field(index int) reflect.Value { return reflect.ValueOf(p).Elem().Field(index) }

func (p *Plugins) eachField(do func(index int)) {
	for _, fd := range pluginFields() {
		do(fd.index)
	}
}

// Clone is a copy that can be given plugins without p getting them. The plugins themselves are shared.
func (p *Plugins) Clone() *Plugins {
	if p == nil {
		return &Plugins{}
	}
	c := *p
	c.Other = maps.Clone(p.Other)
	return &c
}

// Put adds a plugin as somebody has configured it, in place of one that may be there. The field, where there is one, is
// what it can hold of the configuration; nil if that is not of the form that APISIX takes.
func (p *Plugins) Put(name string, conf any) {
	if p.Other == nil {
		p.Other = map[string]any{}
	}
	p.Other[name] = conf
	for _, fd := range pluginFields() {
		if fd.name == name {
			p.setField(fd, conf)
		}
	}
}

func (p *Plugins) setField(fd field, conf any) {
	v := reflect.ValueOf(p).Elem().Field(fd.index)
	plugin := reflect.New(v.Type().Elem())
	text, err := json.Marshal(conf)
	if err == nil {
		err = json.Unmarshal(text, plugin.Interface())
	}
	if err != nil {
		plugin = reflect.Zero(v.Type())
	}
	v.Set(plugin)
}

// UnmarshalJSON reads plugins from JSON: into their fields if these hold all of the configuration, else into Other, and
// into the fields what they can hold.
func (p *Plugins) UnmarshalJSON(data []byte) error {
	var all map[string]any
	if err := json.Unmarshal(data, &all); err != nil {
		return err
	}
	*p = Plugins{}
	for name, conf := range all {
		p.Put(name, conf)
	}
	v := reflect.ValueOf(p).Elem()
	for _, fd := range pluginFields() {
		if plugin := v.Field(fd.index); !plugin.IsNil() && holds(plugin, all[fd.name]) {
			delete(p.Other, fd.name)
		}
	}
	if len(p.Other) == 0 {
		p.Other = nil
	}
	return nil
}

// holds reports whether what is written for v is the value that it was read from.
func holds(v reflect.Value, value any) bool {
	var written any
	text := encoderOf(v.Type()).flow(nil, v, Lines)
	return json.Unmarshal(text, &written) == nil && reflect.DeepEqual(written, value)
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
	Meta  *Meta  `json:"_meta,omitempty"`
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
