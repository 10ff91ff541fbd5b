package validate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/amesh-render/amesh-render/render/apisix"
	"github.com/amesh-render/amesh-render/standalone"
)

// plugins checks the configurations of an object's plugins, beyond their schemas.
func (c *checker) plugins(x *object) {
	plugins := x.node.Get("plugins")
	if plugins == nil || plugins.Kind != standalone.Map || x.section == "stream_routes" {
		return
	}
	for _, e := range plugins.Entries {
		field := "plugins." + e.Name()
		c.conditions(x, field+"._meta.filter", e.Value.Get("_meta").Get("filter"))
		c.typed(x, e.Name(), e.Value)
	}
	for _, at := range []string{"abort", "delay"} {
		field := "plugins.fault-injection." + at + ".vars"
		for i, n := range items(lookup(x.node, field)) {
			c.conditions(x, fmt.Sprintf("%s[%d]", field, i), n)
		}
	}
	for i, rule := range items(lookup(x.node, "plugins.traffic-split.rules")) {
		for j, match := range items(rule.Get("match")) {
			c.conditions(x, fmt.Sprintf("plugins.traffic-split.rules[%d].match[%d].vars", i, j), match.Get("vars"))
		}
	}
	c.conditions(x, "plugins.response-rewrite.vars", lookup(x.node, "plugins.response-rewrite.vars"))
	c.regexPlugins(x)
	c.hostHeader(x)
}

// hostHeader tells of headers of proxy-rewrite that have no effect: the upstream's Host is $upstream_host.
func (c *checker) hostHeader(x *object) {
	for _, field := range []string{"headers", "headers.add", "headers.set"} {
		field = "plugins.proxy-rewrite." + field
		headers := lookup(x.node, field)
		if headers == nil {
			continue
		}
		for _, e := range headers.Entries {
			if strings.EqualFold(e.Name(), "host") {
				c.tellAt(x, e.Value, standalone.Warning, join(field, e.Name()), "the upstream's Host header is not set so: the field host of proxy-rewrite is for that")
			}
		}
	}
}

// typed checks the configuration of a plugin that package render/apisix has a type for, by its rules: those that APISIX
// checks in its code rather than by its schemas.
func (c *checker) typed(x *object, name string, n *standalone.Node) {
	plugin := standalone.NewPlugin(name)
	if plugin == nil || x.dropped || name == "traffic-split" || holdsEnv(n) {
		return // what is wrong is known already
	}
	data, err := json.Marshal(map[string]any{name: n.Any()})
	if err != nil {
		return
	}
	route := apisix.Route{ID: "x", URI: "/", UpstreamID: "x", Plugins: new(apisix.Plugins)}
	if json.NewDecoder(bytes.NewReader(data)).Decode(route.Plugins) != nil {
		return
	}
	route.Plugins.Other = nil // the field is asked, which holds what it can
	for _, p := range route.Validate(apisix.Block) {
		switch {
		case !strings.HasPrefix(p.Field, "plugins."+name) || strings.HasPrefix(x.node.At(p.Field).Text, "$"):
		case codeRules.MatchString(p.Field):
			c.refuse(x, p.Field, "%s", p.Message)
		case oddities.MatchString(p.Field):
			c.tell(x, standalone.Warning, p.Field, "%s", p.Message)
		}
	}
}

// Fields of which APISIX's code has more to say than its schemas, and those of which nobody has, though one should.
var (
	codeRules = regexp.MustCompile(`\.(allow_credential|append_query_string|regex_uri(\[\d+\])?)$`)
	oddities  = regexp.MustCompile(`\.headers(\.(add|set|remove))?(\[\d+\])?$|^plugins\.limit-req\.key$`)
)

// holdsEnv reports whether a value has a substitution in it.
func holdsEnv(n *standalone.Node) bool {
	found := false
	walk("", n, func(_ string, n *standalone.Node) { found = found || n.Env })
	return found
}
