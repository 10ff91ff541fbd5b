// Package apisix is a model of how Apache APISIX 3.18 routes a request with its router radixtree_host_uri: from the
// configuration in an apisix.yaml and a model.Request to the upstream that it goes to, or the answer that APISIX gives.
//
// It covers nginx's normalisation of host and path, the router, the conditions in vars, and what plugins do to the request
// and the response: fault-injection, cors, proxy-rewrite, redirect, response-rewrite and traffic-split, in their phases and
// by priority. It does not cover timeouts, retries or the choice among an upstream's nodes, nor nginx's limits on sizes,
// nor the headers that the proxy sets by itself (X-Forwarded-*, X-Real-IP, Server, …, for gRPC Content-Type and TE); brotli, client-control, gzip,
// limit-req and proxy-mirror change no outcome, and what forward-auth asks is undecided. Plugins that the renderer never
// uses are taken to let requests pass; Outcome.Unmodelled names them.
//
// Patterns are PCRE for APISIX and are evaluated with Go's regexp, where it parses them. That assumes what holds for
// patterns written for RE2 over paths and headers: "." is a byte for PCRE and a character here, which differs only where
// characters are counted; letters beyond ASCII are not folded; no pattern, and none of those that APISIX makes of uris,
// exhausts lua_regex_match_limit, after which PCRE reports no match; "$" is not used where a final newline matters,
// because in PCRE it matches before one. A pattern that only PCRE may understand makes its condition, and so perhaps the
// outcome, undecided.
package apisix

import (
	"cmp"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strings"

	"github.com/amesh-render/amesh-render/model"
	conf "github.com/amesh-render/amesh-render/render/apisix"
)

// Router is an APISIX with its configuration, prepared for many requests. It is immutable and safe for concurrent use.
type Router struct {
	hosts     map[string]*paths // exact
	suffixes  map[string]*paths // of "*.b.c": ".b.c"; of "*": ""
	anyHost   *paths            // routes without hosts, tried after all others
	upstreams map[string]*conf.Upstream
	dropped   []error
	// global are the plugins of global rules, which see every request, and which the model does not know.
	global []string
}

// New prepares the configuration. Routes are taken in the order of c, which is the order of the file, and decides among
// equals. A later object replaces an earlier one of the same id.
func New(c *conf.Config) *Router {
	r := &Router{
		hosts: map[string]*paths{}, suffixes: map[string]*paths{}, anyHost: newPaths(),
		upstreams: map[string]*conf.Upstream{}, global: globalPlugins(c.Others["global_rules"]),
	}
	for _, u := range c.Upstreams {
		r.upstreams[u.ID] = u
	}
	for _, msg := range lastOfEachID(c.Routes) {
		route, err := newRoute(c, msg)
		if err != nil {
			r.dropped = append(r.dropped, fmt.Errorf("route %q: %w", msg.ID, err))
			continue
		}
		r.add(route)
	}
	return r
}

// lastOfEachID is routes with only the last of several with one id, at the place of the first.
func lastOfEachID(routes []*conf.Route) []*conf.Route {
	var out []*conf.Route
	at := map[string]int{}
	for _, route := range routes {
		if i, seen := at[route.ID]; seen {
			out[i] = route
			continue
		}
		at[route.ID] = len(out)
		out = append(out, route)
	}
	return out
}

// Dropped are the routes that APISIX would leave out when it loads the file, and why. Their requests fall to other
// routes.
func (r *Router) Dropped() []error { return r.dropped }

func (r *Router) add(route *route) {
	if len(route.msg.Hosts) == 0 {
		r.anyHost.add(route)
	}
	for _, host := range route.msg.Hosts {
		host = strings.ToLower(host) // as APISIX does when it loads a route
		into, key := r.hosts, host
		if suffix, wildcard := strings.CutPrefix(host, "*"); wildcard {
			into, key = r.suffixes, suffix
		}
		if into[key] == nil {
			into[key] = newPaths()
		}
		into[key].add(route)
	}
}

