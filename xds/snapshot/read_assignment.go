package snapshot

import (
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/amesh-render/amesh-render/xds/encoded"
)

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

// assignment decodes into an empty message. The messages of all endpoints of a locality are allocated at once.
func (d *Reader) assignment(wire []byte, m *endpointv3.ClusterLoadAssignment) {
	d.each(wire, m, func(f encoded.Field) bool {
		switch {
		case f.Is(1, protowire.BytesType):
			m.ClusterName = d.text(f.Value)
		case f.Is(2, protowire.BytesType):
			locality := new(endpointv3.LocalityLbEndpoints)
			d.locality(f.Value, locality)
			m.Endpoints = append(m.Endpoints, locality)
		default:
			return false
		}
		return true
	})
}

func (d *Reader) locality(wire []byte, m *endpointv3.LocalityLbEndpoints) {
	const endpoints = 2
	count := 0
	for b := wire; len(b) > 0; {
		f, n := d.next(b)
		if f.Is(endpoints, protowire.BytesType) {
			count++
		}
		b = b[n:]
	}
	if count > 0 {
		m.LbEndpoints = make([]*endpointv3.LbEndpoint, 0, count)
	}
	all := make([]endpointMessages, count)
	d.each(wire, m, func(f encoded.Field) bool {
		if !f.Is(endpoints, protowire.BytesType) {
			return false
		}
		e := &all[len(m.LbEndpoints)]
		d.lbEndpoint(f.Value, e)
		m.LbEndpoints = append(m.LbEndpoints, &e.lb)
		return true
	})
}

func (d *Reader) lbEndpoint(wire []byte, e *endpointMessages) {
	d.each(wire, &e.lb, func(f encoded.Field) bool {
		switch {
		case f.Is(1, protowire.BytesType):
			d.once(e.lb.HostIdentifier == nil)
			e.identifier.Endpoint, e.lb.HostIdentifier = &e.endpoint, &e.identifier
			d.endpoint(f.Value, e)
		case f.Is(2, protowire.VarintType):
			e.lb.HealthStatus = corev3.HealthStatus(f.Varint)
		case f.Is(3, protowire.BytesType):
			d.once(e.lb.Metadata == nil)
			e.lb.Metadata = d.metadataOf(f.Value)
		case f.Is(4, protowire.BytesType):
			d.once(e.lb.LoadBalancingWeight == nil)
			e.lb.LoadBalancingWeight = d.weights.of(d, f.Value)
		default:
			return false
		}
		return true
	})
}

func (d *Reader) endpoint(wire []byte, e *endpointMessages) {
	d.each(wire, &e.endpoint, func(f encoded.Field) bool {
		switch {
		case f.Is(1, protowire.BytesType):
			d.once(e.endpoint.Address == nil)
			e.endpoint.Address = &e.address
			d.address(f.Value, e)
		case f.Is(3, protowire.BytesType):
			e.endpoint.Hostname = d.text(f.Value)
		default:
			return false
		}
		return true
	})
}

func (d *Reader) address(wire []byte, e *endpointMessages) {
	d.each(wire, &e.address, func(f encoded.Field) bool {
		if !f.Is(1, protowire.BytesType) {
			return false
		}
		d.once(e.address.Address == nil)
		e.choice.SocketAddress, e.address.Address = &e.socket, &e.choice
		d.socketAddress(f.Value, e)
		return true
	})
}

func (d *Reader) socketAddress(wire []byte, e *endpointMessages) {
	d.each(wire, &e.socket, func(f encoded.Field) bool {
		switch {
		case f.Is(1, protowire.VarintType):
			e.socket.Protocol = corev3.SocketAddress_Protocol(f.Varint)
		case f.Is(2, protowire.BytesType):
			e.socket.Address = d.text(f.Value)
		case f.Is(3, protowire.VarintType):
			e.specifier.PortValue, e.socket.PortSpecifier = uint32(f.Varint), &e.specifier
		default:
			return false
		}
		return true
	})
}
