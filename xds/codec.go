package xds

import (
	"unicode/utf8"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/proto" // registers the codec below this one
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/amesh-render/amesh-render/xds/encoded"
)

// codec is gRPC's codec for protobuf, but that the resources of a response stay where they came in: of what a control plane
// repeats, which is nearly all, no copy is made.
type codec struct{ encoding.CodecV2 }

func newCodec() codec { return codec{encoding.GetCodecV2("proto")} }

// Unmarshal implements encoding.CodecV2. gRPC uses the memory of data again.
func (c codec) Unmarshal(data mem.BufferSlice, v any) error {
	switch m := v.(type) {
	case *discoveryv3.DiscoveryResponse:
		return UnmarshalResponse(data.Materialize(), m)
	case *discoveryv3.DeltaDiscoveryResponse:
		return unmarshalDelta(data.Materialize(), m)
	}
	return c.CodecV2.Unmarshal(data, v)
}

// UnmarshalResponse is proto.Unmarshal, but that the encoded resources in m are parts of wire, which must not be modified
// afterwards.
func UnmarshalResponse(wire []byte, m *discoveryv3.DiscoveryResponse) error {
	var d aliasing
	return d.unmarshal(wire, m, func(value []byte) { m.Resources = append(m.Resources, d.any(value)) })
}

func unmarshalDelta(wire []byte, m *discoveryv3.DeltaDiscoveryResponse) error {
	var d aliasing
	return d.unmarshal(wire, m, func(value []byte) { m.Resources = append(m.Resources, d.resource(value)) })
}

// aliasing decodes messages whose bytes are to stay where they are.
type aliasing struct {
	failed bool   // protobuf has to decode it, or to say what is wrong
	url    string // of the type of the resource before
}

// resources is the field for them in responses of both kinds.
const resources protowire.Number = 2

// unmarshal decodes a response; take takes its resources.
func (d *aliasing) unmarshal(wire []byte, m proto.Message, take func([]byte)) error {
	proto.Reset(m)
	rest, ok := d.fields(wire, resources, take)
	if !ok || d.failed {
		return proto.Unmarshal(wire, m)
	}
	return proto.UnmarshalOptions{Merge: true}.Unmarshal(rest, m)
}

// fields takes the values of one field, of the wire type for bytes, out of an encoded message, and returns all other fields.
// It is not ok if the message is broken.
func (d *aliasing) fields(wire []byte, field protowire.Number, take func(value []byte)) (rest []byte, ok bool) {
	for len(wire) > 0 {
		f, n := encoded.Consume(wire)
		if n < 0 {
			return nil, false
		}
		if f.Is(field, protowire.BytesType) {
			take(f.Value)
		} else {
			rest = append(rest, wire[:n]...)
		}
		wire = wire[n:]
	}
	return rest, true
}

func (d *aliasing) any(wire []byte) *anypb.Any {
	a := new(anypb.Any)
	rest, ok := d.fields(wire, 2, func(value []byte) { a.Value = value[:len(value):len(value)] })
	url := len(rest) > 0 && rest[0] == 1<<3|byte(protowire.BytesType)
	if url {
		f, n := encoded.Consume(rest)
		if url = n == len(rest) && utf8.Valid(f.Value); url {
			if string(f.Value) != d.url {
				d.url = string(f.Value)
			}
			a.TypeUrl = d.url
		}
	}
	d.failed = d.failed || !ok || !url
	return a
}

func (d *aliasing) resource(wire []byte) *discoveryv3.Resource {
	r, times := new(discoveryv3.Resource), 0
	rest, ok := d.fields(wire, 2, func(value []byte) {
		r.Resource = d.any(value)
		times++
	})
	d.failed = d.failed || !ok || times > 1 || // protobuf would merge them
		proto.UnmarshalOptions{Merge: true}.Unmarshal(rest, r) != nil
	return r
}
