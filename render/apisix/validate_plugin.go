package apisix

import (
	"fmt"
	"reflect"
	"strings"
)

// plugins checks that the route does something, and each plugin.
func (c *checker) plugins(r *Route) {
	p := r.Plugins
	if p.Empty() {
		if r.UpstreamID == "" && r.PluginConfigID == "" {
			c.add("upstream_id", "the route has neither an upstream nor plugins")
		}
		return
	}
	p = p.ours()
	check(p.AmeshSplit, c.ameshSplit)
	check(p.AmeshClusterHeader, c.ameshClusterHeader)
	check(p.AmeshHost, func(h *AmeshHost) { c.headerName("plugins.amesh-host.header", h.Header) })
	check(p.AmeshPassthrough, c.ameshPassthrough)
	check(p.Brotli, c.brotli)
	check(p.ClientControl, c.clientControl)
	check(p.Cors, c.cors)
	check(p.FaultInjection, c.faultInjection)
	check(p.ForwardAuth, c.forwardAuth)
	check(p.Gzip, c.gzip)
	check(p.LimitReq, c.limitReq)
	check(p.ProxyMirror, c.proxyMirror)
	check(p.ProxyRewrite, c.proxyRewrite)
	check(p.Redirect, c.redirect)
	check(p.ResponseRewrite, c.responseRewrite)
	check(p.TrafficSplit, func(s *TrafficSplit) { c.trafficSplit(s, r.UpstreamID) })
}

// ours are the plugins that are written from their fields.
func (p *Plugins) ours() *Plugins {
	if len(p.Other) == 0 {
		return p
	}
	c := *p
	for _, fd := range pluginFields() {
		if _, ok := p.Other[fd.name]; ok {
			reflect.ValueOf(&c).Elem().Field(fd.index).SetZero()
		}
	}
	return &c
}

// check calls f for a plugin that is there.
func check[P any](plugin *P, f func(*P)) {
	if plugin != nil {
		f(plugin)
	}
}

func (c *checker) faultInjection(p *FaultInjection) {
	const field = "plugins.fault-injection"
	if p.Abort == nil && p.Delay == nil {
		c.add(field, "is empty")
	}
	if a := p.Abort; a != nil {
		if a.HTTPStatus < 200 {
			c.add(field+".abort.http_status", "is %d, less than 200", a.HTTPStatus)
		}
		c.chance(field+".abort", a.Percentage, a.Vars)
		for _, x := range entries(reflect.ValueOf(a.Headers), nil) {
			c.headerName(field+".abort.headers", x.key)
		}
	}
	if d := p.Delay; d != nil {
		if d.Duration < 0 {
			c.add(field+".delay.duration", "is %v, less than 0", d.Duration)
		}
		c.chance(field+".delay", d.Percentage, d.Vars)
	}
}

// chance checks for which requests a fault is.
func (c *checker) chance(field string, percentage *int, vars [][]Expr) {
	const most = 20
	if percentage != nil {
		c.between(field+".percentage", *percentage, 0, 100)
	}
	if len(vars) > most {
		c.add(field+".vars", "has %d alternatives, more than %d", len(vars), most)
	}
}

// headerName checks the name of a header as plugins take it.
func (c *checker) headerName(field, name string) {
	if name == "" || strings.Contains(name, ":") {
		c.add(field, "%q is not a header's name", name)
	}
}

func (c *checker) limitReq(p *LimitReq) {
	const field = "plugins.limit-req"
	if p.Rate <= 0 {
		c.add(field+".rate", "is %v, not greater than 0", p.Rate)
	}
	if p.Burst < 0 {
		c.add(field+".burst", "is %v, less than 0", p.Burst)
	}
	c.oneOf(field+".policy", p.Policy, []string{"local"})
	if p.KeyType != "" {
		c.oneOf(field+".key_type", p.KeyType, []string{"var", "var_combination"})
	}
	if p.Key == "" {
		c.add(field+".key", "is empty: APISIX would take the client's address")
	}
	if p.RejectedCode != 0 {
		c.between(field+".rejected_code", p.RejectedCode, 200, 599)
	}
}

func (c *checker) clientControl(p *ClientControl) {
	c.between("plugins.client-control.max_body_size", p.MaxBodySize, 0, maxExact)
}

// trafficSplit checks the rules; own is the route's own upstream, for entries that name none.
func (c *checker) trafficSplit(p *TrafficSplit, own string) {
	for i, rule := range p.Rules {
		if n := len(rule.WeightedUpstreams); n < 1 || n > MaxSplit {
			c.add(fmt.Sprintf("plugins.traffic-split.rules[%d].weighted_upstreams", i),
				"has %d entries, not 1 to %d", n, MaxSplit)
		}
		seen := map[string]bool{}
		for j, w := range rule.WeightedUpstreams {
			c.weightedUpstream(splitField(i, j, ""), w, own, seen)
		}
	}
}

func (c *checker) weightedUpstream(field string, w WeightedUpstream, own string, seen map[string]bool) {
	if w.UpstreamID == "" && own == "" {
		c.add(field, "stands for the route's own upstream, and the route has none")
	}
	if seen[w.UpstreamID] {
		c.add(field, "the upstream %q is there twice, and the last weight would win", w.UpstreamID)
	}
	seen[w.UpstreamID] = true
	c.between(field+".weight", w.Weight, 0, maxExact)
}

func splitField(rule, entry int, field string) string {
	return fmt.Sprintf("plugins.traffic-split.rules[%d].weighted_upstreams[%d]%s", rule, entry, field)
}
