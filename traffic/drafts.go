package traffic

import (
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// How many requests are tried: in all, so that a wholly other mesh takes seconds; and of one class of hosts, which rarely has
// more than a few routes.
const (
	mostTries  = 100_000
	mostOfOne  = 6000
	leastOfOne = 100
)

// drafts are the requests to try for a class of hosts, at most so many: for each route one that meets all that it asks for,
// and, from there, for each thing that it asks for, ones that meet it otherwise and ones that miss it; for each route that
// differs and each other one ones that meet what both ask for, as far as that is possible. Where chance decides, the first
// of each route are tried many times.
func (c *class) drafts(most int) []*draft {
	var out []*draft
	for _, r := range c.changed {
		if len(out) < most {
			out = append(out, c.around(r)...)
		}
	}
	if slices.ContainsFunc(c.routes, depends) {
		for _, r := range c.routes {
			out = append(out, drawn(c.base(r))...)
		}
	}
	for _, a := range c.changed {
		for _, b := range c.routes {
			if a != b && len(out) < most {
				out = append(append(out, c.both(a, b)...), c.both(b, a)...)
			}
		}
	}
	for _, r := range c.routes[len(c.changed):] {
		if len(out) < most {
			out = append(out, c.around(r)...)
		}
	}
	return out[:min(len(out), most)]
}

// base is a request that meets all that the route asks for, if its parts do not contradict each other.
func (c *class) base(r *apisix.Route) *draft {
	d := &draft{host: c.host, path: "/", remote: Client}
	if uris := urisOf(r); len(uris) > 0 {
		d.path = encodePath(strings.TrimSuffix(uris[0], "*"))
	}
	if len(r.Methods) > 0 {
		d.method = r.Methods[0]
	}
	d.apply(c.solver.together(r.Vars, true)[0])
	return d
}

// around are the requests around one route.
func (c *class) around(r *apisix.Route) []*draft {
	base := c.base(r)
	out := []*draft{base}
	vary := func(edits ...edit) {
		d := *base
		d.apply(edits)
		out = append(out, &d)
	}
	for _, path := range pathsAround(r) {
		vary(func(d *draft) { d.path = encodePath(path) })
	}
	for _, edits := range c.solver.together(r.Vars, true)[1:] {
		vary(edits...)
	}
	for _, method := range methodsAround(r) {
		vary(func(d *draft) { d.method = method })
	}
	conditions := slices.Concat(r.Vars, pluginConditions(r))
	for i := range conditions {
		for _, want := range []bool{true, false} {
			for _, edits := range c.solver.ways(&conditions[i], want) {
				vary(edits...)
			}
		}
	}
	for _, name := range interpolated(r) {
		if e := editOf(name, sample{text: "x"}); e != nil {
			vary(e)
		}
	}
	vary(func(d *draft) { d.query = "x=1" })
	return out
}

// both are requests that meet what two routes ask for: the path of either.
func (c *class) both(a, b *apisix.Route) []*draft {
	d := c.base(a)
	path := d.path
	d.apply(c.solver.together(b.Vars, true)[0])
	if len(b.Methods) > 0 {
		d.method = b.Methods[0]
	}
	other := *d
	other.path = path
	return []*draft{d, &other}
}

func urisOf(r *apisix.Route) []string {
	if r.URI != "" {
		return append([]string{r.URI}, r.URIs...)
	}
	return r.URIs
}

// pathsAround are the paths at the edges of what the route's uris take, and, where plugins rewrite paths by patterns,
// those of the patterns. Doubled slashes are left out: a person who reads a witness should not wonder about them.
func pathsAround(r *apisix.Route) []string {
	out := []string{"/"}
	for _, uri := range urisOf(r) {
		prefix, wildcard := strings.CutSuffix(uri, "*")
		out = append(out, prefix, prefix+"x", strings.TrimSuffix(prefix, "/")+"/", prefix+"/x")
		if wildcard {
			out = append(out, prefix+"/", strings.TrimSuffix(prefix, "/"))
		}
		if len(prefix) > 1 {
			out = append(out, prefix[:len(prefix)-1])
		}
	}
	for _, pattern := range rewritePatterns(r) {
		out = append(out, matching(pattern, false)...)
	}
	return slices.DeleteFunc(out, func(s string) bool { return !strings.HasPrefix(s, "/") || strings.Contains(s, "//") })
}

func rewritePatterns(r *apisix.Route) []string {
	var out []string
	for _, pairs := range regexURIs(r.Plugins) {
		for i := 0; i < len(pairs); i += 2 {
			out = append(out, pairs[i])
		}
	}
	return out
}

func regexURIs(p *apisix.Plugins) [][]string {
	var out [][]string
	if p != nil && p.ProxyRewrite != nil {
		out = append(out, p.ProxyRewrite.RegexURI)
	}
	if p != nil && p.Redirect != nil {
		out = append(out, p.Redirect.RegexURI)
	}
	return out
}

func methodsAround(r *apisix.Route) []string {
	if len(r.Methods) > 0 {
		return append(slices.Clone(r.Methods), "REPORT")
	}
	if r.Plugins != nil && r.Plugins.Cors != nil {
		return []string{"OPTIONS"}
	}
	return nil
}

// pluginConditions are the conditions on which plugins of the route act.
func pluginConditions(r *apisix.Route) []apisix.Expr {
	var out []apisix.Expr
	var walk func(v reflect.Value)
	walk = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.Pointer:
			if !v.IsNil() {
				walk(v.Elem())
			}
		case reflect.Slice:
			for i := range v.Len() {
				walk(v.Index(i))
			}
		case reflect.Struct:
			if x, is := v.Interface().(apisix.Expr); is {
				out = append(out, x)
				return
			}
			for i := range v.NumField() {
				walk(v.Field(i))
			}
		}
	}
	if r.Plugins != nil {
		walk(reflect.ValueOf(*r.Plugins))
	}
	return out
}

var reference = regexp.MustCompile(`\$\{?((?:http|arg|cookie)_\w+)`)

// interpolated are the variables of requests that plugins of the route put into what they write.
func interpolated(r *apisix.Route) []string {
	if r.Plugins == nil {
		return nil
	}
	var out []string
	for _, m := range reference.FindAllSubmatch(apisix.AppendObject(nil, r.Plugins, apisix.Lines), -1) {
		out = append(out, string(m[1]))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// draws is how many random numbers are tried where chance decides.
const draws = 24

// randomNumber is one of them: they are evenly spread, both halves.
func randomNumber(k uint64) uint64 { return k * 0x0aaaaaaaaaaaaaab }

// drawn is the draft with several random numbers.
func drawn(d *draft) []*draft {
	var out []*draft
	for k := range uint64(draws) {
		one := *d
		one.random = randomNumber(k)
		out = append(out, &one)
	}
	return out
}

// depends says whether what becomes of requests that take the route, or whether they take it, is a matter of chance.
func depends(r *apisix.Route) bool {
	if p := r.Plugins; p != nil && p.FaultInjection != nil {
		if a := p.FaultInjection.Abort; a != nil && a.Percentage != nil && *a.Percentage%100 != 0 {
			return true
		}
		if d := p.FaultInjection.Delay; d != nil && d.Percentage != nil && *d.Percentage%100 != 0 {
			return true
		}
	}
	return slices.ContainsFunc(slices.Concat(r.Vars, pluginConditions(r)), random)
}

func random(x apisix.Expr) bool {
	return x.Var == "request_id" || slices.ContainsFunc(x.Operands, random)
}
