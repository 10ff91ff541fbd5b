package render

import (
	"cmp"
	"slices"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// An upstreamPart is what becomes of a use of a cluster.
type upstreamPart struct {
	part
	upstream *apisix.Upstream
	several  bool // the cluster has other uses
}

// upstreams are those that a front needs, sorted by id.
type upstreams struct {
	front  *front
	parts  []*upstreamPart
	prints []footprint // of the parts
	uses   []usage     // of the parts
	list   []*apisix.Upstream
}

// renderUpstreams renders the upstreams that routes name. A cluster under several policies becomes several.
func (r *Renderer) renderUpstreams(f *front) *upstreams {
	if r.behind != nil && r.behind.front == f {
		return r.refreshUpstreams()
	}
	count := map[string]int{}
	for _, u := range f.uses {
		count[u.cluster]++
	}
	out := &upstreams{front: f, uses: slices.Clone(f.uses)}
	slices.SortFunc(out.uses, func(a, b usage) int { return cmp.Compare(a.id, b.id) })
	for _, u := range out.uses {
		p := r.among(u, count[u.cluster] > 1)
		out.parts, out.prints = append(out.parts, p), append(out.prints, p.reads.footprint())
	}
	r.made = nil
	out.collect()
	return out
}

// refreshUpstreams renders those upstreams anew of which something has changed.
func (r *Renderer) refreshUpstreams() *upstreams {
	out := r.behind
	for i, print := range out.prints {
		if !r.changes.mayTouch(print) || !r.changes.touch(&out.parts[i].reads) {
			continue
		}
		if out == r.behind {
			out = &upstreams{front: out.front, uses: out.uses, parts: slices.Clone(out.parts), prints: out.prints}
		}
		p := r.upstreamOf(out.uses[i], out.parts[i].several)
		if out.parts[i] = p; p.reads.footprint() != print {
			out.prints = slices.Clone(out.prints)
			out.prints[i] = p.reads.footprint()
		}
	}
	if out != r.behind {
		out.collect()
	}
	return out
}

// collect makes the list, with those of the front that have no cluster.
func (u *upstreams) collect() {
	u.list = make([]*apisix.Upstream, 0, len(u.parts)+len(u.front.closed))
	for _, p := range u.parts {
		u.list = append(u.list, p.upstream)
	}
	if len(u.front.closed) > 0 {
		u.list = append(u.list, u.front.closed...)
		slices.SortStableFunc(u.list, func(a, b *apisix.Upstream) int { return cmp.Compare(a.ID, b.ID) })
	}
}

// named reports whether the upstreams of clusters have these ids.
func (u *upstreams) named(ids []string) bool {
	return slices.EqualFunc(u.uses, ids, func(u usage, id string) bool { return u.id == id })
}

// keepUses makes those parts of the last rendering available that still hold.
func (r *Renderer) keepUses() {
	r.made = map[string]*upstreamPart{}
	if r.behind == nil {
		return
	}
	for i, p := range r.behind.parts {
		if !r.changes.mayTouch(r.behind.prints[i]) || !r.changes.touch(&p.reads) {
			r.made[r.behind.uses[i].id] = p
		}
	}
}

// among is the part of a use, of several of its cluster or the only one.
func (r *Renderer) among(u usage, several bool) *upstreamPart {
	p := r.made[u.id]
	if p == nil || p.several != several {
		p = r.upstreamOf(u, several)
		r.made[u.id] = p
	}
	return p
}

// upstreamOf renders a use of a cluster.
func (r *Renderer) upstreamOf(u usage, several bool) *upstreamPart {
	w := r.fork()
	up := w.upstream(u)
	if several {
		up.Name = label(u.cluster + " #" + u.policy())
		if up.Checks != nil {
			w.findings.approximate(resource("cluster", u.cluster), "", "routes use this cluster in several ways: each has an upstream "+
				"in APISIX, which checks the endpoints by itself")
		}
	}
	w.refused(up.Validate(apisix.JSON))
	return &upstreamPart{w.part, up, several}
}
