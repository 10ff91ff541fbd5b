package diff

import (
	"cmp"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// doing compares what two routes do with requests: where they send them, or what they answer. moved says that they name
// upstreams of other ids to the same effect.
func (c *comparison) doing(old, new *apisix.Route) (out []Aspect, moved bool) {
	for _, a := range []*Aspect{
		aspect("answer", answerWords(old.Plugins), answerWords(new.Plugins)),
		aspect("redirect", redirectWords(old.Plugins), redirectWords(new.Plugins)),
		c.destination(old, new),
	} {
		if a != nil {
			out = append(out, *a)
		}
	}
	if len(out) > 0 {
		return out, false
	}
	return c.otherUpstreams(old, new)
}

// otherUpstreams compares the upstreams of two routes that send the same shares to the same clusters. One cluster may have
// several upstreams, with retries or hashing of their own.
func (c *comparison) otherUpstreams(old, new *apisix.Route) (out []Aspect, moved bool) {
	a, b := append(c.old.targets(old), target{id: old.UpstreamID}), append(c.new.targets(new), target{id: new.UpstreamID})
	for i := range min(len(a), len(b)) {
		if a[i].id == b[i].id {
			continue
		}
		moved = true
		was, is := c.old.raw["upstreams"][a[i].id], c.new.raw["upstreams"][b[i].id]
		if was == nil || is == nil { // not one that requests go to: those have been compared
			out = append(out, Aspect{Name: "upstream_id", Old: a[i].id, New: b[i].id})
			continue
		}
		for _, f := range fieldsOf(map[string]any(was), map[string]any(is)) {
			if top := topField(f.Path); top != "nodes" && !slices.Contains(labelFields, top) {
				out = append(out, Aspect{Name: "upstream's " + f.Path, Old: f.Old, New: f.New})
			}
		}
	}
	return out, moved
}

// does is what a route does with requests, in words.
func (c *comparison) does(s *indexed, r *apisix.Route) string {
	var parts []string
	for _, words := range []string{answerWords(r.Plugins), redirectWords(r.Plugins), c.destinationWords(s, r)} {
		if words != "" {
			parts = append(parts, words)
		}
	}
	return strings.Join(parts, "; ")
}

// target is an upstream that a route sends requests to.
type target struct {
	upstream *apisix.Upstream
	id       string
	weight   int
}

// targets are the upstreams of a route.
func (s *indexed) targets(r *apisix.Route) []target {
	var out []target
	if p := r.Plugins; p != nil && p.TrafficSplit != nil && len(p.TrafficSplit.Rules) > 0 {
		for _, w := range p.TrafficSplit.Rules[0].WeightedUpstreams {
			id := cmp.Or(w.UpstreamID, r.UpstreamID)
			out = append(out, target{s.upstreams[id], id, w.Weight})
		}
	} else if r.UpstreamID != "" {
		out = []target{{s.upstreams[r.UpstreamID], r.UpstreamID, 1}}
	}
	slices.SortStableFunc(out, func(a, b target) int { return cmp.Compare(a.cluster(), b.cluster()) })
	return out
}

// cluster is the name of the cluster that the upstream stands for.
func (t target) cluster() string {
	if t.upstream == nil {
		return t.id
	}
	name, _, _ := strings.Cut(cmp.Or(t.upstream.Name, t.id), " #")
	return name
}

// destination compares where the routes send requests: clusters, shares, and whether they have endpoints at all.
func (c *comparison) destination(old, new *apisix.Route) *Aspect {
	a, b := c.old.targets(old), c.new.targets(new)
	if slices.Equal(essence(a), essence(b)) {
		return nil
	}
	return aspect("destination", c.destinationWords(c.old, old), c.destinationWords(c.new, new))
}

// essence is what of the targets a client notices.
func essence(list []target) []string {
	var out []string
	for i, t := range list {
		out = append(out, fmt.Sprintf("%s %s %s", t.cluster(), share(list, i), t.state()))
	}
	return out
}

// state says why an upstream serves nobody; empty if it may.
func (t target) state() string {
	switch {
	case t.upstream == nil:
		return "missing: 502"
	case len(t.upstream.Nodes) == 0:
		return "no endpoints: 503"
	}
	return ""
}

// share is the share of one of the targets in percent; empty for the only one.
func share(list []target, i int) string {
	total := 0
	for _, t := range list {
		total += t.weight
	}
	if len(list) < 2 || total == 0 {
		return ""
	}
	return fmt.Sprintf("%.4g%%", 100*float64(list[i].weight)/float64(total))
}

// destinationWords are the clusters of a route, with their shares, and in brackets the versions of their endpoints.
func (c *comparison) destinationWords(s *indexed, r *apisix.Route) string {
	list := s.targets(r)
	var parts []string
	for i, t := range list {
		words := strings.TrimSpace(share(list, i) + " " + t.cluster())
		if state := t.state(); state != "" {
			words += " (" + state + ")"
		} else if versions := c.versionsIn(t.upstream); versions != "" {
			words += " (" + versions + ")"
		}
		parts = append(parts, words)
	}
	return strings.Join(parts, ", ")
}

// versionsIn are the versions of an upstream's endpoints, "v1 + v2"; empty if they are not known of all.
func (c *comparison) versionsIn(u *apisix.Upstream) string {
	var out []string
	for _, n := range u.Nodes {
		v := c.versions[address(n)]
		if v == "" {
			return ""
		}
		out = append(out, v)
	}
	slices.Sort(out)
	return strings.Join(slices.Compact(out), " + ")
}

// answerWords are what fault-injection answers, and to which requests.
func answerWords(p *apisix.Plugins) string {
	if p == nil || p.FaultInjection == nil || p.FaultInjection.Abort == nil {
		return ""
	}
	a := p.FaultInjection.Abort
	words := fmt.Sprintf("%d %s", a.HTTPStatus, http.StatusText(a.HTTPStatus))
	switch a.HTTPStatus {
	case http.StatusForbidden, http.StatusUnauthorized:
		words = "refuses: " + words
	}
	if a.Body != "" {
		words += fmt.Sprintf(" %.60q", a.Body)
	}
	if a.Percentage != nil && *a.Percentage != 100 {
		words += fmt.Sprintf(" to %d%%", *a.Percentage)
	}
	var alternatives []string
	for _, all := range a.Vars {
		alternatives = append(alternatives, strings.Join(conditionWords(all), " and "))
	}
	if len(alternatives) > 0 {
		words += " if " + strings.Join(alternatives, ", or ")
	}
	return strings.TrimSpace(words)
}

// ownAnswer says whether the words of doing hold all about the faults of two routes.
func ownAnswer(old, new *apisix.Plugins) bool {
	a, b := faultBeside(old), faultBeside(new)
	return reflect.DeepEqual(a, b)
}

// faultBeside is what answerWords leaves out.
func faultBeside(p *apisix.Plugins) any {
	if p == nil || p.FaultInjection == nil {
		return nil
	}
	f := *p.FaultInjection
	if f.Abort != nil {
		abort := *f.Abort
		abort.HTTPStatus, abort.Percentage, abort.Vars = 0, nil, nil
		if len(abort.Body) <= 60 {
			abort.Body = ""
		}
		if abort.Body == "" && len(abort.Headers) == 0 {
			f.Abort = nil
		} else {
			f.Abort = &abort
		}
	}
	if reflect.ValueOf(f).IsZero() {
		return nil
	}
	return f
}

// redirectWords say where redirect sends the client.
func redirectWords(p *apisix.Plugins) string {
	if p == nil || p.Redirect == nil {
		return ""
	}
	r := p.Redirect
	to := r.URI
	if to == "" {
		to = strings.Join(r.RegexURI, " → ")
	}
	words := fmt.Sprintf("%d to %s", cmp.Or(r.RetCode, http.StatusFound), to)
	if r.EncodeURI {
		words += ", encoded"
	}
	if r.AppendQueryString {
		words += ", with the query"
	}
	return words
}

// splitBeside compares what traffic-split has beside upstreams and weights, which the destination is: rules with conditions.
func (c *comparison) splitBeside(oldID, newID string) []Aspect {
	a, b := splitConditions(c.old.raw["routes"][oldID]), splitConditions(c.new.raw["routes"][newID])
	if equal(a, b) {
		return nil
	}
	return []Aspect{{Name: "plugin traffic-split", Old: text(a), New: text(b)}}
}

// splitConditions are the match of each rule.
func splitConditions(o apisix.Object) []any {
	plugins, _ := o["plugins"].(map[string]any)
	split, _ := plugins["traffic-split"].(map[string]any)
	rules, _ := split["rules"].([]any)
	var out []any
	for _, rule := range rules {
		if rule, ok := rule.(map[string]any); ok && rule["match"] != nil {
			out = append(out, rule["match"])
		}
	}
	return out
}
