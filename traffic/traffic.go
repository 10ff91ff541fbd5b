// Package traffic finds requests of which a change of APISIX's configuration changes what becomes.
//
// It derives requests from what the routes of both configurations ask for: each route's hosts, paths, methods and
// conditions, met one by one, and missed one by one as narrowly as possible; and asks the model of APISIX about each of
// them, before and after. What it lists is proven by a request that anybody can send. What it does not list may still
// have changed: requests are tried, not all requests.
//
// The package is pure: the same configurations give the same requests in the same order.
package traffic

import (
	"cmp"
	"slices"
	"strings"

	"github.com/amesh-render/amesh-render/model"
	apisixmodel "github.com/amesh-render/amesh-render/model/apisix"
	"github.com/amesh-render/amesh-render/render/apisix"
)

// Result is what comes of a comparison.
type Result struct {
	// Changes are in the order of hosts, then of paths; of requests that change alike there is one.
	Changes []Change
	// Requests is how many requests were tried. Those of hosts whose routes and upstreams are the same on both sides are
	// not: their outcome cannot differ.
	Requests int
	// Undecided counts the requests of which the model does not know what becomes, on either side.
	Undecided int
	// Clients says that conditions or plugins of routes look at the client's address.
	Clients bool
	// Unreached are the ids of routes that are not on both sides alike, and that no request took on their side.
	Unreached []string
}

// Change is a request whose outcome changes.
type Change struct {
	// Request is the simplest of those that were tried and change alike.
	Request *model.Request
	// Old and New are what becomes of it. An upstream without nodes counts as an answer with status 503.
	Old, New model.Outcome
	// Aspects are those in which the outcomes differ.
	Aspects []model.Aspect
	// Drawn says that the request changes so for its own random number, and otherwise or not at all for others.
	Drawn bool
	// Others is how many of the other requests that were tried change in the same way: at the same routes, in the same
	// aspects.
	Others int
}

// Compare finds the requests of which a change from one configuration to the other changes what becomes.
func Compare(old, new *apisix.Config) Result {
	c := comparison{
		old: newSide(old), new: newSide(new),
		groups: map[string]int{}, taken: map[string]bool{},
	}
	c.at = listeningOf(c.old, c.new)
	all := classes(c.old, c.new)
	for _, class := range all {
		c.try(class, min(mostOfOne, max(leastOfOne, mostTries/len(all))))
	}
	c.finish()
	return c.result
}

// side is one of the two configurations.
type side struct {
	config *apisix.Config
	router *apisixmodel.Router
	// texts are what the outcome of requests that take a route depends on, by the route's place in config.
	texts []string
}

func newSide(c *apisix.Config) *side {
	s := &side{config: c, router: apisixmodel.New(c)}
	upstreams := map[string]*apisix.Upstream{}
	for _, u := range c.Upstreams {
		upstreams[u.ID] = u
	}
	for _, r := range c.Routes {
		text := apisix.AppendObject(nil, r, apisix.Lines)
		for _, id := range r.UpstreamIDs() {
			text = appendUpstream(append(text, '\n'), upstreams[id])
		}
		s.texts = append(s.texts, string(text))
	}
	return s
}

// appendUpstream appends what the outcome of a request depends on: not which nodes there are, but whether.
func appendUpstream(dst []byte, u *apisix.Upstream) []byte {
	if u == nil {
		return append(dst, "none"...)
	}
	about := &apisix.Upstream{ID: u.ID, Name: u.Name, Scheme: u.Scheme, PassHost: u.PassHost, UpstreamHost: u.UpstreamHost}
	if len(u.Nodes) > 0 {
		about.Nodes = []apisix.Node{{}}
		if u.PassHost == "node" {
			about.Nodes = u.Nodes[:1]
		}
	}
	return apisix.AppendObject(dst, about, apisix.Lines)
}

// comparison is one under way.
type comparison struct {
	old, new *side
	at       listening
	result   Result
	groups   map[string]int  // Changes' indices, by what makes changes alike
	weights  []int           // of the requests of Changes: the lighter is the simpler
	taken    map[string]bool // labels of the routes that requests took, with the side's mark before them
	open     []string        // labels of the routes that some request should take
}

