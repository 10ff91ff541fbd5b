package snapshot

import (
	"slices"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/amesh-render/amesh-render/xds/encoded"
)

// cluster decodes into an empty message.
func (d *Reader) cluster(wire []byte, m *clusterv3.Cluster) {
	d.each(wire, m, func(f encoded.Field) bool {
		switch {
		case f.Is(1, protowire.BytesType):
			m.Name = d.text(f.Value)
		case f.Is(2, protowire.VarintType):
			d.once(m.ClusterDiscoveryType == nil)
			m.ClusterDiscoveryType = &clusterv3.Cluster_Type{Type: clusterv3.Cluster_DiscoveryType(f.Varint)}
		case f.Is(3, protowire.BytesType):
			d.once(m.EdsClusterConfig == nil)
			m.EdsClusterConfig = new(clusterv3.Cluster_EdsClusterConfig)
			d.endpointSource(f.Value, m.EdsClusterConfig)
		case f.Is(4, protowire.BytesType):
			d.once(m.ConnectTimeout == nil)
			m.ConnectTimeout = d.durations.of(d, f.Value)
		case f.Is(6, protowire.VarintType):
			m.LbPolicy = clusterv3.Cluster_LbPolicy(f.Varint)
		case f.Is(10, protowire.BytesType):
			d.once(m.CircuitBreakers == nil)
			m.CircuitBreakers = d.breakers.of(d, f.Value)
		case f.Is(21, protowire.BytesType):
			d.once(m.UpstreamBindConfig == nil)
			m.UpstreamBindConfig = d.binds.of(d, f.Value)
		case f.Is(24, protowire.BytesType):
			d.once(m.TransportSocket == nil)
			m.TransportSocket = d.socketOf(f.Value)
		case f.Is(25, protowire.BytesType):
			d.once(m.Metadata == nil)
			m.Metadata = d.metadataOf(f.Value)
		case f.Is(27, protowire.BytesType):
			d.once(m.CommonLbConfig == nil)
			m.CommonLbConfig = d.balancing.of(d, f.Value)
		case f.Is(28, protowire.BytesType):
			m.AltStatName = d.text(f.Value)
		case f.Is(36, protowire.BytesType):
			if m.TypedExtensionProtocolOptions == nil {
				m.TypedExtensionProtocolOptions = map[string]*anypb.Any{}
			}
			name, value := d.entry(f.Value)
			m.TypedExtensionProtocolOptions[name] = d.anys.of(d, value)
		case f.Is(40, protowire.BytesType):
			m.Filters = append(m.Filters, d.filters.of(d, f.Value))
		case f.Is(43, protowire.BytesType):
			match := new(clusterv3.Cluster_TransportSocketMatch)
			d.socketMatch(f.Value, match)
			m.TransportSocketMatches = append(m.TransportSocketMatches, match)
		default:
			return false
		}
		return true
	})
}

func (d *Reader) endpointSource(wire []byte, m *clusterv3.Cluster_EdsClusterConfig) {
	d.each(wire, m, func(f encoded.Field) bool {
		switch {
		case f.Is(1, protowire.BytesType):
			d.once(m.EdsConfig == nil)
			m.EdsConfig = d.sources.of(d, f.Value)
		case f.Is(2, protowire.BytesType):
			m.ServiceName = d.text(f.Value)
		default:
			return false
		}
		return true
	})
}

func (d *Reader) socketMatch(wire []byte, m *clusterv3.Cluster_TransportSocketMatch) {
	d.each(wire, m, func(f encoded.Field) bool {
		switch {
		case f.Is(1, protowire.BytesType):
			m.Name = d.text(f.Value)
		case f.Is(2, protowire.BytesType):
			d.once(m.Match == nil)
			m.Match = d.structOf(f.Value)
		case f.Is(3, protowire.BytesType):
			d.once(m.TransportSocket == nil)
			m.TransportSocket = d.socketOf(f.Value)
		default:
			return false
		}
		return true
	})
}

// socketOf is the transport socket that is encoded so.
func (d *Reader) socketOf(wire []byte) *corev3.TransportSocket {
	return d.sockets.by(d, wire, func(m *corev3.TransportSocket) {
		d.each(wire, m, func(f encoded.Field) bool {
			switch {
			case f.Is(1, protowire.BytesType):
				m.Name = d.name(f.Value)
			case f.Is(3, protowire.BytesType):
				d.once(m.ConfigType == nil)
				config := new(anypb.Any)
				d.any(f.Value, config)
				m.ConfigType = &corev3.TransportSocket_TypedConfig{TypedConfig: config}
			default:
				return false
			}
			return true
		})
	})
}

func (d *Reader) any(wire []byte, m *anypb.Any) {
	d.each(wire, m, func(f encoded.Field) bool {
		switch {
		case f.Is(1, protowire.BytesType):
			m.TypeUrl = d.name(f.Value)
		case f.Is(2, protowire.BytesType):
			m.Value = slices.Clone(f.Value)
		default:
			return false
		}
		return true
	})
}
