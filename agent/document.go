package agent

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"

	"gopkg.in/yaml.v3"

	"github.com/amesh-render/amesh-render/render/apisix"
	"github.com/amesh-render/amesh-render/watch"
)

// A document is a configuration as the commit planner sees it. Users are routes, and everything else that is neither named
// by routes nor an upstream; they name upstreams and plugin_configs, which are the providers.
type document = watch.Document[users, provider]

type users struct {
	routes []*apisix.Route
	others map[string][]apisix.Object // by section
}

// A provider is an upstream or, where that is nil, a plugin_config.
type provider struct {
	upstream     *apisix.Upstream
	pluginConfig apisix.Object
}

const pluginConfigs = "plugin_configs"

func documentOf(c *apisix.Config) document {
	d := document{Users: users{c.Routes, maps.Clone(c.Others)}, Providers: make(map[string]provider, len(c.Upstreams))}
	for _, r := range c.Routes {
		for _, id := range r.UpstreamIDs() {
			d.Names = append(d.Names, upstreamKey(id))
		}
		if r.PluginConfigID != "" {
			d.Names = append(d.Names, pluginConfigKey(r.PluginConfigID))
		}
	}
	for _, section := range []string{"services", "stream_routes"} {
		for _, object := range c.Others[section] {
			for _, id := range object.UpstreamIDs() {
				d.Names = append(d.Names, upstreamKey(id))
			}
		}
	}
	for _, u := range c.Upstreams {
		d.Providers[upstreamKey(u.ID)] = provider{upstream: u}
	}
	for _, o := range c.Others[pluginConfigs] {
		d.Providers[pluginConfigKey(o.ID(pluginConfigs))] = provider{pluginConfig: o}
	}
	delete(d.Users.others, pluginConfigs)
	return d
}

func upstreamKey(id string) string     { return "upstreams/" + id }
func pluginConfigKey(id string) string { return pluginConfigs + "/" + id }

func configOf(d document) *apisix.Config {
	c := &apisix.Config{Routes: d.Users.routes, Others: maps.Clone(d.Users.others)}
	if c.Others == nil {
		c.Others = map[string][]apisix.Object{}
	}
	for _, p := range d.Providers {
		if p.upstream != nil {
			c.Upstreams = append(c.Upstreams, p.upstream)
		} else {
			c.Others[pluginConfigs] = append(c.Others[pluginConfigs], p.pluginConfig)
		}
	}
	return c
}

// readConfig reads a file that an agent has written. In the style lines it is JSON but for its comment lines; in the
// style block it is YAML.
func readConfig(text []byte) (*apisix.Config, error) {
	var sections map[string][]apisix.Object
	if err := json.Unmarshal(withoutComments(text), &sections); err == nil {
		return configFrom(sections), nil
	}
	var tree any
	if err := yaml.Unmarshal(text, &tree); err != nil {
		return nil, err
	}
	plain, err := json.Marshal(tree)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(plain, &sections); err != nil {
		return nil, fmt.Errorf("not a configuration that an agent writes: %w", err)
	}
	return configFrom(sections), nil
}

func configFrom(sections map[string][]apisix.Object) *apisix.Config {
	c := &apisix.Config{Others: map[string][]apisix.Object{}}
	for _, o := range sections["routes"] {
		c.Routes = append(c.Routes, apisix.RouteOf(o))
	}
	for _, o := range sections["upstreams"] {
		c.Upstreams = append(c.Upstreams, apisix.UpstreamOf(o))
	}
	for _, section := range apisix.Sections[2:] {
		if len(sections[section]) > 0 {
			c.Others[section] = sections[section]
		}
	}
	return c
}

// withoutComments is the text without the lines that begin with "#". No line within a string does: strings have no raw
// newlines.
func withoutComments(text []byte) []byte {
	var out []byte
	for line := range bytes.Lines(text) {
		if !bytes.HasPrefix(line, []byte("#")) {
			out = append(out, line...)
		}
	}
	return out
}