// try tries requests for one class of hosts, at most so many.
func (c *comparison) try(class *class, most int) {
	seen := map[string]bool{}
	for _, d := range class.drafts(most) {
		c.at.place(d)
		if !d.sendable() {
			continue
		}
		r := d.request()
		key := requestKey(r)
		if seen[key] {
			continue
		}
		seen[key] = true
		c.ask(r, d.weight())
	}
	c.open = append(c.open, class.labels...)
}

// ask asks both sides what becomes of a request.
func (c *comparison) ask(r *model.Request, weight int) {
	c.result.Requests++
	old, new := final(c.old.router.Route(r, nil)), final(c.new.router.Route(r, nil))
	c.taken["-"+old.Route], c.taken["+"+new.Route] = true, true
	if old.Kind == model.Undecided || new.Kind == model.Undecided {
		c.result.Undecided++
		if old.Kind == new.Kind {
			return
		}
	}
	aspects := old.Differences(new)
	if len(aspects) == 0 {
		return
	}
	change := Change{Request: r, Old: old, New: new, Aspects: aspects}
	key := change.likeness()
	i, known := c.groups[key]
	if !known {
		c.groups[key] = len(c.result.Changes)
		c.result.Changes = append(c.result.Changes, change)
		c.weights = append(c.weights, weight)
		return
	}
	others := c.result.Changes[i].Others + 1
	if weight < c.weights[i] {
		c.result.Changes[i], c.weights[i] = change, weight
	}
	c.result.Changes[i].Others = others
}

// final is an outcome as the client sees it: an upstream without nodes is an answer.
func final(o model.Outcome) model.Outcome {
	if o.Kind == model.Routed && o.Status != 0 && len(o.Clusters) == 1 {
		o.Kind = model.Answered
	}
	return o
}

// likeness is a text that is the same for changes that are alike: at the same routes, in the same aspects, and, where it is
// the destination or the status, to the same. Routes that are the variants of one count as one: their names do.
func (c Change) likeness() string {
	parts := []string{label(c.Old), label(c.New)}
	for _, a := range c.Aspects {
		parts = append(parts, string(a))
	}
	for _, o := range []model.Outcome{c.Old, c.New} {
		choices := slices.Clone(o.Clusters)
		slices.SortFunc(choices, func(a, b model.Choice) int { return cmp.Compare(a.Cluster, b.Cluster) })
		shown := model.Outcome{Kind: o.Kind, Clusters: choices}
		if o.Kind == model.Answered {
			shown.Status, shown.Clusters = o.Status, nil
		}
		parts = append(parts, shown.String())
	}
	return strings.Join(parts, "\x00")
}

func label(o model.Outcome) string { return cmp.Or(o.Name, o.Route) }

// drawn says whether requests like that of a change fare otherwise for other random numbers.
func (c *comparison) drawn(change Change) bool {
	if change.Request.Random != 0 {
		return true
	}
	like := change.likeness()
	for k := range uint64(draws) {
		again := *change.Request
		again.Random = randomNumber(k)
		other := Change{Old: final(c.old.router.Route(&again, nil)), New: final(c.new.router.Route(&again, nil))}
		other.Aspects = other.Old.Differences(other.New)
		if other.likeness() != like {
			return true
		}
	}
	return false
}

// looksAtClients says whether something in the routes of the side looks at the client's address.
func (s *side) looksAtClients() bool {
	return slices.ContainsFunc(s.texts, func(text string) bool { return strings.Contains(text, "remote_addr") })
}

// finish sorts the changes, and finds the routes that no request took.
func (c *comparison) finish() {
	slices.SortStableFunc(c.result.Changes, func(a, b Change) int {
		return cmp.Or(
			cmp.Compare(a.Request.LocalPort, b.Request.LocalPort), cmp.Compare(a.Request.Authority, b.Request.Authority),
			cmp.Compare(a.Request.Target, b.Request.Target), cmp.Compare(len(a.Request.Headers), len(b.Request.Headers)),
			cmp.Compare(a.likeness(), b.likeness()))
	})
	for i, change := range c.result.Changes {
		c.result.Changes[i].Drawn = c.drawn(change)
	}
	c.result.Clients = c.old.looksAtClients() || c.new.looksAtClients()
	for _, label := range c.open {
		if !c.taken[label] {
			_, id, _ := strings.Cut(label, "/")
			c.result.Unreached = append(c.result.Unreached, id)
		}
	}
	slices.Sort(c.result.Unreached)
	c.result.Unreached = slices.Compact(c.result.Unreached)
}
