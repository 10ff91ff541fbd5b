package apisix

import "fmt"

// Validate returns everything in c for which APISIX would drop an object, lose its meaning, or refuse the file, were c
// written in the format f: in the order of the file's kinds, for each object in the order of its checks. It covers
// APISIX's JSON schemas, what APISIX checks in Lua beside them, what it does not check though it should (references,
// duplicates, hosts that never match), and the limits of its text readers.
//
// APISIX drops a bad object and loads the rest, so that its traffic falls to a less specific route. Not checked: whether
// PCRE takes a regular expression.
func (c *Config) Validate(f Format) []Problem { return c.validate(f, true) }

// ValidateLinks returns those of Validate's problems that [Route.Validate] and [Upstream.Validate] do not find: of ids,
// references, and objects of other sections. It is for callers that have validated routes and upstreams one by one.
func (c *Config) ValidateLinks(f Format) []Problem { return c.validate(f, false) }

func (c *Config) validate(f Format, each bool) []Problem {
	var problems []Problem
	known := map[string]map[string]bool{"upstreams": {}}
	for _, u := range c.Upstreams {
		if u != nil {
			known["upstreams"][u.ID] = true
		}
	}
	for section, objects := range c.Others {
		known[section] = map[string]bool{}
		for _, o := range objects {
			known[section][o.ID(section)] = true
		}
	}
	seen := map[string]bool{}
	for i, r := range c.Routes {
		if r == nil {
			problems = append(problems, nilProblem("route", i))
			continue
		}
		check := checker{kind: "route", id: r.ID}
		if each {
			check.problems = r.Validate(f)
		}
		check.unique(seen)
		check.references(r, known)
		problems = append(problems, check.problems...)
	}
	problems = append(problems, c.validateUpstreams(f, each)...)
	return append(problems, c.validateOthers(f, known)...)
}

func (c *Config) validateUpstreams(f Format, each bool) []Problem {
	var problems []Problem
	seen := map[string]bool{}
	for i, u := range c.Upstreams {
		if u == nil {
			problems = append(problems, nilProblem("upstream", i))
			continue
		}
		check := checker{kind: "upstream", id: u.ID}
		if each {
			check.problems = u.Validate(f)
		}
		check.unique(seen)
		problems = append(problems, check.problems...)
	}
	return problems
}

func nilProblem(kind string, i int) Problem {
	return Problem{kind, "", fmt.Sprintf("%ss[%d]", kind, i), "is nil"}
}

// unique checks that no other object of the kind has the id: of two the last would win.
func (c *checker) unique(seen map[string]bool) {
	if seen[c.id] {
		c.add("id", "another %s has this id", c.kind)
	}
	seen[c.id] = true
}

// references checks that the upstreams that r names are there: a request would be answered 502, or 500 by traffic-split.
func (c *checker) references(r *Route, known map[string]map[string]bool) {
	if r.Raw != nil {
		c.objectReferences(r.Raw, known)
		return
	}
	const missing = "no upstream has the id %q"
	if r.UpstreamID != "" && !known["upstreams"][r.UpstreamID] {
		c.add("upstream_id", missing, r.UpstreamID)
	}
	if r.PluginConfigID != "" && !known["plugin_configs"][r.PluginConfigID] {
		c.add("plugin_config_id", "no plugin_config has the id %q", r.PluginConfigID)
	}
	for field, id := range r.Plugins.upstreams {
		if !known["upstreams"][id] {
			c.add(field, missing, id)
		}
	}
}
