package snapshot

import (
	"math"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/types/known/structpb"
)

// Metadata is in the form of JSON, which protobuf decodes by way of reflection.

// metadataOf is the metadata that is encoded so.
func (d *Reader) metadataOf(wire []byte) *corev3.Metadata {
	return d.metadata.by(d, wire, func(m *corev3.Metadata) {
		d.each(wire, m, func(f wireField) bool {
			if !f.is(1, protowire.BytesType) {
				return false
			}
			if m.FilterMetadata == nil {
				m.FilterMetadata = map[string]*structpb.Struct{}
			}
			name, value := d.entry(f.value)
			m.FilterMetadata[name] = d.structOf(value)
			return true
		})
	})
}

// structOf is the struct that is encoded so.
func (d *Reader) structOf(wire []byte) *structpb.Struct {
	return d.structs.by(d, wire, func(m *structpb.Struct) { d.fields(wire, m, deepest) })
}

// deepest is how many structs and lists may lie in each other here. Protobuf takes more.
const deepest = 100

// entry are the key and the encoded value of a map's entry, if it is written as usual.
func (d *Reader) entry(wire []byte) (string, []byte) {
	key, n := d.next(wire)
	value, length := d.next(wire[n:])
	d.once(key.is(1, protowire.BytesType) && value.is(2, protowire.BytesType) && n+length == len(wire))
	return d.name(key.value), value.value
}

func (d *Reader) fields(wire []byte, m *structpb.Struct, nesting int) {
	for len(wire) > 0 {
		f, n := d.next(wire)
		d.once(f.is(1, protowire.BytesType))
		name, value := d.entry(f.value)
		if m.Fields == nil {
			m.Fields = map[string]*structpb.Value{}
		}
		m.Fields[name] = d.jsonValue(value, nesting)
		wire = wire[n:]
	}
}

func (d *Reader) jsonValue(wire []byte, nesting int) *structpb.Value {
	f, n := d.next(wire)
	d.once(n == len(wire) && nesting > 0)
	switch {
	case d.failed:
	case f.is(1, protowire.VarintType):
		return &structpb.Value{Kind: &structpb.Value_NullValue{NullValue: structpb.NullValue(f.varint)}}
	case f.is(2, protowire.Fixed64Type):
		bits, _ := protowire.ConsumeFixed64(wire[n-8:])
		return structpb.NewNumberValue(math.Float64frombits(bits))
	case f.is(3, protowire.BytesType):
		return structpb.NewStringValue(d.text(f.value))
	case f.is(4, protowire.VarintType):
		return structpb.NewBoolValue(f.varint != 0)
	case f.is(5, protowire.BytesType):
		m := new(structpb.Struct)
		d.fields(f.value, m, nesting-1)
		return structpb.NewStructValue(m)
	case f.is(6, protowire.BytesType):
		m := new(structpb.ListValue)
		d.items(f.value, m, nesting-1)
		return structpb.NewListValue(m)
	}
	d.failed = true
	return nil
}

func (d *Reader) items(wire []byte, m *structpb.ListValue, nesting int) {
	for len(wire) > 0 {
		f, n := d.next(wire)
		d.once(f.is(1, protowire.BytesType))
		m.Values = append(m.Values, d.jsonValue(f.value, nesting))
		wire = wire[n:]
	}
}
