package cmd

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// configSections are the keys that APISIX 3.18 reads at the top of config.yaml.
var configSections = []string{
	"apisix", "deployment", "discovery", "ext-plugin", "graphql", "nginx_config", "plugin_attr", "plugins", "stream_plugins",
	"wasm", "xrpc",
}

// override changes config.yaml by assignments "a.b=value", in order, and keeps its comments. A section that APISIX does
// not know is warned of.
func override(text []byte, assignments []string, warnings io.Writer) ([]byte, error) {
	if len(assignments) == 0 {
		return text, nil
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, err
	}
	for _, a := range assignments {
		keys, value, err := parseAssignment(a)
		if err == nil {
			err = assign(doc.Content[0], keys, value)
		}
		if err != nil {
			return nil, fmt.Errorf("--set %q: %w", a, err)
		}
		if !slices.Contains(configSections, keys[0]) {
			fmt.Fprintf(warnings, "amesh-render: config: warning: --set %q: APISIX has no section %q%s\n", a, keys[0],
				proposal(nearest(keys[0], configSections)))
		}
	}
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(&doc); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func proposal(name string) string {
	if name == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", name)
}

// parseAssignment reads "a.b=value". A dot that is part of a key is written "\.".
func parseAssignment(s string) (keys []string, value *yaml.Node, err error) {
	name, text, ok := strings.Cut(s, "=")
	if !ok {
		return nil, nil, errors.New("is not of the form KEY=VALUE")
	}
	const dot = "\x00"
	for _, key := range strings.Split(strings.ReplaceAll(name, `\.`, dot), ".") {
		if key = strings.ReplaceAll(key, dot, "."); key == "" {
			return nil, nil, errors.New("a part of the key is empty")
		}
		keys = append(keys, key)
	}
	value, err = parseValue(text)
	return keys, value, err
}

// parseValue reads a value as YAML; nothing is the empty string.
func parseValue(text string) (*yaml.Node, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		return nil, fmt.Errorf("the value is not YAML: %w", err)
	}
	if len(doc.Content) == 0 {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Style: yaml.DoubleQuotedStyle}, nil
	}
	value := doc.Content[0]
	return value, settle(value)
}

// settle writes scalars so that APISIX, which reads YAML 1.1, takes them for what YAML 1.2 says: "on" is a string.
func settle(n *yaml.Node) error {
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		return errors.New("anchors and aliases are not supported")
	}
	for _, child := range n.Content {
		if err := settle(child); err != nil {
			return err
		}
	}
	if n.Kind != yaml.ScalarNode {
		return nil
	}
	var v any
	if err := n.Decode(&v); err != nil {
		return err
	}
	switch v := v.(type) {
	case nil, bool, int, int64, uint64, float64:
		return n.Encode(v)
	}
	n.Tag, n.Style = "!!str", yaml.DoubleQuotedStyle
	return nil
}

// assign sets what is at the keys below a mapping; null removes it. Mappings are merged, all else is replaced.
func assign(mapping *yaml.Node, keys []string, value *yaml.Node) error {
	for len(keys) > 1 {
		child := entry(mapping, keys[0])
		if child == nil {
			if isNull(value) {
				return nil
			}
			child = &yaml.Node{Kind: yaml.MappingNode}
			put(mapping, keys[0], child)
		}
		if child.Kind != yaml.MappingNode {
			return fmt.Errorf("%s has no keys: set it as a whole", keys[0])
		}
		mapping, keys = child, keys[1:]
	}
	old := entry(mapping, keys[0])
	switch {
	case isNull(value):
		remove(mapping, keys[0])
	case old != nil && old.Kind == yaml.MappingNode && value.Kind == yaml.MappingNode:
		for i := 0; i < len(value.Content); i += 2 {
			if err := assign(old, []string{value.Content[i].Value}, value.Content[i+1]); err != nil {
				return err
			}
		}
	default:
		put(mapping, keys[0], value)
	}
	return nil
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

// position is the index of a key's value in a mapping, or -1.
func position(mapping *yaml.Node, key string) int {
	for i := 0; i < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			return i + 1
		}
	}
	return -1
}

func entry(mapping *yaml.Node, key string) *yaml.Node {
	if i := position(mapping, key); i >= 0 {
		return mapping.Content[i]
	}
	return nil
}

func put(mapping *yaml.Node, key string, value *yaml.Node) {
	if i := position(mapping, key); i >= 0 {
		mapping.Content[i] = value
		return
	}
	name := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: key}
	mapping.Content = append(mapping.Content, name, value)
}

func remove(mapping *yaml.Node, key string) {
	if i := position(mapping, key); i >= 0 {
		mapping.Content = slices.Delete(mapping.Content, i-1, i+1)
	}
}
