package apisix

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/amesh-render/amesh-render/model"
	conf "github.com/amesh-render/amesh-render/render/apisix"
)

// exchange is a request on its way through the plugins of a route, and what comes back.
type exchange struct {
	*request
	router *Router
	route  *route
	// target is what the upstream receives; "" is the target as the client sent it.
	target string
	// rewritten is nginx's own uri, where proxy-rewrite has set it; it is encoded.
	rewritten string
	// host is the Host header for the upstream; "" is the client's.
	host string
	// headers are the request's, as changed.
	headers []model.Header
	// upstream is the id of the one that a plugin has chosen, "" for the route's own, and lot the choice of amesh-split;
	// upstreams are all that might have been chosen.
	upstream  string
	lot       *conf.AmeshChoice
	upstreams []choice
	// captures are those of proxy-rewrite's regex_uri.
	captures []string
	// origin is the Origin header as cors has seen it; absent until then.
	origin value
	// out is the outcome so far.
	out model.Outcome
}

// plugin is one plugin of a route: what it does in which phase. A phase that a plugin does not have is nil.
type plugin struct {
	priority int
	meta     *conf.Meta
	// rewrite and access return true when they have answered.
	rewrite, access func(*exchange) bool
	header          func(*exchange)
}

// serve is what happens once a route has matched: its plugins, phase by phase and in each by priority, then the upstream.
func (r *Router) serve(route *route, q *request) model.Outcome {
	if route.incomplete {
		return answered(http.StatusServiceUnavailable, "no plugin_config "+strconv.Quote(route.msg.PluginConfigID))
	}
	x := &exchange{request: q, router: r, route: route, headers: slices.Clone(q.Headers)}
	plugins, why := x.plugins()
	if why != "" {
		return model.Outcome{Kind: model.Undecided, Reason: why}
	}
	x.answer(plugins)
	for _, p := range plugins {
		if p.header != nil {
			p.header(x)
		}
	}
	x.out.Unmodelled = unmodelled(r.global, route.msg.Plugins)
	return x.out
}

// answer runs the phases until one has decided what the response is.
func (x *exchange) answer(plugins []plugin) {
	for _, p := range plugins {
		if p.rewrite != nil && p.rewrite(x) {
			return
		}
	}
	for _, p := range plugins {
		if p.access != nil && p.access(x) {
			return
		}
	}
	delay := x.out.Delay
	x.out = x.router.forward(x)
	x.out.Delay = delay
}

// respond sets the plugins' own answer.
func (x *exchange) respond(status int, why string) bool {
	x.out.Kind, x.out.Status, x.out.Reason = model.Answered, status, why
	return true
}

// plugins are those that run, those that come first in each phase first. Those of which the filter does not hold do not
// run; if that cannot be decided, why says so.
func (x *exchange) plugins() (list []plugin, why string) {
	for _, p := range pluginsOf(x.route.plugins) {
		if p.meta != nil {
			if p.meta.Priority != 0 {
				p.priority = p.meta.Priority
			}
			switch x.hold(p.meta.Filter) {
			case model.No:
				continue
			case model.Unknown:
				return nil, "the filter of a plugin cannot be decided"
			}
		}
		list = append(list, p)
	}
	slices.SortStableFunc(list, func(a, b plugin) int { return b.priority - a.priority })
	return list, ""
}

// hold says whether all of the conditions do. One that APISIX refuses cannot be met here: New has refused the route.
func (x *exchange) hold(conditions []conf.Expr) model.Verdict {
	v := model.Yes
	for _, c := range conditions {
		compiled, err := compile(c)
		if err != nil {
			return model.Unknown
		}
		v = v.And(compiled.holds(x.request))
	}
	return v
}

// pluginsOf are the plugins of a route that change an outcome. Those that do not are left out: brotli, client-control,
// gzip, limit-req and proxy-mirror.
func pluginsOf(p *conf.Plugins) []plugin {
	if p == nil {
		return nil
	}
	var list []plugin
	if f := p.FaultInjection; f != nil {
		list = append(list, plugin{priority: 11000, meta: f.Meta, rewrite: func(x *exchange) bool { return x.fault(f) }})
	}
	if c := p.Cors; c != nil {
		list = append(list, plugin{priority: 4000, meta: c.Meta,
			rewrite: func(x *exchange) bool { return x.preflight() }, header: func(x *exchange) { x.share(c) }})
	}
	if a := p.ForwardAuth; a != nil {
		list = append(list, plugin{priority: 2002, access: func(x *exchange) bool {
			x.out = model.Outcome{Kind: model.Undecided, Reason: "forward-auth asks " + a.URI}
			return true
		}})
	}
	if p := p.ProxyRewrite; p != nil {
		list = append(list, plugin{priority: 1008, meta: p.Meta, rewrite: func(x *exchange) bool { return x.rewrite(p) }})
	}
	list = append(list, luaPlugins(p)...)
	if r := p.Redirect; r != nil {
		list = append(list, plugin{priority: 900, rewrite: func(x *exchange) bool { return x.redirect(r) }})
	}
	if r := p.ResponseRewrite; r != nil {
		list = append(list, plugin{priority: 899, meta: r.Meta, header: func(x *exchange) { x.rewriteResponse(r) }})
	}
	return list
}

// setHeader replaces the headers of that name by ones with the values; none removes them. The names are compared as HTTP
// does: "x_a" is not "x-a".
func setHeader(headers []model.Header, name string, values ...string) []model.Header {
	name = strings.ToLower(name)
	headers = slices.DeleteFunc(slices.Clone(headers), func(h model.Header) bool { return strings.ToLower(h.Name) == name })
	return addHeader(headers, name, values...)
}

func addHeader(headers []model.Header, name string, values ...string) []model.Header {
	for _, v := range values {
		headers = append(headers, model.Header{Name: strings.ToLower(name), Value: v})
	}
	return headers
}
