package standalone

import (
	"fmt"
	"strings"
)

// A surveyor looks at all values of an object for what APISIX's readers make of them.
type surveyor struct {
	*reader
	at   Problem
	path []string // of the value, with its dots and brackets
	seen map[*Node]bool
}

func (w *surveyor) tell(n *Node, level Level, message string, args ...any) {
	p := w.at
	p.Line, p.Column, p.Level = n.Line, n.Column, level
	p.Field = strings.TrimPrefix(strings.Join(w.path, ""), ".")
	p.Message = fmt.Sprintf(message, args...)
	w.add(p)
}

// survey visits a value and those in it; one that aliases share only once.
func (w *surveyor) survey(n *Node) {
	if n.Kind >= List {
		if w.seen == nil {
			w.seen = map[*Node]bool{}
		}
		if w.seen[n] {
			return
		}
		w.seen[n] = true
	}
	for i, item := range n.Items {
		w.enter(fmt.Sprintf("[%d]", i), item)
	}
	for _, e := range n.Shadowed {
		w.tell(e.Key, Warning, "the key %.60q is there twice, and the last value counts", e.Name())
	}
	for _, e := range n.Entries {
		if e.Key.Kind != String {
			w.tell(e.Key, Warning, "the key %.60q is %s for APISIX's YAML reader: quote it", e.Name(), e.Key.Kind)
		}
		w.enter("."+e.Name(), e.Value)
	}
	if n.Kind < List && !n.Env {
		w.scalar(n)
	}
}

func (w *surveyor) enter(step string, n *Node) {
	w.path = append(w.path, step)
	w.survey(n)
	w.path = w.path[:len(w.path)-1]
}

// scalar tells of a value that is hardly meant to be what it is.
func (w *surveyor) scalar(n *Node) {
	switch {
	case n.Kind == Null && w.file.JSON:
		w.tell(n, Warning, "null is no value that APISIX expects anywhere")
	case n.Kind == Null:
		w.tell(n, Warning, "has no value: APISIX's YAML reader makes null a table")
	case n.Kind == Number && n.Number-n.Number != 0:
		w.tell(n, Warning, "%s is no finite number", n.Text)
	case n.Plain && !w.file.JSON:
		if read := surprise(n); read != "" {
			w.tell(n, Warning, "%s without quotes is %s for APISIX's YAML reader", n.Text, read)
		}
	case n.cut:
		w.tell(n, Warning, "there is a NUL after %.60q: APISIX's YAML reader cuts the string there", n.Text)
	}
}
