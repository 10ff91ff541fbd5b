package snapshot

import "google.golang.org/protobuf/encoding/protowire"

// wireField is a field of an encoded message.
type wireField struct {
	number protowire.Number
	typ    protowire.Type
	value  []byte // of a field of the wire type for bytes
	varint uint64 // of a varint
}

func (f *wireField) is(n protowire.Number, t protowire.Type) bool { return f.number == n && f.typ == t }

// consumeField takes the first field off an encoded message, and returns how long it is; negative if there is no whole one.
func consumeField(b []byte) (f wireField, n int) {
	f.number, f.typ, n = protowire.ConsumeTag(b)
	if n < 0 || f.number > protowire.MaxValidNumber {
		return f, -1
	}
	var length int
	switch f.typ {
	case protowire.VarintType:
		f.varint, length = protowire.ConsumeVarint(b[n:])
	case protowire.BytesType:
		f.value, length = protowire.ConsumeBytes(b[n:])
	default:
		length = protowire.ConsumeFieldValue(f.number, f.typ, b[n:])
	}
	if length < 0 {
		return f, -1
	}
	return f, n + length
}
