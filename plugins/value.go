package plugins

import (
	"fmt"
	"math"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// How much a document may hold: aliases could make a small file a huge value.
const (
	maxValues = 1_000_000
	maxDepth  = 100
)

// values turns YAML nodes into values as encoding/json would decode them, whole numbers as int.
type values struct{ left, depth int }

// A nodeError is what is wrong at a node.
type nodeError struct {
	line int
	path string
	err  error
}

func (e *nodeError) Error() string { return e.err.Error() }

func failAt(n *yaml.Node, path, format string, args ...any) error {
	return &nodeError{n.Line, path, fmt.Errorf(format, args...)}
}

// value is the value of a node; path is where it is, for errors.
func (v *values) value(n *yaml.Node, path string) (any, error) {
	v.left--
	v.depth++
	defer func() { v.depth-- }()
	if v.left < 0 || v.depth > maxDepth {
		return nil, failAt(n, path, "holds too much, or is nested too deeply")
	}
	switch n.Kind {
	case yaml.AliasNode:
		return v.value(n.Alias, path)
	case yaml.MappingNode:
		return v.mapping(n, path)
	case yaml.SequenceNode:
		list := make([]any, 0, len(n.Content))
		for i, item := range n.Content {
			x, err := v.value(item, fmt.Sprintf("%s[%d]", path, i))
			if err != nil {
				return nil, err
			}
			list = append(list, x)
		}
		return list, nil
	}
	return scalar(n, path)
}

func (v *values) mapping(n *yaml.Node, path string) (any, error) {
	pairs, err := pairsOf(n, path)
	if err != nil {
		return nil, err
	}
	m := make(map[string]any, len(pairs))
	for _, p := range pairs {
		if m[p.key], err = v.value(p.value, join(path, p.key)); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// scalar is the value of a scalar node. A date is the text that it is written as.
func scalar(n *yaml.Node, path string) (any, error) {
	var x any
	if err := n.Decode(&x); err != nil {
		return nil, failAt(n, path, "%s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	switch x := x.(type) {
	case string, bool, int:
		return x, nil
	case nil:
		return nil, failAt(n, path, "is null, which APISIX would take for an empty table")
	case time.Time:
		return n.Value, nil
	case float64:
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return nil, failAt(n, path, "%s is no number for APISIX", n.Value)
		}
		return whole(x), nil
	case uint64:
		return float64(x), nil
	}
	return nil, failAt(n, path, "%q is of a type that APISIX does not know", n.Value)
}

// whole is x as an int if it is one.
func whole(x float64) any {
	const exact = 1 << 53
	if x == math.Trunc(x) && math.Abs(x) <= exact {
		return int(x)
	}
	return x
}

// resolve follows aliases.
func resolve(n *yaml.Node) *yaml.Node {
	for i := 0; n.Kind == yaml.AliasNode && i < maxDepth; i++ {
		n = n.Alias
	}
	return n
}

func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.ScalarNode:
		return fmt.Sprintf("%.40q", n.Value)
	}
	return "nothing"
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
