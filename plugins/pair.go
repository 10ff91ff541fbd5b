package plugins

import (
	"gopkg.in/yaml.v3"
)

// A pair is one entry of a mapping.
type pair struct {
	key   string
	at    *yaml.Node // the key
	value *yaml.Node
}

// pairsOf are the entries of a mapping in their order, those that it merges ("<<") after its own.
func pairsOf(n *yaml.Node, path string) ([]pair, error) {
	m := merger{seen: map[string]bool{}}
	return m.pairs(n, path, 0)
}

// merger gathers the entries of a mapping and of those that it merges.
type merger struct {
	seen     map[string]bool
	mappings int
}

// maxMerged bounds how many mappings are merged into one: they may merge each other.
const maxMerged = 100

func (g *merger) pairs(n *yaml.Node, path string, depth int) ([]pair, error) {
	n = resolve(n)
	if n.Kind != yaml.MappingNode {
		return nil, failAt(n, path, "is %s, not a mapping", describe(n))
	}
	if g.mappings++; g.mappings > maxMerged {
		return nil, failAt(n, path, "merges too many mappings")
	}
	seen := g.seen
	var pairs []pair
	var merges []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := resolve(n.Content[i]), n.Content[i+1]
		switch {
		case key.Kind != yaml.ScalarNode:
			return nil, failAt(key, path, "has a key that is %s", describe(key))
		case key.Tag == "!!merge":
			merges = append(merges, value)
			continue
		case seen[key.Value] && depth == 0:
			return nil, failAt(key, path, "has the key %q twice", key.Value)
		case !seen[key.Value]:
			seen[key.Value] = true
			pairs = append(pairs, pair{key.Value, key, value})
		}
	}
	for _, m := range merges {
		sources := []*yaml.Node{m}
		if resolve(m).Kind == yaml.SequenceNode {
			sources = resolve(m).Content
		}
		for _, source := range sources {
			more, err := g.pairs(source, path, depth+1)
			if err != nil {
				return nil, err
			}
			pairs = append(pairs, more...)
		}
	}
	return pairs, nil
}
