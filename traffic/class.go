package traffic

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// class is a set of hosts that the same routes of both sides serve, of which one stands for all.
type class struct {
	host   string // as a client sends it, without a port
	routes []*apisix.Route
	solver *solver
	// changed are those of the routes that are not on both sides alike; labels are "-route/<id>" or "+route/<id>".
	changed []*apisix.Route
	labels  []string
}

// anyHost is a host that no route names: it stands for the hosts that only routes without hosts serve.
const anyHost = "any.invalid"

// classes are the classes of hosts of which something differs between the sides, those first whose hosts are easier to read.
func classes(old, new *side) []*class {
	names := map[string]bool{anyHost: true}
	for _, s := range []*side{old, new} {
		for _, r := range s.config.Routes {
			for _, host := range hostsOf(r) {
				names[host] = true
			}
		}
	}
	before, after := newHostIndex(old), newHostIndex(new)
	seen := map[string]bool{}
	var out []*class
	for _, host := range slices.SortedFunc(maps.Keys(names), byHost) {
		oldRoutes, newRoutes := before.serving(host), after.serving(host)
		if same(old, oldRoutes, new, newRoutes) {
			continue
		}
		if key := classKey(oldRoutes, newRoutes) + before.told(host, oldRoutes) + after.told(host, newRoutes); !seen[key] {
			seen[key] = true
			out = append(out, newClass(host, old, oldRoutes, new, newRoutes))
		}
	}
	return out
}

// byHost has the hosts first that a person would rather read: names before addresses, short ones before long ones.
func byHost(a, b string) int {
	return cmp.Or(cmp.Compare(hostWeight(a), hostWeight(b)), cmp.Compare(a, b))
}

func hostWeight(host string) int {
	_, err := netip.ParseAddr(strings.Trim(host, "[]"))
	switch {
	case err == nil:
		return 1000
	case host == anyHost:
		return 500
	}
	return len(host)
}

// hostsOf are hosts for which a route may be asked: those that it names, and those that its conditions look for.
func hostsOf(r *apisix.Route) []string {
	var out []string
	for _, host := range r.Hosts {
		out = append(out, instance(strings.ToLower(host)))
	}
	for _, x := range hostConditions(r.Vars) {
		for _, s := range samples(x.Op, x.Value, true) {
			if host := strings.ToLower(s.text); apisix.IsNodeHost(host) {
				out = append(out, host)
			}
		}
	}
	return out
}

// hostConditions are the comparisons of the host anywhere in the conditions.
func hostConditions(vars []apisix.Expr) []*apisix.Expr {
	var out []*apisix.Expr
	for i := range vars {
		if x := &vars[i]; x.Logic == "" && x.Var == "host" {
			out = append(out, x)
		}
		out = append(out, hostConditions(vars[i].Operands)...)
	}
	return out
}

// instance is a host that a route with this pattern serves.
func instance(pattern string) string {
	if suffix, wildcard := strings.CutPrefix(pattern, "*"); wildcard {
		return "some" + suffix
	}
	return pattern
}

// hostIndex finds the routes of a host.
type hostIndex struct {
	byHost     map[string][]int // by the pattern, "" for routes without hosts
	conditions [][]*apisix.Expr // of each route: those on the host
}

func newHostIndex(s *side) hostIndex {
	x := hostIndex{byHost: map[string][]int{}}
	for i, r := range s.config.Routes {
		x.conditions = append(x.conditions, hostConditions(r.Vars))
		for _, host := range r.Hosts {
			host = strings.ToLower(host)
			x.byHost[host] = append(x.byHost[host], i)
		}
		if len(r.Hosts) == 0 {
			x.byHost[""] = append(x.byHost[""], i)
		}
	}
	return x
}

// serving are the places of the routes that a request for the host may come to, the most specific first, -1 between
// levels.
func (x hostIndex) serving(host string) []int {
	out := slices.Clone(x.byHost[host])
	for i := 0; i <= len(host); i++ {
		if level := x.byHost["*"+host[i:]]; len(level) > 0 {
			out = append(append(out, -1), level...)
		}
	}
	return append(append(out, -1), x.byHost[""]...)
}

// told says which of the routes' conditions on the host hold, as a text.
func (x hostIndex) told(host string, routes []int) string {
	var b []byte
	for _, i := range routes {
		if i < 0 {
			continue
		}
		for _, c := range x.conditions[i] {
			b = strconv.AppendBool(b, sample{text: host}.meets(c))
		}
	}
	return string(b)
}

// same says whether the outcome of every request is the same on both sides.
func same(old *side, oldRoutes []int, new *side, newRoutes []int) bool {
	return slices.EqualFunc(oldRoutes, newRoutes, func(a, b int) bool {
		return a == b && a < 0 || a >= 0 && b >= 0 && old.texts[a] == new.texts[b]
	})
}

func classKey(lists ...[]int) string {
	var b []byte
	for _, list := range lists {
		for _, i := range list {
			b = append(strconv.AppendInt(b, int64(i), 10), ' ')
		}
		b = append(b, '\n')
	}
	return string(b)
}

// newClass collects the routes of both sides, each once: those that are not on both sides alike first.
func newClass(host string, old *side, oldRoutes []int, new *side, newRoutes []int) *class {
	c := &class{host: host, solver: newSolver()}
	texts := map[string]int{} // on how many sides
	for _, part := range []servedBy{{old, oldRoutes}, {new, newRoutes}} {
		part.each(func(_ *apisix.Route, text string) { texts[text]++ })
	}
	var both []*apisix.Route
	for mark, part := range []servedBy{{old, oldRoutes}, {new, newRoutes}} {
		mark := [...]string{"-", "+"}[mark]
		part.each(func(r *apisix.Route, text string) {
			switch {
			case texts[text] == 1:
				c.changed = append(c.changed, r)
				c.labels = append(c.labels, mark+"route/"+r.ID)
			case mark == "-":
				both = append(both, r)
			}
		})
	}
	c.routes = append(slices.Clip(c.changed), both...)
	return c
}

// servedBy are the routes of a side that serve a host.
type servedBy struct {
	s      *side
	routes []int
}

func (b servedBy) each(do func(r *apisix.Route, text string)) {
	for _, i := range b.routes {
		if i >= 0 {
			do(b.s.config.Routes[i], b.s.texts[i])
		}
	}
}
