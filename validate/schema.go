package validate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/amesh-render/amesh-render/standalone"
	"github.com/amesh-render/amesh-render/standalone/schema"
)

// schema checks what APISIX's schemas say.
func (c *checker) schema(x *object) {
	said := map[string]bool{} // parts of the object that are refused already
	for _, f := range standalone.Faults(x.section, x.tree, c.known) {
		at := x.node.At(f.Path)
		if f.Key {
			at = x.node.KeyAt(f.Path)
		}
		if f.Ignored {
			c.tellAt(x, at, standalone.Warning, f.Path, "%s, and ignores it", f.Message)
			continue
		}
		x.dropped, said[part(f.Path)] = true, true
		c.tellAt(x, at, standalone.Error, f.Path, "%s%s", f.Message, c.hint(f, at))
	}
	if c.options.Schemas != nil {
		c.external(x, said)
	}
	if x.section == "plugin_metadata" && !slices.Contains(c.known.Plugins, x.id) {
		c.tell(x, standalone.Warning, "id", "APISIX has no plugin of the name %.60q", x.id)
	}
}

// part is the plugin that a path leads into, as "plugins.cors", or empty.
func part(path string) string {
	steps := strings.SplitN(path, ".", 3)
	if len(steps) < 2 || steps[0] != "plugins" {
		return ""
	}
	return "plugins." + steps[1]
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
		c.dropped[x.section][x.id] = x
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
