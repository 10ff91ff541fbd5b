// Package encoded reads encoded protobuf messages field by field, without decoding them, and tells them apart by digests.
package encoded

import (
	"hash/maphash"

	"google.golang.org/protobuf/encoding/protowire"
)

// A Field is one field of an encoded message.
type Field struct {
	Number protowire.Number
	Type   protowire.Type
	Value  []byte // of a field of the wire type for bytes; a part of the message
	Varint uint64 // of a varint
}

// Is reports whether the field has that number and that wire type.
func (f *Field) Is(n protowire.Number, t protowire.Type) bool { return f.Number == n && f.Type == t }

// Consume takes the first field off an encoded message, and returns how many bytes it takes; negative if there is no whole
// one. It takes what protobuf takes.
func Consume(b []byte) (f Field, n int) {
	tag, n := uvarint(b)
	if n < 0 || tag>>3 < uint64(protowire.MinValidNumber) || tag>>3 > uint64(protowire.MaxValidNumber) {
		return Field{}, -1
	}
	f.Number, f.Type = protowire.Number(tag>>3), protowire.Type(tag&7)
	var length int
	switch f.Type {
	case protowire.BytesType:
		size, m := uvarint(b[n:])
		if m < 0 || size > uint64(len(b)-n-m) {
			return Field{}, -1
		}
		length = m + int(size)
		f.Value = b[n+m : n+length]
	case protowire.VarintType:
		f.Varint, length = uvarint(b[n:])
	default:
		length = protowire.ConsumeFieldValue(f.Number, f.Type, b[n:])
	}
	if length < 0 {
		return Field{}, -1
	}
	return f, n + length
}

// Last is the last value of a field of the wire type for bytes, as far as the message is whole; nil if there is none.
func Last(b []byte, number protowire.Number) (value []byte) {
	for len(b) > 0 {
		f, n := Consume(b)
		if n < 0 {
			return value
		}
		if f.Is(number, protowire.BytesType) {
			value = f.Value
		}
		b = b[n:]
	}
	return value
}

// uvarint is protowire.ConsumeVarint, faster for the small numbers that most are.
func uvarint(b []byte) (uint64, int) {
	if len(b) > 0 && b[0] < 0x80 {
		return uint64(b[0]), 1
	}
	if len(b) > 1 && b[1] < 0x80 {
		return uint64(b[0]&0x7f) | uint64(b[1])<<7, 2
	}
	return protowire.ConsumeVarint(b)
}

// A Message is an encoded message and its digest.
type Message struct {
	Bytes  []byte
	Digest Digest
}

// Of is the message of those bytes.
func Of(b []byte) Message { return Message{b, digestOf(b)} }

// Digest stands for an encoded message. The hash is keyed at random, anew in each process, so that nobody can prepare two
// messages that share it. The zero value is that of no message.
type Digest struct {
	hash uint64
	size int
}

var seed = maphash.MakeSeed()

func digestOf(b []byte) Digest { return Digest{maphash.Bytes(seed, b), len(b)} }

// Size is the length of the message in bytes.
func (d Digest) Size() int { return d.size }
