package agent

import (
	"bytes"
	"encoding/json"
	"fmt"

	"gopkg.in/yaml.v3"

	"github.com/amesh-render/amesh-render/render/apisix"
)

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
