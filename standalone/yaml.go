package standalone

import (
	"bytes"
	"fmt"
	"math"

	"gopkg.in/yaml.v3"
)

// parseYAML reads a YAML text. yaml.v3 has libyaml's scanner and parser, which are those of lyaml; the types of scalars,
// aliases and merge keys are lyaml's.
func (r *reader) parseYAML(text []byte) (*Node, *SyntaxError) {
	first, second, err := decodeYAML(r.forYAML(text))
	if err != nil && bytes.Contains(text, []byte(`\/`)) {
		if again := slash.ReplaceAll(text, []byte(`$1`+longSlash)); !bytes.Equal(again, text) {
			r.slashes = true
			first, second, err = decodeYAML(r.forYAML(again))
		}
	}
	if err != nil {
		return nil, yamlError(text, err)
	}
	if second != nil {
		r.add(Problem{Line: second.Line, Column: second.Column, Level: Error, Message: "this is a second document: APISIX reads the first only"})
	}
	if first == nil {
		return &Node{Line: 1, Column: 1}, nil
	}
	b := builder{reader: r, done: map[*yaml.Node]*built{}}
	root, _, failure := b.node(first, 0)
	if root != nil && root.Line > 1+lineBreaks(text) {
		root.Line, root.Column = 1, 1 // of nothing after a mark at the end
	}
	return root, failure
}

// lineBreaks is how often a line ends in the eyes of YAML 1.1 (section 4.2): a lone carriage return ends one too, and so do
// three characters of Unicode.
func lineBreaks(text []byte) int {
	n := bytes.Count(text, []byte("\n"))
	for i := bytes.IndexByte(text, '\r'); i >= 0 && i < len(text); i++ {
		if text[i] == '\r' && !bytes.HasPrefix(text[i+1:], []byte("\n")) {
			n++
		}
	}
	for _, c := range []string{"\u0085", "\u2028", "\u2029"} {
		n += bytes.Count(text, []byte(c))
	}
	return n
}

// A builder turns yaml.v3's nodes into ours.
type builder struct {
	*reader
	done  map[*yaml.Node]*built // those with an anchor
	count int                   // of nodes, each once
}

// built is what has become of a node with an anchor, and how many values it is; both are missing while it is being built.
type built struct {
	node *Node
	size int
}

func failure(n *yaml.Node, message string, args ...any) *SyntaxError {
	return &SyntaxError{Line: n.Line, Column: n.Column, Message: "YAML: " + fmt.Sprintf(message, args...)}
}

// node turns a node into ours; size is how many values it is when each alias is what it stands for.
func (b *builder) node(n *yaml.Node, depth int) (out *Node, size int, err *SyntaxError) {
	switch {
	case depth > maxDepth:
		return nil, 0, failure(n, "values nest deeper than %d", maxDepth)
	case n.Kind == yaml.DocumentNode:
		return b.node(n.Content[0], depth)
	case n.Kind == yaml.AliasNode:
		return b.alias(n)
	}
	if n.Anchor != "" {
		b.done[n] = &built{}
	}
	out, size = &Node{Line: n.Line, Column: n.Column}, 1
	switch n.Kind {
	case yaml.ScalarNode:
		err = b.scalar(out, n)
	case yaml.SequenceNode:
		size, err = b.list(out, n, depth)
	case yaml.MappingNode:
		size, err = b.mapping(out, n, depth)
	}
	if b.count++; err == nil && size > b.count+maxAliased {
		err = failure(n, "more than %d values, once aliases are what they stand for", maxAliased)
	}
	if n.Anchor != "" {
		*b.done[n] = built{out, size}
	}
	return out, size, err
}

func (b *builder) alias(n *yaml.Node) (*Node, int, *SyntaxError) {
	if d := b.done[n.Alias]; d != nil && d.node != nil {
		return d.node, d.size, nil
	}
	return nil, 0, failure(n, "the alias *%s is part of what it stands for", n.Value)
}

func (b *builder) scalar(out *Node, n *yaml.Node) *SyntaxError {
	text, env := b.withoutPlaceholders(b.back(n.Value))
	plain := n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) == 0
	var err error
	switch {
	case env:
		out.Text, out.Kind, out.Env = text, String, true
	case n.Style&yaml.TaggedStyle != 0:
		err = out.setTagged(n.Tag, text, plain)
	case plain:
		err = out.setPlain(text)
	default:
		out.setQuoted(text)
	}
	if err != nil {
		return failure(n, "%.60q: %v", n.Value, err)
	}
	return nil
}

func (b *builder) list(out *Node, n *yaml.Node, depth int) (size int, err *SyntaxError) {
	out.Kind, out.Items, size = List, make([]*Node, 0, len(n.Content)), 1
	for _, c := range n.Content {
		item, s, err := b.node(c, depth+1)
		if err != nil {
			return 0, err
		}
		out.Items, size = append(out.Items, item), size+s
		if size > b.count+maxAliased {
			return size, nil
		}
	}
	return size, nil
}

// merge is YAML's merge key; lyaml obeys it even in quotes.
const merge = "<<"

func (b *builder) mapping(out *Node, n *yaml.Node, depth int) (size int, err *SyntaxError) {
	m := mapBuilder{out: out}
	out.Kind, out.Entries, size = Map, make([]Entry, 0, len(n.Content)/2), 1
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, keySize, err := b.node(n.Content[i], depth+1)
		if err != nil {
			return 0, err
		}
		value, s, err := b.node(n.Content[i+1], depth+1)
		if err != nil {
			return 0, err
		}
		if size += s + keySize; size > b.count+maxAliased {
			return size, nil
		}
		if key.Kind == String && key.Text == merge || n.Content[i].Tag == "!!merge" {
			if err := m.merge(n.Content[i], value); err != nil {
				return 0, err
			}
			continue
		}
		if key.Kind == Number && math.IsNaN(key.Number) {
			return 0, failure(n.Content[i], "%s is no key", key.Text)
		}
		if key.Kind >= List {
			key = &Node{Line: key.Line, Column: key.Column, Kind: key.Kind, Text: fmt.Sprintf("(%s)", key.Kind)}
		}
		m.add(Entry{key, value})
	}
	return size, nil
}
