package match

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// pluginsOf are the plugins of a route, and what they do, in the order of their names.
func pluginsOf(r *apisix.Route) (out []Plugin) {
	p := r.Plugins
	if p == nil {
		return nil
	}
	add := func(name string, does ...string) {
		does = slices.DeleteFunc(does, func(s string) bool { return s == "" })
		out = append(out, Plugin{name, strings.Join(does, "; ")})
	}
	if p.AmeshClusterHeader != nil {
		add("amesh-cluster-header", "takes the upstream from the header "+p.AmeshClusterHeader.Header)
	}
	if p.AmeshHost != nil {
		add("amesh-host", "takes the host from the header "+p.AmeshHost.Header)
	}
	if p.AmeshPassthrough != nil {
		add("amesh-passthrough", "sends the request where the client dialled")
	}
	if p.AmeshSplit != nil {
		add("amesh-split", "draws the upstream by weight")
	}
	if p.Brotli != nil {
		add("brotli", "compresses responses")
	}
	if p.ClientControl != nil {
		add("client-control", "limits the size of bodies")
	}
	if p.Cors != nil {
		add("cors", "answers preflights; tells browsers which origins may read the response")
	}
	if f := p.FaultInjection; f != nil {
		add("fault-injection", fault(f)...)
	}
	if p.ForwardAuth != nil {
		add("forward-auth", "asks "+p.ForwardAuth.URI+" whether the request may pass")
	}
	if p.Gzip != nil {
		add("gzip", "compresses responses")
	}
	if p.LimitReq != nil {
		add("limit-req", "refuses what is more than its rate")
	}
	if p.ProxyMirror != nil {
		add("proxy-mirror", "sends a copy to "+p.ProxyMirror.Host)
	}
	if p.ProxyRewrite != nil {
		add("proxy-rewrite", proxyRewrite(p.ProxyRewrite)...)
	}
	if r := p.Redirect; r != nil && r.HTTPToHTTPS {
		add("redirect", "redirects plain HTTP to https")
	} else if r != nil {
		add("redirect", "redirects to "+strings.Join(slices.Concat(notEmpty(r.URI), r.RegexURI), " → "))
	}
	if p.ResponseRewrite != nil {
		add("response-rewrite", "changes headers of the response")
	}
	if p.TrafficSplit != nil {
		add("traffic-split", "chooses the upstream by weight")
	}
	for _, name := range slices.Sorted(maps.Keys(p.Other)) {
		add(name, "not known to this program")
	}
	return out
}

func fault(f *apisix.FaultInjection) (does []string) {
	share := func(percentage *int, vars [][]apisix.Expr) (text string) {
		if percentage != nil {
			text = fmt.Sprintf(" %d %% of the requests", *percentage)
		}
		if vars != nil {
			text += " under conditions"
		}
		return text
	}
	if f.Delay != nil {
		does = append(does, "delays by "+strconv.FormatFloat(f.Delay.Duration, 'f', -1, 64)+" s"+share(f.Delay.Percentage, f.Delay.Vars))
	}
	if f.Abort != nil {
		does = append(does, "answers "+strconv.Itoa(f.Abort.HTTPStatus)+share(f.Abort.Percentage, f.Abort.Vars))
	}
	return does
}

func proxyRewrite(p *apisix.ProxyRewrite) (does []string) {
	if path := slices.Concat(notEmpty(p.URI), p.RegexURI); len(path) > 0 {
		does = append(does, "path "+strings.Join(path, " → "))
	}
	if p.Host != "" {
		does = append(does, "host "+p.Host)
	}
	if h := p.Headers; h != nil {
		for _, name := range slices.Sorted(maps.Keys(h.Add)) {
			does = append(does, "adds "+name)
		}
		for _, name := range slices.Sorted(maps.Keys(h.Set)) {
			does = append(does, "sets "+name)
		}
		for _, name := range h.Remove {
			does = append(does, "removes "+name)
		}
	}
	return does
}

func notEmpty(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}
