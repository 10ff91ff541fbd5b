package standalone

import (
	"strconv"
	"strings"
)

// Type is what a value is for APISIX. YAML's null is a table there, and JSON's a value of its own; both are Null here.
type Type uint8

// The types of values.
const (
	Null Type = iota
	Bool
	Number
	String
	List
	Map
)

func (t Type) String() string {
	return [...]string{"null", "a boolean", "a number", "a string", "a list", "a map"}[t]
}

// Node is a value and its place in the text. Nodes of one file may be shared, where the text has aliases; a node is never
// part of itself.
type Node struct {
	Line, Column int // from 1; Column counts characters
	Kind         Type
	// Text is the text of a scalar, without quotes and escapes: of a string that is its value.
	Text   string
	Number float64
	Bool   bool
	// Plain tells that a scalar stands without quotes.
	Plain bool
	// Env tells that a scalar holds a substitution ${{NAME}}: nobody knows its value, nor its type.
	Env bool
	// Items are the elements of a list.
	Items []*Node
	// Entries are those of a map, in the order of the text. No two share a key.
	Entries []Entry
	// Shadowed are entries of a map that a later one of the same key has replaced.
	Shadowed []Entry

	cut bool // there was a NUL after Text
}

// Entry is an entry of a map.
type Entry struct {
	Key   *Node
	Value *Node
}

// Name is the key as a string.
func (e Entry) Name() string { return e.Key.Text }

// Get is the value of a key of a map; nil when there is none, or n is no map.
func (n *Node) Get(key string) *Node {
	if n == nil {
		return nil
	}
	for i := range n.Entries {
		if n.Entries[i].Key.Text == key {
			return n.Entries[i].Value
		}
	}
	return nil
}

// Any is the value as encoding/json would hold it: a nil, bool, float64, string, []any or map[string]any, which nobody
// else has. Keys that are no strings become their text.
func (n *Node) Any() any {
	return n.tree(func(s string) any { return s }, nil)
}

// tree is Any, with scalars that hold a substitution as env makes them of their text, and null for null.
func (n *Node) tree(env func(string) any, null any) any {
	switch {
	case n == nil:
		return nil
	case n.Kind == Null && !n.Env:
		return null
	case n.Env:
		return env(n.Text)
	}
	switch n.Kind {
	case Bool:
		return n.Bool
	case Number:
		return n.Number
	case String:
		return n.Text
	case List:
		list := make([]any, len(n.Items))
		for i, item := range n.Items {
			list[i] = item.tree(env, null)
		}
		return list
	}
	m := make(map[string]any, len(n.Entries))
	for _, e := range n.Entries {
		m[e.Key.Text] = e.Value.tree(env, null)
	}
	return m
}

// At is the value at a path such as "hosts[0]" or "plugins.fault-injection.abort"; the deepest one on the way there when
// the path leads further than the tree. The empty path is the node itself. Where keys hold dots the longest that fits is
// taken.
func (n *Node) At(path string) *Node {
	for path != "" {
		next, rest := n.step(path)
		if next == nil {
			return n
		}
		n, path = next, rest
	}
	return n
}

// step takes the first step of a path; nil when it leads nowhere.
func (n *Node) step(path string) (next *Node, rest string) {
	if strings.HasPrefix(path, "[") {
		digits, rest, _ := strings.Cut(path[1:], "]")
		i, err := strconv.Atoi(digits)
		if err != nil || i < 0 || i >= len(n.Items) {
			return nil, ""
		}
		return n.Items[i], strings.TrimPrefix(rest, ".")
	}
	longest := -1
	for _, e := range n.Entries {
		after, ok := strings.CutPrefix(path, e.Key.Text)
		if ok && len(e.Key.Text) > longest && (after == "" || after[0] == '.' || after[0] == '[') {
			longest, next, rest = len(e.Key.Text), e.Value, strings.TrimPrefix(after, ".")
		}
	}
	return next, rest
}

// KeyAt is the key of the last step of a path, where that is a key of a map; else as At. It is the place to name when the
// key itself is wrong.
func (n *Node) KeyAt(path string) *Node {
	at := n
	for path != "" {
		next, rest := at.step(path)
		if next == nil {
			return at
		}
		if rest == "" {
			for _, e := range at.Entries {
				if e.Value == next && strings.HasSuffix(path, e.Key.Text) {
					return e.Key
				}
			}
		}
		at, path = next, rest
	}
	return at
}
