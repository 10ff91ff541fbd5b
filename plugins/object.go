package plugins

import (
	"fmt"

	"gopkg.in/yaml.v3"
)

// An object is a mapping of a manifest while it is read. The first thing that is wrong is kept in err; after it, nothing is
// read any more.
type object struct {
	r     *reader
	node  *yaml.Node
	path  string
	pairs []pair
	known map[string]bool
}

// reader reads the documents of one file.
type reader struct {
	values
	err      error
	problems []Problem // of the object that is read
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

func (r *reader) object(n *yaml.Node, path string) *object {
	o := &object{r: r, node: n, path: path, known: map[string]bool{}}
	if r.err != nil {
		return o
	}
	pairs, err := pairsOf(n, path)
	if err != nil {
		r.fail(err)
		return o
	}
	o.pairs = pairs
	return o
}

// get is the value of a field; nil when it is not there, or null, which Kubernetes takes for the same.
func (o *object) get(name string) *yaml.Node {
	o.known[name] = true
	for _, p := range o.pairs {
		if p.key == name {
			n := resolve(p.value)
			if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
				return nil
			}
			return n
		}
	}
	return nil
}

func (o *object) fail(n *yaml.Node, name, format string, args ...any) {
	o.r.fail(failAt(n, join(o.path, name), format, args...))
}

// text is a string; "" when there is none.
func (o *object) text(name string) string {
	n := o.get(name)
	if n == nil {
		return ""
	}
	if n.Kind != yaml.ScalarNode || n.Tag != "!!str" {
		o.fail(n, name, "is %s, not a string", describe(n))
		return ""
	}
	return n.Value
}

func (o *object) flag(name string) bool {
	n := o.get(name)
	if n == nil {
		return false
	}
	var b bool
	if n.Tag != "!!bool" || n.Decode(&b) != nil {
		o.fail(n, name, "is %s, neither true nor false", describe(n))
	}
	return b
}

// child is a field that is an object; nil when it is not there.
func (o *object) child(name string) *object {
	n := o.get(name)
	if n == nil || o.r.err != nil {
		return nil
	}
	return o.r.object(n, join(o.path, name))
}

// list are the elements of a field that is a list.
func (o *object) list(name string) []*yaml.Node {
	n := o.get(name)
	if n == nil {
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		o.fail(n, name, "is %s, not a list", describe(n))
		return nil
	}
	items := make([]*yaml.Node, len(n.Content))
	for i, item := range n.Content {
		items[i] = resolve(item)
	}
	return items
}

// texts is a list of strings.
func (o *object) texts(name string) []string {
	var list []string
	for i, n := range o.list(name) {
		if n.Kind != yaml.ScalarNode || n.Tag != "!!str" {
			o.fail(n, fmt.Sprintf("%s[%d]", name, i), "is %s, not a string", describe(n))
			return nil
		}
		list = append(list, n.Value)
	}
	return list
}

// rest reports the fields that nobody has asked for.
func (o *object) rest() {
	for _, p := range o.pairs {
		if !o.known[p.key] {
			o.r.problems = append(o.r.problems, Problem{Lost: true, Field: join(o.path, p.key),
				Message: fmt.Sprintf("there is no such field (line %d)", p.at.Line)})
		}
	}
}
