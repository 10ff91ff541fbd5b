package render

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// Role is what the proxy is in the mesh.
type Role string

// Roles. The empty one means: as the node id of the snapshot says, else Sidecar.
const (
	Sidecar Role = "sidecar"
	Gateway Role = "gateway"
)

// ParseRole reads a Role; "" is allowed and leaves the choice to the snapshot.
func ParseRole(s string) (Role, error) {
	switch Role(s) {
	case "", Sidecar, Gateway:
		return Role(s), nil
	}
	return "", fmt.Errorf("unknown role %q: it is sidecar or gateway", s)
}

// OriginalDst is how APISIX knows the port that a client dialled before its connection was redirected to the sidecar.
type OriginalDst string

// Ways to know the original destination. The empty one means OriginalDstRuntime for sidecars and OriginalDstNone for
// gateways.
const (
	// OriginalDstRuntime is the variable $connection_original_dst of apisix-runtime, which APISIX's official images
	// have. It knows IPv4 only.
	OriginalDstRuntime OriginalDst = "runtime"
	// OriginalDstHost takes the port from the Host header, 80 where it has none.
	OriginalDstHost OriginalDst = "host"
	// OriginalDstNone does not look at the destination. Of two services that share a host name, one is then served.
	OriginalDstNone OriginalDst = "none"
)

// ParseOriginalDst reads an OriginalDst; "" is allowed and leaves the choice to the role.
func ParseOriginalDst(s string) (OriginalDst, error) {
	switch OriginalDst(s) {
	case "", OriginalDstRuntime, OriginalDstHost, OriginalDstNone:
		return OriginalDst(s), nil
	}
	return "", fmt.Errorf("unknown original destination source %q: it is runtime, host or none", s)
}

// The ports of Istio's interception rules.
const (
	DefaultOutboundPort = 15001
	DefaultInboundPort  = 15006
)

// Options change how a snapshot is rendered. The zero value is right for most.
type Options struct {
	Role        Role
	OriginalDst OriginalDst
	// OutboundPort and InboundPort are the ports on which APISIX receives intercepted connections; 0 means Istio's.
	OutboundPort int
	InboundPort  int
}

func (o Options) withDefaults(s *snapshot.Snapshot) Options {
	if o.Role == "" {
		o.Role = roleOf(s.Node().GetId())
	}
	if o.OriginalDst == "" {
		o.OriginalDst = OriginalDstRuntime
		if o.Role == Gateway {
			o.OriginalDst = OriginalDstNone
		}
	}
	if o.OutboundPort == 0 {
		o.OutboundPort = DefaultOutboundPort
	}
	if o.InboundPort == 0 {
		o.InboundPort = DefaultInboundPort
	}
	return o
}

// roleOf reads the type in an Istio node id, "type~IP~POD.NS~NS.svc.DOMAIN": router is a gateway.
func roleOf(nodeID string) Role {
	if kind, _, _ := strings.Cut(nodeID, "~"); kind == "router" {
		return Gateway
	}
	return Sidecar
}

// podAddress is the pod's address in an Istio node id; not valid when the id has none.
func podAddress(nodeID string) netip.Addr {
	parts := strings.Split(nodeID, "~")
	if len(parts) < 2 {
		return netip.Addr{}
	}
	addr, err := netip.ParseAddr(parts[1])
	if err != nil {
		return netip.Addr{}
	}
	return addr
}

// speaksIPv6 reports whether the pod has an IPv6 address, by its node id and Istio's INSTANCE_IPS.
func speaksIPv6(s *snapshot.Snapshot) bool {
	ips := s.Node().GetMetadata().GetFields()["INSTANCE_IPS"].GetStringValue()
	for _, ip := range append(strings.Split(ips, ","), podAddress(s.Node().GetId()).String()) {
		if addr, err := netip.ParseAddr(strings.TrimSpace(ip)); err == nil && addr.Is6() && !addr.Is4In6() {
			return true
		}
	}
	return false
}
