package apisix

import (
	"fmt"
	"reflect"
)

// plugins checks that the route does something, and each plugin.
func (c *checker) plugins(r *Route) {
	if r.Plugins == nil || reflect.ValueOf(*r.Plugins).IsZero() {
		if r.UpstreamID == "" {
			c.add("upstream_id", "the route has neither an upstream nor plugins")
		}
		return
	}
	if r.Plugins.FaultInjection != nil {
		c.faultInjection(r.Plugins.FaultInjection)
	}
	if r.Plugins.TrafficSplit != nil {
		c.trafficSplit(r.Plugins.TrafficSplit, r.UpstreamID)
	}
}

func (c *checker) faultInjection(p *FaultInjection) {
	const field = "plugins.fault-injection"
	if p.Abort == nil {
		c.add(field, "is empty")
	} else if p.Abort.HTTPStatus < 200 {
		c.add(field+".abort.http_status", "is %d, less than 200", p.Abort.HTTPStatus)
	}
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
