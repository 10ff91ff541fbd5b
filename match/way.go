package match

import (
	"slices"
	"strings"

	"github.com/amesh-render/amesh-render/model"
	"github.com/amesh-render/amesh-render/render"
)

// Way is what a request comes by: the places of the configuration that have a part in what becomes of it.
type Way struct {
	// chosen are the listener, the filter chain, the virtual host and the route that Envoy chooses, and the clusters that
	// either proxy may choose; chain is the filter chain.
	chosen []string
	chain  string
	// skipped are the routes that Envoy looked at before.
	skipped []string
	traces  []*model.Trace // that are not read yet
}

// NewWay reads the way from Envoy's trace and from the outcomes of both proxies.
func NewWay(trace *model.Trace, want, got model.Outcome) *Way {
	w := &Way{traces: []*model.Trace{trace}}
	w.Read()
	for _, c := range slices.Concat(want.Clusters, got.Clusters) {
		w.chosen = append(w.chosen, "cluster/"+c.Cluster)
	}
	return w
}

// Trace is a new trace of what else belongs to the way.
func (w *Way) Trace() *model.Trace {
	t := &model.Trace{}
	w.traces = append(w.traces, t)
	return t
}

// Read takes the places from the traces that Trace has given out, once they are filled.
func (w *Way) Read() {
	for _, trace := range w.traces {
		for _, step := range trace.Steps {
			if step.Taken {
				w.chosen = append(w.chosen, step.What)
			} else {
				w.skipped = append(w.skipped, step.What)
			}
			if strings.Contains(step.What, "filter_chain") {
				w.chain = step.What
			}
		}
	}
	w.traces = nil
}

// Passes says whether a resource is one that the request comes by.
func (w *Way) Passes(resource string) bool { return w.comesBy(w.chosen, resource) }

// comesBy says whether one of the places is the resource, or a part of it, or of a route or a cluster the resource is a
// part. The resource of what is below a route configuration begins with the filter chain, where that holds its routes
// itself.
func (w *Way) comesBy(places []string, resource string) bool {
	resource = strings.TrimPrefix(resource, w.chain+" ")
	return slices.ContainsFunc(places, func(place string) bool {
		leaf := strings.Contains(place, " route/") || strings.HasPrefix(place, "cluster/")
		return place == resource || strings.HasPrefix(place, resource+" ") || leaf && strings.HasPrefix(resource, place+" ")
	})
}

// Announces says whether a finding is on the way, and says that something may differ in the aspect. Where a request goes may
// be decided by the routes that it did not match.
func (w *Way) Announces(f render.Finding, aspect model.Aspect) bool {
	places := w.chosen
	if aspect == model.Destination || aspect == model.Status || aspect == Matching {
		places = slices.Concat(w.chosen, w.skipped)
	}
	return !ofAllRequests[f.Field] && w.comesBy(places, f.Resource) &&
		slices.ContainsFunc(aspectWords[aspect], func(word string) bool { return strings.Contains(f.Field, word) })
}

// ofAllRequests are the fields of findings that say how APISIX reads requests, once for a whole route configuration. They
// excuse nothing: the law knows plain requests better.
var ofAllRequests = map[string]bool{"virtual_hosts.routes.match": true, "virtual_hosts.domains": true}

// aspectWords are what the field of a finding that announces a difference in an aspect has to do with.
var aspectWords = map[model.Aspect][]string{
	model.Destination:     whereTo,
	model.Status:          whereTo,
	Share:                 {"weighted", "cluster", "match"},
	Rewriting:             {"rewrite"},
	Matching:              {"match."},
	model.Body:            {"direct_response", "redirect", "jwt_authn", "ext_authz", "rbac", "fault"},
	model.Path:            {"rewrite", "normalize_path", "merge_slashes"},
	model.Host:            {"host", "strip"},
	model.Headers:         {"request_headers", "jwt_authn"},
	model.Location:        {"redirect", "require_tls", "direct_response", "normalize_path"},
	model.ResponseHeaders: {"response_headers", "cors", "jwt_authn", "direct_response"},
	model.Delay:           {"fault", "typed_per_filter_config"},
}

// whereTo is what can misroute, refuse or let through.
var whereTo = []string{
	"match", "domains", "cluster", "http_filters", "typed_per_filter_config", "redirect", "direct_response", "require_tls",
	"action", "rewrite", "xff_num_trusted_hops", "merge_slashes",
}

// What findings can be about beside the aspects of outcomes.
const (
	Share     model.Aspect = "share"     // how often each of several clusters is chosen
	Rewriting model.Aspect = "rewriting" // what becomes of the path
	Matching  model.Aspect = "matching"  // which route it is
)
