package diff

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// doing compares what two routes do with requests: where they send them, or what they answer.
func (c *comparison) doing(old, new *apisix.Route) []Aspect {
	var out []Aspect
	for _, a := range []*Aspect{
		aspect("answer", answerWords(old.Plugins), answerWords(new.Plugins)),
		aspect("redirect", redirectWords(old.Plugins), redirectWords(new.Plugins)),
		c.destination(old, new),
		c.ownUpstream(old, new),
	} {
		if a != nil {
			out = append(out, *a)
		}
	}
	return out
}

// ownUpstream compares the upstreams that routes name beside those of traffic-split, to which no request may go.
func (c *comparison) ownUpstream(old, new *apisix.Route) *Aspect {
	if splits(old) && splits(new) && cmp.Or(c.renamed[old.UpstreamID], old.UpstreamID) != new.UpstreamID {
		return aspect("upstream_id", old.UpstreamID, new.UpstreamID)
	}
	return nil
}

func splits(r *apisix.Route) bool {
	return r.Plugins != nil && (r.Plugins.TrafficSplit != nil || r.Plugins.AmeshSplit != nil)
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
	dialled  bool // in place of an upstream: requests go where their clients dialled
}

// targets are the upstreams of a route.
func (s *indexed) targets(r *apisix.Route) []target {
	var out []target
	if p := r.Plugins; p != nil && p.TrafficSplit != nil && len(p.TrafficSplit.Rules) > 0 {
		for _, w := range p.TrafficSplit.Rules[0].WeightedUpstreams {
			id := cmp.Or(w.UpstreamID, r.UpstreamID)
			out = append(out, target{upstream: s.upstreams[id], id: id, weight: w.Weight})
		}
	} else if p != nil && p.AmeshSplit != nil {
		for _, c := range p.AmeshSplit.Choices {
			out = append(out, target{upstream: s.upstreams[c.UpstreamID], id: c.UpstreamID, weight: c.Weight})
		}
	} else if p != nil && p.AmeshPassthrough != nil {
		out = []target{{id: p.AmeshPassthrough.Cluster, weight: 1, dialled: true}}
	} else if r.UpstreamID != "" {
		out = []target{{upstream: s.upstreams[r.UpstreamID], id: r.UpstreamID, weight: 1}}
	}
	slices.SortStableFunc(out, func(a, b target) int { return cmp.Compare(a.cluster(), b.cluster()) })
	return out
}

// cluster is the name of the cluster that the upstream stands for.
func (t target) cluster() string {
	if t.upstream == nil {
		return t.id
	}
	return t.upstream.Cluster()
}

// destination compares where the routes send requests: clusters, shares, and whether they have endpoints at all.
func (c *comparison) destination(old, new *apisix.Route) *Aspect {
	a, b := c.old.targets(old), c.new.targets(new)
	if slices.Equal(essence(a, c.renamed), essence(b, nil)) {
		return nil
	}
	before, after := c.destinationWords(c.old, old), c.destinationWords(c.new, new)
	if before == after { // other upstreams of the same clusters, or shares that hardly differ
		before, after = exactWords(a), exactWords(b)
	}
	return aspect("destination", before, after)
}

// essence is what of the targets a request may notice: which upstreams, by their ids on the new side, and their shares.
func essence(list []target, renamed map[string]string) []string {
	var out []string
	for i, t := range list {
		id := t.id
		if to, ok := renamed[id]; ok {
			id = to
		}
		out = append(out, fmt.Sprintf("%q %s %v %s", id, t.cluster(), portion(list, i), t.state()))
	}
	slices.Sort(out)
	return out
}

// exactWords are the ids of the targets, with their weights.
func exactWords(list []target) string {
	var parts []string
	for _, t := range list {
		words := t.cluster() + " (upstream " + t.id + ")"
		if len(list) > 1 {
			words = fmt.Sprintf("%d of %s", t.weight, words)
		}
		parts = append(parts, words)
	}
	return strings.Join(parts, ", ")
}

// portion is the share of one of the targets, of 1; -1 for the only one, and where all weights are 0.
func portion(list []target, i int) float64 {
	total := 0.0
	for _, t := range list {
		total += float64(t.weight)
	}
	if len(list) < 2 || total == 0 {
		return -1
	}
	return float64(list[i].weight) / total
}

// state says why an upstream serves nobody; empty if it may.
func (t target) state() string {
	switch {
	case t.dialled:
		return "where the client dialled"
	case t.upstream == nil:
		return "missing: 502"
	case len(t.upstream.Nodes) == 0:
		return "no endpoints: 503"
	}
	return ""
}

// share is the share of one of the targets in percent; empty for the only one.
func share(list []target, i int) string {
	p := portion(list, i)
	if p < 0 {
		return ""
	}
	return fmt.Sprintf("%.4g%%", 100*p)
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
	if r.HTTPToHTTPS {
		return "plain HTTP to https"
	}
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

// splitBeside compares what traffic-split has beside the upstreams and weights of a rule without conditions, which the
// destination is: all of several rules, or of one with conditions.
func (c *comparison) splitBeside(oldID, newID string) []Aspect {
	a, b := splitRules(c.old.raw["routes"][oldID]), splitRules(c.new.raw["routes"][newID])
	fields := slices.DeleteFunc(fieldsOf(any(a), any(b)), func(f Field) bool { return c.isRename(f) })
	if len(fields) == 0 {
		return nil
	}
	return []Aspect{{Name: "plugin traffic-split", Old: text(a), New: text(b), Fields: fields}}
}

// isRename says whether a field differs only because an upstream has another id than before.
func (c *comparison) isRename(f Field) bool {
	var old, new string
	if json.Unmarshal([]byte(f.Old), &old) != nil || json.Unmarshal([]byte(f.New), &new) != nil {
		return false
	}
	return strings.HasSuffix(f.Path, "upstream_id") && c.renamed[old] == new
}

// splitRules are the rules of traffic-split; none if there is but one, which holds for every request.
func splitRules(o apisix.Object) []any {
	plugins, _ := o["plugins"].(map[string]any)
	split, _ := plugins["traffic-split"].(map[string]any)
	rules, _ := split["rules"].([]any)
	if len(rules) == 1 {
		if rule, ok := rules[0].(map[string]any); ok && rule["match"] == nil {
			return []any{}
		}
	}
	return append([]any{}, rules...)
}
