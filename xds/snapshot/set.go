package snapshot

import (
	"iter"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
)

// Set is an immutable collection of resources by name. The zero value is empty.
type Set[T proto.Message] struct {
	resources []*Resource[T] // sorted by name
}

// Len is the number of resources.
func (s Set[T]) Len() int { return len(s.resources) }

// Resource is the handle on the resource of that name, nil if there is none.
func (s Set[T]) Resource(name string) *Resource[T] {
	if i, ok := find(s.resources, name); ok {
		return s.resources[i]
	}
	return nil
}

// Resources are the handles, sorted by name. The slice must not be modified.
func (s Set[T]) Resources() []*Resource[T] { return s.resources }

// Get returns the resource of that name, and whether there is one. Like Resource.Message, it may decode it anew.
func (s Set[T]) Get(name string) (T, bool) {
	r := s.Resource(name)
	return Read(new(Reader), r), r != nil
}

// Names are the names, sorted.
func (s Set[T]) Names() []string {
	names := make([]string, len(s.resources))
	for i, r := range s.resources {
		names[i] = r.name
	}
	return names
}

// All yields name and resource, sorted by name. Like Resource.Message, it may decode each anew.
func (s Set[T]) All() iter.Seq2[string, T] {
	return func(yield func(string, T) bool) {
		var reader Reader
		for _, r := range s.resources {
			if !yield(r.name, Read(&reader, r)) {
				return
			}
		}
	}
}

// Changed are the names of the resources whose handles differ between two sets, or that only one of them has, sorted. It is
// nil at once if both are the same set.
func Changed[T proto.Message](before, after Set[T]) (names []string) {
	a, b := before.resources, after.resources
	if len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0]) {
		return nil
	}
	for len(a) > 0 || len(b) > 0 {
		switch {
		case len(a) > 0 && len(b) > 0 && a[0] == b[0]:
			a, b = a[1:], b[1:]
		case len(b) == 0 || len(a) > 0 && a[0].name < b[0].name:
			names, a = append(names, a[0].name), a[1:]
		default:
			names = append(names, b[0].name)
			if len(a) > 0 && a[0].name == b[0].name {
				a = a[1:]
			}
			b = b[1:]
		}
	}
	return names
}

// find is where in a sorted list a name is or would be, and whether it is there.
func find[T proto.Message](sorted []*Resource[T], name string) (int, bool) {
	return slices.BinarySearchFunc(sorted, name, func(r *Resource[T], name string) int { return strings.Compare(r.name, name) })
}
