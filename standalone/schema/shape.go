// Package schema is what APISIX 3.18 demands of the objects in its files before it takes them, as tables: fields, types,
// limits, and what goes with what. It is written from APISIX's behaviour and documentation; a test holds it against what
// APISIX's control API prints as its schemas.
//
// It looks at trees as encoding/json would hold them, and thinks of them as Lua does: an empty list is an empty map and the
// other way round, a whole number is an integer however it is written, and lengths are in characters. It knows nothing of
// files and places, does no I/O, and never changes what it looks at.
package schema

import (
	"fmt"
	"strings"
)

// Anything is a value of which nobody knows what it will be; every check passes it.
type Anything struct{}

// Table is YAML's null, which APISIX's reader makes an empty table: a list and a map, and no scalar.
type Table struct{}

// A Fault is something that APISIX does not take.
type Fault struct {
	Path    string // of the value: "hosts[0]", "timeout.read"; empty for the object itself
	Message string
	// Key tells that the fault is the key at the end of Path rather than its value.
	Key bool
	// Ignored tells that APISIX takes the object nevertheless, and ignores the field.
	Ignored bool
}

// A Shape is what is demanded of a value.
type Shape interface {
	check(c *checker, v any)
	// noun is what the value should be, in words.
	noun() string
}

// checker collects faults.
type checker struct {
	path   string
	faults []Fault
}

func (c *checker) fault(format string, args ...any) {
	c.faults = append(c.faults, Fault{Path: c.path, Message: fmt.Sprintf(format, args...)})
}

// in checks a value within the one at hand.
func (c *checker) in(step string, s Shape, v any) {
	before := c.path
	if c.path != "" && !strings.HasPrefix(step, "[") {
		c.path += "."
	}
	c.path += step
	s.check(c, v)
	c.path = before
}

// check returns the faults of a value.
func check(s Shape, v any) []Fault {
	var c checker
	s.check(&c, v)
	return c.faults
}

// what is a value's type in words.
func what(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return fmt.Sprintf("the boolean %v", v)
	case float64:
		return fmt.Sprintf("the number %v", v)
	case string:
		return fmt.Sprintf("the string %.60q", v)
	case []any:
		return "a list"
	case map[string]any:
		return "a map"
	}
	return "no value"
}

func wrong(c *checker, s Shape, v any) { c.fault("is %s, not %s", what(v), s.noun()) }
