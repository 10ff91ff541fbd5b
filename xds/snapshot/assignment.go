package snapshot

import (
	"bytes"
	"unicode/utf8"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// assignmentDecoder decodes load assignments, which are half of what a mesh consists of, at a fraction of what it costs
// protobuf: the messages of all endpoints are allocated at once, and what endpoints have in common is decoded once and
// shared. Whatever is not in every endpoint is left to protobuf.
type assignmentDecoder struct {
	metadata     *corev3.Metadata // of the endpoint before
	weight       *wrapperspb.UInt32Value
	metadataWire []byte
	weightWire   []byte
	failed       bool // protobuf has to say what is wrong
}

// endpointMessages are the messages that one endpoint consists of.
type endpointMessages struct {
	lb         endpointv3.LbEndpoint
	identifier endpointv3.LbEndpoint_Endpoint
	endpoint   endpointv3.Endpoint
	address    corev3.Address
	choice     corev3.Address_SocketAddress
	socket     corev3.SocketAddress
	specifier  corev3.SocketAddress_PortValue
}

// decodeAssignment decodes into an empty message, and reports whether it could. If not, the message is in any state.
func decodeAssignment(wire []byte, m *endpointv3.ClusterLoadAssignment) bool {
	var d assignmentDecoder
	var rest []byte
	for len(wire) > 0 {
		f, n := consumeField(wire)
		switch {
		case n < 0:
			return false
		case f.is(1, protowire.BytesType):
			m.ClusterName = d.text(f.value)
		case f.is(2, protowire.BytesType):
			locality := new(endpointv3.LocalityLbEndpoints)
			d.locality(f.value, locality)
			m.Endpoints = append(m.Endpoints, locality)
		default:
			rest = append(rest, wire[:n]...)
		}
		wire = wire[n:]
	}
	d.merge(rest, m)
	return !d.failed
}

func (d *assignmentDecoder) locality(wire []byte, m *endpointv3.LocalityLbEndpoints) {
	count := 0
	var rest []byte
	for b := wire; len(b) > 0; {
		f, n := consumeField(b)
		switch {
		case n < 0:
			d.failed = true
			return
		case f.is(2, protowire.BytesType):
			count++
		default:
			rest = append(rest, b[:n]...)
		}
		b = b[n:]
	}
	if count > 0 {
		m.LbEndpoints = make([]*endpointv3.LbEndpoint, 0, count)
	}
	all := make([]endpointMessages, count)
	for len(wire) > 0 {
		f, n := consumeField(wire)
		if f.is(2, protowire.BytesType) {
			e := &all[len(m.LbEndpoints)]
			if !d.lbEndpoint(f.value, e) {
				d.unmarshal(f.value, &e.lb)
			}
			m.LbEndpoints = append(m.LbEndpoints, &e.lb)
		}
		wire = wire[n:]
	}
	d.merge(rest, m)
}

// lbEndpoint reports whether the endpoint has nothing but what every endpoint has, as the functions below do.
func (d *assignmentDecoder) lbEndpoint(wire []byte, e *endpointMessages) bool {
	for len(wire) > 0 {
		f, n := consumeField(wire)
		switch {
		case n < 0:
			return false
		case f.is(1, protowire.BytesType) && e.lb.HostIdentifier == nil:
			e.identifier.Endpoint, e.lb.HostIdentifier = &e.endpoint, &e.identifier
			if !d.endpoint(f.value, e) {
				d.unmarshal(f.value, &e.endpoint)
			}
		case f.is(2, protowire.VarintType):
			e.lb.HealthStatus = corev3.HealthStatus(f.varint)
		case f.is(3, protowire.BytesType) && e.lb.Metadata == nil:
			e.lb.Metadata = d.sharedMetadata(f.value)
		case f.is(4, protowire.BytesType) && e.lb.LoadBalancingWeight == nil:
			e.lb.LoadBalancingWeight = d.sharedWeight(f.value)
		default:
			return false
		}
		wire = wire[n:]
	}
	return true
}

func (d *assignmentDecoder) endpoint(wire []byte, e *endpointMessages) bool {
	for len(wire) > 0 {
		f, n := consumeField(wire)
		switch {
		case n < 0:
			return false
		case f.is(1, protowire.BytesType) && e.endpoint.Address == nil:
			e.endpoint.Address = &e.address
			if !d.address(f.value, e) {
				d.unmarshal(f.value, &e.address)
			}
		case f.is(3, protowire.BytesType):
			e.endpoint.Hostname = d.text(f.value)
		default:
			return false
		}
		wire = wire[n:]
	}
	return true
}

func (d *assignmentDecoder) address(wire []byte, e *endpointMessages) bool {
	f, n := consumeField(wire)
	if n != len(wire) || !f.is(1, protowire.BytesType) {
		return false
	}
	e.choice.SocketAddress, e.address.Address = &e.socket, &e.choice
	if !d.socketAddress(f.value, e) {
		d.unmarshal(f.value, &e.socket)
	}
	return true
}

func (d *assignmentDecoder) socketAddress(wire []byte, e *endpointMessages) bool {
	for len(wire) > 0 {
		f, n := consumeField(wire)
		switch {
		case n < 0:
			return false
		case f.is(1, protowire.VarintType):
			e.socket.Protocol = corev3.SocketAddress_Protocol(f.varint)
		case f.is(2, protowire.BytesType):
			e.socket.Address = d.text(f.value)
		case f.is(3, protowire.VarintType):
			e.specifier.PortValue, e.socket.PortSpecifier = uint32(f.varint), &e.specifier
		default:
			return false
		}
		wire = wire[n:]
	}
	return true
}

func (d *assignmentDecoder) sharedMetadata(wire []byte) *corev3.Metadata {
	if d.metadata == nil || !bytes.Equal(wire, d.metadataWire) {
		d.metadata, d.metadataWire = new(corev3.Metadata), wire
		d.unmarshal(wire, d.metadata)
	}
	return d.metadata
}

func (d *assignmentDecoder) sharedWeight(wire []byte) *wrapperspb.UInt32Value {
	if d.weight == nil || !bytes.Equal(wire, d.weightWire) {
		d.weight, d.weightWire = new(wrapperspb.UInt32Value), wire
		d.unmarshal(wire, d.weight)
	}
	return d.weight
}

func (d *assignmentDecoder) text(b []byte) string {
	d.failed = d.failed || !utf8.Valid(b)
	return string(b)
}

// unmarshal leaves a message to protobuf, merge only the fields that have not been decoded.
func (d *assignmentDecoder) unmarshal(wire []byte, m proto.Message) {
	d.failed = d.failed || proto.Unmarshal(wire, m) != nil
}

func (d *assignmentDecoder) merge(rest []byte, m proto.Message) {
	if len(rest) > 0 {
		d.failed = d.failed || proto.UnmarshalOptions{Merge: true}.Unmarshal(rest, m) != nil
	}
}
