package snapshot

import (
	"math"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/amesh-render/amesh-render/xds/encoded"
)

// Metadata is in the form of JSON, which protobuf decodes by way of reflection.

// metadataOf is the metadata that is encoded so.
func (d *Reader) metadataOf(wire []byte) *corev3.Metadata {
	return d.metadata.by(d, wire, func(m *corev3.Metadata) {
		d.each(wire, m, func(f encoded.Field) bool {
			if !f.Is(1, protowire.BytesType) {
				return false
			}
			if m.FilterMetadata == nil {
				m.FilterMetadata = map[string]*structpb.Struct{}
			}
			name, value := d.entry(f.Value)
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
	d.once(key.Is(1, protowire.BytesType) && value.Is(2, protowire.BytesType) && n+length == len(wire))
	return d.name(key.Value), value.Value
}

func (d *Reader) fields(wire []byte, m *structpb.Struct, nesting int) {
	for len(wire) > 0 {
		f, n := d.next(wire)
		d.once(f.Is(1, protowire.BytesType))
		name, value := d.entry(f.Value)
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
	case f.Is(1, protowire.VarintType):
		return &structpb.Value{Kind: &structpb.Value_NullValue{NullValue: structpb.NullValue(f.Varint)}}
	case f.Is(2, protowire.Fixed64Type):
		bits, _ := protowire.ConsumeFixed64(wire[n-8:])
		return structpb.NewNumberValue(math.Float64frombits(bits))
	case f.Is(3, protowire.BytesType):
		return structpb.NewStringValue(d.text(f.Value))
	case f.Is(4, protowire.VarintType):
		return structpb.NewBoolValue(f.Varint != 0)
	case f.Is(5, protowire.BytesType):
		m := new(structpb.Struct)
		d.fields(f.Value, m, nesting-1)
		return structpb.NewStructValue(m)
	case f.Is(6, protowire.BytesType):
		m := new(structpb.ListValue)
		d.items(f.Value, m, nesting-1)
		return structpb.NewListValue(m)
	}
	d.failed = true
	return nil
}

func (d *Reader) items(wire []byte, m *structpb.ListValue, nesting int) {
	for len(wire) > 0 {
		f, n := d.next(wire)
		d.once(f.Is(1, protowire.BytesType))
		m.Values = append(m.Values, d.jsonValue(f.Value, nesting))
		wire = wire[n:]
	}
}
