package validate

import (
	"fmt"
	"strings"

	"github.com/amesh-render/amesh-render/standalone"
	"github.com/amesh-render/amesh-render/standalone/schema"
)

// schema checks what APISIX's schemas say.
func (c *checker) schema(x *object) {
	for _, f := range standalone.Faults(x.section, x.tree, c.known) {
		at := x.node.At(f.Path)
		if f.Key {
			at = x.node.KeyAt(f.Path)
		}
		if f.Ignored {
			c.tellAt(x, at, standalone.Warning, f.Path, "%s, and ignores it", f.Message)
			continue
		}
		x.dropped = true
		c.tellAt(x, at, standalone.Error, f.Path, "%s%s", f.Message, c.hint(f, at))
	}
	if c.options.Schemas != nil {
		c.external(x)
	}
}

// hint says what a person may not know about a value of the wrong type, or about a field that is not there.
func (c *checker) hint(f schema.Fault, at *standalone.Node) string {
	switch {
	case f.Key && f.Path == "modifiedIndex":
		return " in a file: it is for the Admin API"
	case f.Key || !strings.Contains(f.Message, ", not a"):
		return ""
	case at.Plain && at.Kind == standalone.Null && at.Text == "":
		return ""
	case at.Plain && !c.file.JSON && (at.Kind == standalone.Bool || at.Kind == standalone.Number) && strings.Contains(f.Message, "a string"):
		return fmt.Sprintf(": put %s into quotes", at.Text)
	}
	return ""
}

// identity checks that an object is the only one of its id: the last one counts.
func (c *checker) identity(x *object) {
	if x.dropped {
		return
	}
	before := c.byID[x.section][x.id]
	c.byID[x.section][x.id] = x
	if before == nil {
		return
	}
	before.replaced = true
	at, field := x.node, "id"
	if n := x.node.Get(field); n != nil {
		at = n
	} else if n := x.node.Get("username"); n != nil {
		at, field = n, "username"
	}
	c.tellAt(x, at, standalone.Warning, field, "another %s has this id, on line %d: APISIX takes this one", x.kind, before.node.Line)
}
