package apisix

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"
)

// references are the fields by which objects name objects of other sections, and what APISIX calls those.
var references = []struct{ field, section, kind string }{
	{"upstream_id", "upstreams", "upstream"},
	{"service_id", "services", "service"},
	{"plugin_config_id", "plugin_configs", "plugin_config"},
	{"group_id", "consumer_groups", "consumer_group"},
}

// KindOf is what one object of a section is called: "route" for "routes".
func KindOf(section string) string {
	if section == "plugin_metadata" {
		return section
	}
	return strings.TrimSuffix(section, "s")
}

// validateOthers checks the objects that have no struct: their ids, references and texts, not their fields.
func (c *Config) validateOthers(f Format, known map[string]map[string]bool) []Problem {
	var problems []Problem
	for _, section := range Sections {
		seen := map[string]bool{}
		for i, o := range c.Others[section] {
			check := checker{kind: KindOf(section), id: o.ID(section), format: f}
			if o == nil {
				problems = append(problems, Problem{check.kind, "", fmt.Sprintf("%s[%d]", section, i), "is nil"})
				continue
			}
			check.object(o)
			check.unique(seen)
			check.objectReferences(o, known)
			if section == "stream_routes" {
				check.pluginReferences(o, known)
			}
			problems = append(problems, check.problems...)
		}
	}
	return problems
}

// username is the pattern of APISIX's schema of consumers.
var username = regexp.MustCompile(`^[a-zA-Z0-9_-]+$`)

// object checks the id and the texts of an object of the user's.
func (c *checker) object(o Object) []Problem {
	switch {
	case c.kind != "consumer":
		c.checkID()
	case !username.MatchString(c.id):
		c.add("username", "%q has characters other than letters, digits, '-' and '_'", c.id)
	}
	c.own(reflect.ValueOf(map[string]any(o)))
	return c.problems
}

// pluginReferences checks that the upstreams are there that the plugins of a stream route name.
func (c *checker) pluginReferences(o Object, known map[string]map[string]bool) {
	plugins, _ := o["plugins"].(map[string]any)
	for _, id := range Object(plugins).UpstreamIDs() {
		if !known["upstreams"][id] {
			c.add("plugins", "no upstream has the id %q", id)
		}
	}
}

func (c *checker) objectReferences(o Object, known map[string]map[string]bool) {
	for _, r := range references {
		id := Object{"id": o[r.field]}.ID("")
		if o[r.field] != nil && !known[r.section][id] {
			c.add(r.field, "no %s has the id %q", r.kind, id)
		}
	}
}
