package apisix

import (
	"math"
	"math/bits"
	"net/http"
	"slices"
	"strings"

	"github.com/amesh-render/amesh-render/model"
	conf "github.com/amesh-render/amesh-render/render/apisix"
)

// The plugins of templates/lua. All act in the rewrite phase, after proxy-rewrite, or in place of an upstream.

// The priorities of amesh-split and amesh-cluster-header, and of amesh-host after them.
const (
	luaPriority  = 1007
	hostPriority = 1006
)

// luaPlugins are those of a route.
func luaPlugins(p *conf.Plugins) (list []plugin) {
	if s := p.AmeshSplit; s != nil {
		list = append(list, plugin{priority: luaPriority, rewrite: func(x *exchange) bool { return x.draw(s) },
			header: func(x *exchange) {
				if x.lot != nil && x.lot.Plugins != nil && x.lot.Plugins.ResponseRewrite != nil {
					x.rewriteResponse(x.lot.Plugins.ResponseRewrite)
				}
			}})
	}
	if c := p.AmeshClusterHeader; c != nil {
		list = append(list, plugin{priority: luaPriority, rewrite: func(x *exchange) bool { return x.takeCluster(c) }})
	}
	if h := p.AmeshHost; h != nil {
		list = append(list, plugin{priority: hostPriority, rewrite: func(x *exchange) bool {
			if v := x.changed(h.Header); v != "" {
				x.host = v
			}
			return false
		}})
	}
	return list
}

// draw is amesh-split: one choice by weight, and what is done to its requests. Where choices do something of their own, the
// outcome is that of the one alone.
func (x *exchange) draw(p *conf.AmeshSplit) bool {
	var choices []model.Choice
	total := uint64(0)
	for _, c := range p.Choices {
		choices = append(choices, model.Choice{Weight: uint64(max(c.Weight, 0))})
		total += uint64(max(c.Weight, 0))
		x.upstreams = append(x.upstreams, choice{c.UpstreamID, c.Weight})
	}
	i := model.PickIndex(choices, lot(x.Random, total))
	if i < 0 {
		return x.respond(http.StatusServiceUnavailable, "amesh-split has no choice")
	}
	x.lot = &p.Choices[i]
	x.upstream = x.lot.UpstreamID
	if slices.ContainsFunc(p.Choices, func(c conf.AmeshChoice) bool { return c.Plugins != nil }) {
		x.upstreams = []choice{{x.upstream, 1}}
	}
	if own := x.lot.Plugins; own != nil && own.ProxyRewrite != nil {
		return x.rewrite(own.ProxyRewrite)
	}
	return false
}

// lot is a number less than total from those digits of the request's random number by which variables decide splits, too.
func lot(random, total uint64) uint64 {
	hi, lo := bits.Mul64(random&math.MaxUint32, total)
	return hi<<32 | lo>>32
}

// takeCluster is amesh-cluster-header.
func (x *exchange) takeCluster(p *conf.AmeshClusterHeader) bool {
	id := p.Clusters[x.changed(p.Header)]
	if id == "" {
		return x.respond(p.Missing, "no upstream has the name in the header "+p.Header)
	}
	x.upstream, x.upstreams = id, []choice{{id, 1}}
	return false
}

// changed is the value of a request header as plugins before have left it; "" if there is none.
func (x *exchange) changed(name string) string {
	i := slices.IndexFunc(x.headers, func(h model.Header) bool { return strings.EqualFold(h.Name, name) })
	if i < 0 {
		return ""
	}
	return x.headers[i].Value
}

// passthrough is amesh-passthrough: the request goes where the client dialled.
func (x *exchange) passthrough(p *conf.AmeshPassthrough) model.Outcome {
	to := x.Destination
	if !to.IsValid() || to.Port() == x.LocalPort || slices.Contains(p.RefusePorts, int(to.Port())) {
		return answered(http.StatusBadGateway, "amesh-passthrough: the destination is not known, or this proxy")
	}
	return x.routed(model.Outcome{Kind: model.Routed, Cluster: p.Cluster, Clusters: []model.Choice{{Cluster: p.Cluster, Weight: 1}}}, &conf.Upstream{Scheme: p.Scheme})
}
