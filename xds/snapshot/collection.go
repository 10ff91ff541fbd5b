package snapshot

import (
	"maps"
	"slices"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/proto"

	"github.com/amesh-render/amesh-render/xds/encoded"
)

// resources is a collection whose type is known only by its Kind.
type resources interface {
	// put reports whether that changed anything. The message must be of the collection's type.
	put(name string, m proto.Message) bool
	// putWire is put for the encoded form of a message, which is not kept.
	putWire(name string, wire encoded.Message) bool
	// remove reports whether there was such a resource.
	remove(name string) bool
	// names are the names, in no order.
	names() []string
}

// collection is the changing counterpart of a Set. The zero value is empty.
type collection[T proto.Message] struct {
	byName  map[string]*Resource[T]
	frozen  Set[T]
	changed map[string]struct{} // the names whose resources are not as in frozen
	space   []byte
}

func (c *collection[T]) put(name string, m proto.Message) bool {
	r := &Resource[T]{name: name, message: m.(T)}
	if rc, ok := m.(*routev3.RouteConfiguration); ok {
		r.parts = splitMessage(rc, c.parts(name))
	}
	return c.take(r)
}

func (c *collection[T]) putWire(name string, wire encoded.Message) bool {
	var of T
	if _, ok := any(of).(*routev3.RouteConfiguration); ok {
		return c.take(&Resource[T]{name: name, encoded: true, parts: splitWire(name, wire.Bytes, c.parts(name))})
	}
	r := encodedResource[T](name, wire)
	changes := c.take(r)
	if changes {
		c.keep(r)
	}
	return changes
}

// parts are those of the resource held, nil if there is none.
func (c *collection[T]) parts(name string) *parts {
	if old := c.byName[name]; old != nil {
		return old.parts
	}
	return nil
}

func (c *collection[T]) take(r *Resource[T]) bool {
	if old := c.byName[r.name]; old != nil && old.says(r) {
		return false
	}
	if c.byName == nil {
		c.byName = map[string]*Resource[T]{}
	}
	c.byName[r.name] = r
	c.touch(r.name)
	return true
}

func (c *collection[T]) remove(name string) bool {
	if _, ok := c.byName[name]; !ok {
		return false
	}
	delete(c.byName, name)
	c.touch(name)
	return true
}

// load makes s the content, and reports whether that changed anything.
func (c *collection[T]) load(s Set[T]) (changed bool) {
	for _, name := range c.names() {
		if s.Resource(name) == nil {
			changed = c.remove(name) || changed
		}
	}
	for _, r := range s.resources {
		if wire := r.wire.Load(); wire != nil {
			same := &Resource[T]{name: r.name, encoded: true}
			same.wire.Store(wire)
			changed = c.take(same) || changed
		} else {
			changed = c.put(r.name, r.Message()) || changed
		}
	}
	return changed
}

func (c *collection[T]) touch(name string) {
	if c.changed == nil {
		c.changed = map[string]struct{}{}
	}
	c.changed[name] = struct{}{}
}

func (c *collection[T]) names() []string { return slices.Collect(maps.Keys(c.byName)) }

// freeze returns the content as a Set that later changes do not reach. The copy is made only after a change, so that
// kinds which a push does not touch cost nothing, and takes over what is between the names that have changed.
func (c *collection[T]) freeze() Set[T] {
	if c.changed == nil {
		return c.frozen
	}
	next, rest := make([]*Resource[T], 0, len(c.byName)), c.frozen.resources
	for _, name := range slices.Sorted(maps.Keys(c.changed)) {
		i, found := find(rest, name)
		next, rest = append(next, rest[:i]...), rest[i:]
		if found {
			rest = rest[1:]
		}
		if r := c.byName[name]; r != nil {
			next = append(next, r)
		}
	}
	c.frozen, c.changed = Set[T]{append(next, rest...)}, nil
	return c.frozen
}
