package snapshot

import (
	"sync/atomic"

	"google.golang.org/protobuf/proto"

	"github.com/amesh-render/amesh-render/xds/encoded"
)

// Resource is a handle on one resource, or on a part of one. Its pointer is its identity: a resource that comes again and
// says the same keeps the pointer from one snapshot to the next, and another pointer means another content. What came over
// the wire is held encoded. Handles are safe for concurrent use.
type Resource[T proto.Message] struct {
	name    string
	message T                      // unless encoded
	encoded bool                   // it is held as wire, or by its parts
	wire    atomic.Pointer[stored] // nil for what has parts
	parts   *parts                 // of a route configuration

	// other is another encoded form of the same content. Only the Builder uses it, to decode neither when it comes again.
	other encoded.Digest
}

// Name is the resource's name, by which others refer to it.
func (r *Resource[T]) Name() string { return r.name }

// Message is the resource itself, which must not be modified. What came over the wire is decoded anew at each call and not
// kept: call once and pass the result on. It is nil, which Envoy's getters take, for a nil handle.
func (r *Resource[T]) Message() (m T) {
	switch {
	case r == nil:
		return m
	case !r.encoded:
		return r.message
	case r.parts != nil:
		return any(r.parts.message()).(T)
	}
	m = m.ProtoReflect().New().Interface().(T)
	_ = proto.Unmarshal(r.wire.Load().unpack(nil), m) // whoever put it has seen to it that it decodes
	return m
}

// says reports whether next says the same. Both are decoded only if they are encoded in different ways.
func (r *Resource[T]) says(next *Resource[T]) bool {
	var d Reader
	if r.parts != nil && next.parts != nil {
		return r.parts.same(next.parts)
	}
	theirs := next.wire.Load()
	switch {
	case theirs != nil && r.isEncodedAs(theirs.Digest):
		return true
	case !proto.Equal(Read(&d, r), Read(&d, next)):
		return false
	case theirs != nil:
		r.other = theirs.Digest
	}
	return true
}

// isEncodedAs reports whether the message of that digest is a known form of r.
func (r *Resource[T]) isEncodedAs(d encoded.Digest) bool {
	held := r.wire.Load()
	return held != nil && held.Digest == d || r.other == d
}

// encodedResource is a handle on a resource that is encoded so. It keeps the bytes.
func encodedResource[T proto.Message](name string, wire encoded.Message) *Resource[T] {
	r := &Resource[T]{name: name, encoded: true}
	r.wire.Store(&stored{Message: wire})
	return r
}
