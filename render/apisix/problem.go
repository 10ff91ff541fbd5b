package apisix

import (
	"fmt"
	"strconv"
	"strings"
)

// Problem is a reason for which APISIX would refuse or misread an object, or the whole file.
type Problem struct {
	Kind    string // "route" or "upstream"
	ID      string // of the object
	Field   string // path of the field as it is in the file: hosts[0], plugins.fault-injection.abort.http_status
	Message string
}

func (p Problem) String() string {
	return fmt.Sprintf("%s %q: %s: %s", p.Kind, p.ID, p.Field, p.Message)
}

// checker collects the problems of one object.
type checker struct {
	kind, id string
	format   Format
	problems []Problem
	at       []step // where walk is
	users    bool   // what walk is in is a user's own
}

// step is one step of the path to a value: an element, or, if index is negative, a field or key.
type step struct {
	name  string
	index int
}

func (c *checker) add(field, message string, args ...any) {
	c.problems = append(c.problems, Problem{c.kind, c.id, field, fmt.Sprintf(message, args...)})
}

// addHere adds a problem of the value that walk has come to.
func (c *checker) addHere(message string, args ...any) { c.add(c.path(), message, args...) }

func (c *checker) enter(name string)  { c.at = append(c.at, step{name, -1}) }
func (c *checker) enterElement(i int) { c.at = append(c.at, step{"", i}) }
func (c *checker) leave()             { c.at = c.at[:len(c.at)-1] }

func (c *checker) path() string {
	var b strings.Builder
	for i, s := range c.at {
		switch {
		case s.index >= 0:
			b.WriteString("[" + strconv.Itoa(s.index) + "]")
		case i > 0:
			b.WriteString("." + s.name)
		default:
			b.WriteString(s.name)
		}
	}
	return b.String()
}
