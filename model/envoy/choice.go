package envoy

import (
	"slices"

	"github.com/amesh-render/amesh-render/model"
)

// choice is what the route table chose for a request, before the HTTP filters have seen it.
type choice struct {
	table *Table
	host  *virtualHost // nil if no domain matches
	route *route       // nil if no route matches, or none was asked
	// cluster is the one chosen among the route's weighted clusters, or nil.
	cluster *weightedCluster
	// otherwise is the outcome if there is no route. It is undecided where the choice is.
	otherwise model.Outcome
}

// serve is what becomes of the request when all filters have let it pass.
func (c *choice) serve(r *request) model.Outcome {
	if c.route == nil {
		return c.otherwise
	}
	return c.placed(c.route.act(r, c))
}

// placed is o with the place of the choice.
func (c *choice) placed(o model.Outcome) model.Outcome {
	if c.host != nil {
		o.VirtualHost = c.host.name
	}
	if c.route != nil {
		o.Route, o.Name = c.route.label, c.route.name
	}
	return o
}

// levels are the operations on headers in the order in which Envoy applies them: those of the weighted cluster first,
// whatever most_specific_header_mutations_wins says.
func (c *choice) levels() []operations {
	out := []operations{c.route.operations, c.host.operations, c.table.operations}
	if c.table.mostSpecificWins {
		slices.Reverse(out)
	}
	if c.cluster != nil {
		out = slices.Insert(out, 0, c.cluster.operations)
	}
	return out
}

// request changes the request's headers as the configuration says; problem is why nobody knows what it says.
func (c *choice) request(r *request) (problem string) {
	context := &formatContext{request: r}
	for _, level := range c.levels() {
		if level.request.problem != "" {
			return level.request.problem
		}
		r.headers = level.request.apply(context, r.headers)
	}
	return ""
}

// response is the headers of a response after the operations on it.
func (c *choice) response(r *request, headers []model.Header) (out []model.Header, problem string) {
	context := &formatContext{request: r, responding: true}
	for _, level := range c.levels() {
		if level.response.problem != "" {
			return nil, level.response.problem
		}
		headers = level.response.apply(context, headers)
	}
	return headers, ""
}

// answer is an answer of the route itself, with the operations applied to its headers. Envoy drops the Content-Type of
// an answer without a body.
func (c *choice) answer(r *request, o model.Outcome) model.Outcome {
	headers, problem := c.response(r, o.ResponseHeaders)
	if problem != "" {
		return undecided(c.route.label, problem)
	}
	if o.Body == "" {
		headers = removed(headers, "content-type")
	}
	o.ResponseHeaders = foreign(headers)
	return o
}

// configs are the settings that the levels have for the HTTP filter called name, most specific first, and whether they
// say that it is disabled; said is false where none says either.
func (c *choice) configs(name string) (settings []any, disabled, said bool) {
	if c.route == nil {
		return nil, false, false
	}
	levels := []filterConfigs{c.route.configs, c.host.configs, c.table.configs}
	if c.cluster != nil {
		levels = slices.Insert(levels, 0, c.cluster.configs)
	}
	for _, level := range levels {
		config, ok := level[name]
		if !ok {
			continue
		}
		if !said {
			disabled, said = config.disabled, true
		}
		if config.settings != nil {
			settings = append(settings, config.settings)
		}
	}
	return settings, disabled, said
}
