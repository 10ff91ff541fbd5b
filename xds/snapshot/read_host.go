//lint:file-ignore SA1019 Control planes still send the deprecated fields of routes.

package snapshot

import (
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/amesh-render/amesh-render/xds/encoded"
)

// virtualHost decodes into an empty message.
func (d *Reader) virtualHost(wire []byte, m *routev3.VirtualHost) {
	d.each(wire, m, func(f encoded.Field) bool {
		switch {
		case f.Is(1, protowire.BytesType):
			m.Name = d.text(f.Value)
		case f.Is(2, protowire.BytesType):
			m.Domains = append(m.Domains, d.text(f.Value))
		case f.Is(3, protowire.BytesType):
			route := new(routev3.Route)
			d.route(f.Value, route)
			m.Routes = append(m.Routes, route)
		case f.Is(14, protowire.VarintType):
			m.IncludeRequestAttemptCount = f.Varint != 0
		default:
			return false
		}
		return true
	})
}

func (d *Reader) route(wire []byte, m *routev3.Route) {
	d.each(wire, m, func(f encoded.Field) bool {
		switch {
		case f.Is(1, protowire.BytesType):
			d.once(m.Match == nil)
			m.Match = d.conditions.of(d, f.Value)
		case f.Is(2, protowire.BytesType):
			d.once(m.Action == nil)
			action := &routev3.Route_Route{Route: new(routev3.RouteAction)}
			d.routeAction(f.Value, action.Route)
			m.Action = action
		case f.Is(4, protowire.BytesType):
			d.once(m.Metadata == nil)
			m.Metadata = d.metadataOf(f.Value)
		case f.Is(5, protowire.BytesType):
			d.once(m.Decorator == nil)
			m.Decorator = new(routev3.Decorator)
			d.decorator(f.Value, m.Decorator)
		case f.Is(14, protowire.BytesType):
			m.Name = d.text(f.Value)
		default:
			return false
		}
		return true
	})
}

func (d *Reader) routeAction(wire []byte, m *routev3.RouteAction) {
	d.each(wire, m, func(f encoded.Field) bool {
		switch {
		case f.Is(1, protowire.BytesType):
			d.once(m.ClusterSpecifier == nil)
			m.ClusterSpecifier = &routev3.RouteAction_Cluster{Cluster: d.text(f.Value)}
		case f.Is(8, protowire.BytesType):
			d.once(m.Timeout == nil)
			m.Timeout = d.durations.of(d, f.Value)
		case f.Is(9, protowire.BytesType):
			d.once(m.RetryPolicy == nil)
			m.RetryPolicy = d.retries.of(d, f.Value)
		case f.Is(23, protowire.BytesType):
			d.once(m.MaxGrpcTimeout == nil)
			m.MaxGrpcTimeout = d.durations.of(d, f.Value)
		default:
			return false
		}
		return true
	})
}

func (d *Reader) decorator(wire []byte, m *routev3.Decorator) {
	d.each(wire, m, func(f encoded.Field) bool {
		if !f.Is(1, protowire.BytesType) {
			return false
		}
		m.Operation = d.text(f.Value)
		return true
	})
}
