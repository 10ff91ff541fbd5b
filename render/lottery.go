package render

import (
	"reflect"
	"slices"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// A lot is one choice of a split that the plugin amesh-split draws: an upstream, and what is done to the requests that go
// there and to their responses.
type lot struct {
	weight            int
	upstream          string
	rewrite           *apisix.ProxyRewrite // of path and host
	request, response mutations
}

// lottery is one variant for the choices of a leg, of which the plugin amesh-split draws one for each request. Unlike
// APISIX's own traffic-split it is random, keeps nothing that a reload would lose, and knows what each choice does.
func (r *renderer) lottery(f *forwarding, l leg, grpc bool) variant {
	var v variant
	for i, c := range l.choices {
		one := r.toUpstream(f, leg{choices: []choice{c}, own: c.own, index: c.index}, grpc)
		if i == 0 {
			v = one
			v.tag, v.vars = l.tag, l.vars
		}
		s := lot{weight: int(c.weight), upstream: one.route.UpstreamID, request: one.request, response: one.response}
		if one.route.Plugins != nil {
			s.rewrite = one.route.Plugins.ProxyRewrite
		}
		v.shares = append(v.shares, s)
	}
	v.route.UpstreamID = ""
	v.plugins().ProxyRewrite = nil
	return v
}

// removeFirst removes a header of the request before all that is done to it.
func (v *variant) removeFirst(name string) {
	v.request.removeFirst(name)
	v.shares = slices.Clone(v.shares)
	for i := range v.shares {
		v.shares[i].request.removeFirst(name)
	}
}

// draw completes the plugins of a variant with shares. What is the same for all of them is the route's.
func (v variant) draw(plugins *apisix.Plugins) {
	filters := plugins.ResponseRewrite
	split := &apisix.AmeshSplit{}
	for _, s := range v.shares {
		one := variant{forwards: true, request: s.request, response: s.response}
		split.Choices = append(split.Choices, apisix.AmeshChoice{Weight: s.weight, UpstreamID: s.upstream,
			Plugins: &apisix.ChoicePlugins{ProxyRewrite: one.proxyRewrite(s.rewrite), ResponseRewrite: one.responseRewrite(filters)}})
	}
	first := split.Choices[0].Plugins
	alike := !slices.ContainsFunc(split.Choices, func(c apisix.AmeshChoice) bool { return !reflect.DeepEqual(c.Plugins, first) })
	for i, c := range split.Choices {
		if alike || *c.Plugins == (apisix.ChoicePlugins{}) {
			split.Choices[i].Plugins = nil
		}
	}
	plugins.ProxyRewrite, plugins.ResponseRewrite, plugins.AmeshSplit = nil, nil, split
	if alike {
		plugins.ProxyRewrite, plugins.ResponseRewrite = first.ProxyRewrite, first.ResponseRewrite
	}
}
