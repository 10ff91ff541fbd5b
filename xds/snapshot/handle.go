package snapshot

import (
	"bytes"
	"hash/maphash"

	"google.golang.org/protobuf/proto"
)

// Resource is a handle on one resource, or on a part of one. Its pointer is its identity: a resource that comes again and
// says the same keeps the pointer from one snapshot to the next, and another pointer means another content. What came over
// the wire is held as it came, not decoded. Handles are safe for concurrent use.
type Resource[T proto.Message] struct {
	name    string
	message T      // unless encoded
	encoded bool   // it is held as wire, or by its parts
	wire    []byte // nil for what has parts
	parts   *parts // of a route configuration

	// other is another encoded form of the same content. Only the Builder uses it, to decode neither when it comes again.
	other digest
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
	_ = proto.Unmarshal(r.wire, m) // whoever put it has seen to it that it decodes
	return m
}

// says reports whether next says the same. Both are decoded only if they are encoded in different ways.
func (r *Resource[T]) says(next *Resource[T]) bool {
	var d Reader
	switch {
	case r.parts != nil && next.parts != nil:
		return r.parts.same(next.parts)
	case r.isEncodedAs(next):
		return true
	case !proto.Equal(Read(&d, r), Read(&d, next)):
		return false
	case next.encoded:
		r.other = digestOf(next.wire)
	}
	return true
}

// isEncodedAs reports whether next is encoded in a form of r that is known.
func (r *Resource[T]) isEncodedAs(next *Resource[T]) bool {
	return next.encoded && (r.encoded && bytes.Equal(r.wire, next.wire) || r.other.size == len(next.wire) && r.other == digestOf(next.wire))
}

// digest stands for an encoded form. The hash is keyed at random, so that nobody can prepare two forms that share it.
type digest struct {
	hash uint64
	size int
}

var digestSeed = maphash.MakeSeed()

func digestOf(wire []byte) digest { return digest{maphash.Bytes(digestSeed, wire), len(wire)} }
