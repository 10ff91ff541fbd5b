package agent

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"gopkg.in/yaml.v3"

	"github.com/amesh-render/amesh-render/render/apisix"
	"github.com/amesh-render/amesh-render/watch"
)

// A document is a configuration as the commit planner sees it: routes name upstreams.
type document = watch.Document[[]*apisix.Route, *apisix.Upstream]

func documentOf(c *apisix.Config) document {
	d := document{Users: c.Routes, Providers: make(map[string]*apisix.Upstream, len(c.Upstreams))}
	for _, r := range c.Routes {
		d.Names = append(d.Names, r.UpstreamIDs()...)
	}
	for _, u := range c.Upstreams {
		d.Providers[u.ID] = u
	}
	return d
}

func configOf(d document) *apisix.Config {
	return &apisix.Config{Routes: d.Users, Upstreams: slices.Collect(maps.Values(d.Providers))}
}

// readConfig reads a file that an agent has written. In the style lines it is JSON but for its comment lines; in the
// style block it is YAML.
func readConfig(text []byte) (*apisix.Config, error) {
	var config apisix.Config
	if err := json.Unmarshal(withoutComments(text), &config); err == nil {
		return &config, nil
	}
	var tree any
	if err := yaml.Unmarshal(text, &tree); err != nil {
		return nil, err
	}
	plain, err := json.Marshal(tree)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(plain, &config); err != nil {
		return nil, fmt.Errorf("not a configuration that an agent writes: %w", err)
	}
	return &config, nil
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
