//lint:file-ignore SA1019 Control planes still send the deprecated fields of routes.

package snapshot

import (
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/encoding/protowire"
)

// virtualHost decodes into an empty message.
func (d *Reader) virtualHost(wire []byte, m *routev3.VirtualHost) {
	d.each(wire, m, func(f wireField) bool {
		switch {
		case f.is(1, protowire.BytesType):
			m.Name = d.text(f.value)
		case f.is(2, protowire.BytesType):
			m.Domains = append(m.Domains, d.text(f.value))
		case f.is(3, protowire.BytesType):
			route := new(routev3.Route)
			d.route(f.value, route)
			m.Routes = append(m.Routes, route)
		case f.is(14, protowire.VarintType):
			m.IncludeRequestAttemptCount = f.varint != 0
		default:
			return false
		}
		return true
	})
}

func (d *Reader) route(wire []byte, m *routev3.Route) {
	d.each(wire, m, func(f wireField) bool {
		switch {
		case f.is(1, protowire.BytesType):
			d.once(m.Match == nil)
			m.Match = d.conditions.of(d, f.value)
		case f.is(2, protowire.BytesType):
			d.once(m.Action == nil)
			action := &routev3.Route_Route{Route: new(routev3.RouteAction)}
			d.routeAction(f.value, action.Route)
			m.Action = action
		case f.is(4, protowire.BytesType):
			d.once(m.Metadata == nil)
			m.Metadata = d.metadataOf(f.value)
		case f.is(5, protowire.BytesType):
			d.once(m.Decorator == nil)
			m.Decorator = new(routev3.Decorator)
			d.decorator(f.value, m.Decorator)
		case f.is(14, protowire.BytesType):
			m.Name = d.text(f.value)
		default:
			return false
		}
		return true
	})
}

func (d *Reader) routeAction(wire []byte, m *routev3.RouteAction) {
	d.each(wire, m, func(f wireField) bool {
		switch {
		case f.is(1, protowire.BytesType):
			d.once(m.ClusterSpecifier == nil)
			m.ClusterSpecifier = &routev3.RouteAction_Cluster{Cluster: d.text(f.value)}
		case f.is(8, protowire.BytesType):
			d.once(m.Timeout == nil)
			m.Timeout = d.durations.of(d, f.value)
		case f.is(9, protowire.BytesType):
			d.once(m.RetryPolicy == nil)
			m.RetryPolicy = d.retries.of(d, f.value)
		case f.is(23, protowire.BytesType):
			d.once(m.MaxGrpcTimeout == nil)
			m.MaxGrpcTimeout = d.durations.of(d, f.value)
		default:
			return false
		}
		return true
	})
}

func (d *Reader) decorator(wire []byte, m *routev3.Decorator) {
	d.each(wire, m, func(f wireField) bool {
		if !f.is(1, protowire.BytesType) {
			return false
		}
		m.Operation = d.text(f.value)
		return true
	})
}
