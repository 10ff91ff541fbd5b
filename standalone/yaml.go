package standalone

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

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
	if root != nil && root.Line > 1+bytes.Count(text, []byte("\n")) {
		root.Line, root.Column = 1, 1 // of nothing after a mark at the end
	}
	return root, failure
}

// decodeYAML reads all documents of a text, and returns the first two.
func decodeYAML(text []byte) (first, second *yaml.Node, err error) {
	documents := yaml.NewDecoder(bytes.NewReader(text))
	for {
		next := new(yaml.Node)
		switch err := documents.Decode(next); {
		case errors.Is(err, io.EOF):
			return first, second, nil
		case err != nil:
			return nil, nil, err
		case first == nil:
			first = next
		case second == nil:
			second = next
		}
	}
}

// What libyaml reads and yaml.v3 does not: the escape \/, a byte order mark within the text, and documents that say that
// they are YAML 1.2. They are replaced before, and put back afterwards.
const (
	longSlash = `\U0000002F`
	mark      = "\ufeff"
	standIn   = "\ue001"
)

var (
	slash   = regexp.MustCompile(`((?:^|[^\\])(?:\\\\)*)\\/`)
	version = regexp.MustCompile(`(?m)^%YAML 1\.2`)
)

func (r *reader) forYAML(text []byte) []byte {
	if i := bytes.LastIndex(text, []byte(mark)); i > 0 {
		r.marks = true
		text = append(text[:3:3], bytes.ReplaceAll(text[3:], []byte(mark), []byte(standIn))...)
	}
	if bytes.Contains(text, []byte("%YAML 1.2")) {
		text = version.ReplaceAll(text, []byte("%YAML 1.1"))
	}
	return text
}

// back puts back what was replaced in the text of a scalar.
func (r *reader) back(text string) string {
	if r.slashes {
		text = strings.ReplaceAll(text, longSlash, `\/`)
	}
	if r.marks {
		text = strings.ReplaceAll(text, standIn, mark)
	}
	return text
}

// yamlLine is the form of yaml.v3's syntax errors.
var yamlLine = regexp.MustCompile(`^line (\d+): (.*)`)

// quotedKey matches a key in quotes. libyaml looks for a key's colon within maxKey characters of its start.
var quotedKey = regexp.MustCompile(`(?:"(?:[^"\\\n]|\\.)*"|'[^'\n]*')[ \t]*:`)

const maxKey = 1024

func yamlError(text []byte, err error) *SyntaxError {
	for _, at := range quotedKey.FindAllIndex(text, -1) {
		if utf8.RuneCount(text[at[0]:at[1]])-1 > maxKey {
			line, column := position(text, at[0])
			return &SyntaxError{Line: line, Column: column, Message: fmt.Sprintf("YAML: a key of more than %d characters", maxKey)}
		}
	}
	message := strings.TrimPrefix(err.Error(), "yaml: ")
	e := &SyntaxError{Line: 1, Message: message}
	if m := yamlLine.FindStringSubmatch(message); m != nil {
		e.Line, _ = strconv.Atoi(m[1])
		e.Message = m[2]
	}
	e.Line = min(e.Line, 1+bytes.Count(text, []byte("\n")))
	e.Message = "YAML: " + e.Message
	return e
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

// A mapBuilder collects the entries of a map.
type mapBuilder struct {
	out    *Node
	index  map[string]int
	merged map[int]bool // entries that came by a merge key, which may be replaced
}

// few is up to how many entries are searched one by one.
const few = 16

func (m *mapBuilder) find(key string) int {
	if len(m.out.Entries) <= few {
		for i := range m.out.Entries {
			if m.out.Entries[i].Key.Text == key {
				return i
			}
		}
		return -1
	}
	if m.index == nil {
		m.index = make(map[string]int, cap(m.out.Entries))
		for i, e := range m.out.Entries {
			m.index[e.Key.Text] = i
		}
	}
	if i, ok := m.index[key]; ok {
		return i
	}
	return -1
}

// add adds an entry. It replaces an earlier one of the same key.
func (m *mapBuilder) add(e Entry) {
	i := m.find(e.Key.Text)
	switch {
	case i < 0:
		m.append(e)
		return
	case m.merged[i]:
		delete(m.merged, i)
	default:
		m.out.Shadowed = append(m.out.Shadowed, m.out.Entries[i])
	}
	m.out.Entries[i] = e
}

func (m *mapBuilder) append(e Entry) {
	if m.index != nil {
		m.index[e.Key.Text] = len(m.out.Entries)
	}
	m.out.Entries = append(m.out.Entries, e)
}

// merge adds the entries of a map, or of the maps in a list, whose keys are not there yet.
func (m *mapBuilder) merge(key *yaml.Node, value *Node) *SyntaxError {
	maps := []*Node{value}
	if value.Kind == List {
		maps = value.Items
	}
	for _, from := range maps {
		if from.Kind != Map {
			return failure(key, "the merge key << wants a map, and gets %s", from.Kind)
		}
		for _, e := range from.Entries {
			if m.find(e.Key.Text) >= 0 {
				continue
			}
			if m.merged == nil {
				m.merged = map[int]bool{}
			}
			m.merged[len(m.out.Entries)] = true
			m.append(e)
		}
	}
	return nil
}