// Route says what becomes of r. If t is not nil, the hosts, and the routes that were considered, are recorded in it.
func (r *Router) Route(req *model.Request, t *model.Trace) model.Outcome {
	q, status, why := newRequest(req)
	if status != 0 {
		return model.Outcome{Kind: model.Answered, Status: status, Reason: "nginx: " + why}
	}
	for host, bucket := range r.levels(q.host) {
		t.Take("host "+host, "")
		chosen, why := bucket.find(q, t)
		if why != "" {
			return model.Outcome{Kind: model.Undecided, Reason: why}
		}
		if chosen != nil {
			o := r.serve(chosen, q)
			o.VirtualHost, o.Route, o.Name = host, chosen.label, chosen.msg.Name
			return o
		}
		t.Skip("host "+host, "no route matches; APISIX goes on to less specific hosts")
	}
	return model.Outcome{Kind: model.NoRoute, Status: http.StatusNotFound, Reason: "no route matches"}
}

// levels yields the routes for a host, most specific first: the exact host, the wildcards from the longest suffix to the
// shortest, the routes without hosts. When no route of one level matches, APISIX goes on to the next. A wildcard also
// stands for nothing: "*.b" takes ".b".
func (r *Router) levels(host string) iter.Seq2[string, *paths] {
	return func(yield func(string, *paths) bool) {
		if p := r.hosts[host]; p != nil && !yield(host, p) {
			return
		}
		for i := 0; i <= len(host); i++ {
			if p := r.suffixes[host[i:]]; p != nil && !yield("*"+host[i:], p) {
				return
			}
		}
		yield("any", r.anyHost)
	}
}

// paths are the routes of one host level, in buckets of one exact path or one prefix.
type paths struct {
	exact, prefixes map[string][]entry
	longest         int // of the prefixes
}

// entry is a route at one of its uris.
type entry struct {
	*route
	uri string
	// rest must hold too: what APISIX checks for prefixes with a wildcard segment.
	rest pattern
}

func newPaths() *paths { return &paths{exact: map[string][]entry{}, prefixes: map[string][]entry{}} }

func (p *paths) add(r *route) {
	for _, uri := range r.uris {
		prefix, _, wildcard := strings.Cut(uri, "*")
		if !wildcard {
			p.exact[uri] = insert(p.exact[uri], entry{route: r, uri: uri, rest: always})
			continue
		}
		p.prefixes[prefix] = insert(p.prefixes[prefix], entry{route: r, uri: uri, rest: segmentPattern(uri)})
		p.longest = max(p.longest, len(prefix))
	}
}

// insert keeps a bucket in the order in which APISIX tries it: priority, highest first; then the length of the uri,
// longest first; then the order of the file.
func insert(bucket []entry, e entry) []entry {
	bucket = append(bucket, e)
	slices.SortStableFunc(bucket, func(a, b entry) int {
		return cmp.Or(cmp.Compare(b.msg.Priority, a.msg.Priority), cmp.Compare(len(b.uri), len(a.uri)))
	})
	return bucket
}

// find is the first route that matches: of the exact path, then of the prefixes from the longest to the shortest. It is
// nil if none does. If why is not empty, that cannot be decided.
func (p *paths) find(q *request, t *model.Trace) (found *route, why string) {
	if r, why := first(p.exact[q.uri], q, t); r != nil || why != "" {
		return r, why
	}
	for i := min(p.longest, len(q.uri)); i >= 0; i-- {
		if r, why := first(p.prefixes[q.uri[:i]], q, t); r != nil || why != "" {
			return r, why
		}
	}
	return nil, ""
}

func first(bucket []entry, q *request, t *model.Trace) (found *route, why string) {
	for _, e := range bucket {
		verdict, why := e.matches(q)
		if verdict == model.Yes {
			verdict, why = e.rest.match(q.uri), "uri is not "+e.uri+" as APISIX reads it"
		}
		switch verdict {
		case model.No:
			t.Skip(e.label, why)
		case model.Unknown:
			return nil, e.label + ": " + why
		case model.Yes:
			t.Take(e.label, "uri "+e.uri)
			return e.route, ""
		}
	}
	return nil, ""
}
