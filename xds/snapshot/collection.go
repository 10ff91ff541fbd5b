package snapshot

import (
	"maps"
	"slices"

	"google.golang.org/protobuf/proto"
)

// resources is a collection whose type is known only by its Kind.
type resources interface {
	// put reports whether that changed anything. The message must be of the collection's type.
	put(name string, m proto.Message) bool
	// remove reports whether there was such a resource.
	remove(name string) bool
	// names are the names, in no order.
	names() []string
}

// collection is the changing counterpart of a Set. The zero value is empty.
type collection[T proto.Message] struct {
	byName map[string]T
	frozen Set[T]
	stale  bool // byName has changed since it was frozen
}

func (c *collection[T]) put(name string, m proto.Message) bool {
	if old, ok := c.byName[name]; ok && proto.Equal(old, m) {
		return false
	}
	if c.byName == nil {
		c.byName = map[string]T{}
	}
	c.byName[name], c.stale = m.(T), true
	return true
}

func (c *collection[T]) remove(name string) bool {
	if _, ok := c.byName[name]; !ok {
		return false
	}
	delete(c.byName, name)
	c.stale = true
	return true
}

func (c *collection[T]) names() []string { return slices.Collect(maps.Keys(c.byName)) }

// freeze returns the content as a Set that later changes do not reach. The copy is made only after a change, so that
// kinds which a push does not touch cost nothing.
func (c *collection[T]) freeze() Set[T] {
	if c.stale {
		c.frozen, c.stale = newSet(maps.Clone(c.byName)), false
	}
	return c.frozen
}
