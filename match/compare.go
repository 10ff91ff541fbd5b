package match

import (
	"slices"
	"strconv"
	"strings"

	"github.com/amesh-render/amesh-render/model"
	"github.com/amesh-render/amesh-render/render"
)

// Nodes is whether there is anything behind where a request goes, an aspect of its own: the models do not look at it.
const Nodes model.Aspect = "nodes"

// compare says in what the proxies differ, and which findings say so. Where the destinations differ, nothing else is
// looked at.
func (m *Mesh) compare(r *model.Request, q Query, a *Answer, before, after []variety) (string, []Difference) {
	unknown := func(v variety) bool { return v.outcome.Kind == model.Undecided }
	if slices.ContainsFunc(before, unknown) || slices.ContainsFunc(after, unknown) {
		return Undecided, []Difference{}
	}
	way := wayOf(before, after)
	out := []Difference{}
	envoy, apisix := count(before, destination), count(after, destination)
	if envoy.differs(apisix) {
		d := m.difference(way, aspectOf(envoy, apisix), envoy.String(), apisix.String())
		switch d.Note = m.oddity(r, q, after); {
		case d.Note != "":
			d.Findings = []render.Finding{}
		case len(d.Findings) == 0:
			d.Findings = m.lost(way)
		}
		return Different, append(out, d)
	}
	if !alike(a.Envoy.Outcomes, a.APISIX.Outcomes) {
		d := Difference{Aspect: string(Nodes), Envoy: nodes(a.Envoy.Outcomes), APISIX: nodes(a.APISIX.Outcomes)}
		d.Findings = m.aboutUpstreams(way)
		out = append(out, d)
	}
	for _, aspect := range []model.Aspect{
		model.Body, model.Path, model.Host, model.Headers, model.Location, model.ResponseHeaders, model.Delay,
	} {
		shown := func(o model.Outcome) string { return destination(o) + "\x00" + o.Shown(aspect) }
		if aspect == model.Delay { // the two draws of a delay and of what comes after it may depend on each other
			shown = func(o model.Outcome) string { return o.Delay.String() }
		}
		envoy, apisix := count(before, shown), count(after, shown)
		if envoy.differs(apisix) {
			out = append(out, m.difference(way, aspect, envoy.without(apisix), apisix.without(envoy)))
		}
	}
	if len(out) > 0 {
		return Different, out
	}
	return Same, out
}

// alike says whether with both proxies there is something behind where requests go.
func alike(envoy, apisix []Outcome) bool {
	empty := map[string]bool{}
	for _, o := range envoy {
		if o.Upstream != nil {
			empty[o.Upstream.Name] = o.Upstream.empty()
		}
	}
	for _, o := range apisix {
		if o.Upstream == nil {
			continue
		}
		if before, both := empty[o.Upstream.Name]; both && before != o.Upstream.empty() {
			return false
		}
	}
	return true
}

func (u *Upstream) empty() bool { return !u.Dialled && len(u.Nodes) == 0 }

// nodes says how many nodes there are behind where requests go.
func nodes(outcomes []Outcome) string {
	var out []string
	for _, o := range outcomes {
		text := ""
		switch u := o.Upstream; {
		case u == nil:
			continue
		case u.Dialled:
			text = "the address that the client dialled"
		case len(u.Nodes) == 0:
			text = "none: " + answerOf(503)
		default:
			text = strconv.Itoa(len(u.Nodes))
		}
		if !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	return strings.Join(out, ", ")
}

// wayOf is the way of the request, with whatever any of the draws comes by.
func wayOf(before, after []variety) *Way {
	var want, got model.Outcome
	for _, v := range before {
		want.Clusters = append(want.Clusters, v.outcome.Clusters...)
	}
	for _, v := range after {
		got.Clusters = append(got.Clusters, v.outcome.Clusters...)
	}
	w := NewWay(&model.Trace{}, want, got)
	for _, v := range before {
		w.Trace().Steps = v.trace.Steps
	}
	w.Read()
	return w
}

// difference is one, with the findings that announce it.
func (m *Mesh) difference(w *Way, aspect model.Aspect, envoy, apisix string) Difference {
	d := Difference{Aspect: string(aspect), Envoy: envoy, APISIX: apisix, Findings: []render.Finding{}}
	for _, f := range m.findings {
		if w.Announces(f, aspect) {
			d.Findings = append(d.Findings, f)
		}
	}
	return d
}

// oddity says how it comes that requests go elsewhere, where it lies in how nginx reads this one: if Envoy does with the
// request as nginx reads it what APISIX does.
func (m *Mesh) oddity(r *model.Request, q Query, after []variety) string {
	if why, own := strings.CutPrefix(after[0].outcome.Reason, "nginx: "); own {
		return "nginx does not take this request, whatever the configuration is: " + why
	}
	plain, ok := Plain(r)
	if !ok {
		return ""
	}
	how := reading(r, plain)
	if how == "" || count(ask(m.proxy, plain, q, spreadEnvoy), destination).differs(count(after, destination)) {
		return ""
	}
	return "nginx reads " + how + ", whatever the configuration is"
}

// lost are the findings on the way that something is not rendered, whatever it is: that a connection is not served, say.
func (m *Mesh) lost(w *Way) []render.Finding {
	out := []render.Finding{}
	for _, f := range m.findings {
		if f.Severity != render.Approximate && w.Passes(f.Resource) {
			out = append(out, f)
		}
	}
	return out
}

// aboutUpstreams are the findings about the clusters and endpoints that a request may come by, but the approximate ones.
func (m *Mesh) aboutUpstreams(w *Way) []render.Finding {
	out := []render.Finding{}
	for _, f := range m.findings {
		place, name, _ := strings.Cut(f.Resource, "/")
		if place == "endpoints" { // named as its cluster is, but by the host's own name in front of a subset
			place, name = "cluster", strings.SplitN(name, " ", 2)[0]
		}
		if place == "cluster" && f.Severity != render.Approximate && w.Passes("cluster/"+name) {
			out = append(out, f)
		}
	}
	return out
}
