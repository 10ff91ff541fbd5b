package render

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/amesh-render/amesh-render/plugins"
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
func ParseRole(s string) (Role, error) { return oneOf("role", s, Sidecar, Gateway) }

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
	return oneOf("original destination source", s, OriginalDstRuntime, OriginalDstHost, OriginalDstNone)
}

// ExtAuthz is what becomes of requests that Envoy would ask an HTTP service about (ext_authz). The empty one means
// ExtAuthzRefuse.
type ExtAuthz string

// Ways to deal with external authorization.
const (
	// ExtAuthzRefuse refuses them: APISIX's question is not Envoy's.
	ExtAuthzRefuse ExtAuthz = "refuse"
	// ExtAuthzForwardAuth asks by APISIX's plugin forward-auth, which calls one path of the service, whatever the path of
	// the request, and names the request in X-Forwarded-Method and X-Forwarded-Uri. A service that decides by its own path
	// must not be asked so.
	ExtAuthzForwardAuth ExtAuthz = "forward-auth"
)

// ParseExtAuthz reads an ExtAuthz; "" is allowed.
func ParseExtAuthz(s string) (ExtAuthz, error) {
	return oneOf("way of external authorization", s, ExtAuthzRefuse, ExtAuthzForwardAuth)
}

// UpstreamTLS is what becomes of endpoints whose certificates Envoy would verify, which APISIX 3.18 never does by itself.
// The empty one means UpstreamTLSRefuse.
type UpstreamTLS string

// Ways to call endpoints over TLS. Those whose certificates Envoy does not verify either are called in all of them.
const (
	// UpstreamTLSRefuse: they get no requests.
	UpstreamTLSRefuse UpstreamTLS = "refuse"
	// UpstreamTLSVerified: APISIX's config.yaml turns on nginx's proxy_ssl_verify with a trust store.
	UpstreamTLSVerified UpstreamTLS = "verified"
	// UpstreamTLSUnverified: they are called, whoever they are.
	UpstreamTLSUnverified UpstreamTLS = "unverified"
)

// ParseUpstreamTLS reads an UpstreamTLS; "" is allowed and means UpstreamTLSRefuse.
func ParseUpstreamTLS(s string) (UpstreamTLS, error) {
	return oneOf("way with the TLS of upstreams", s, UpstreamTLSRefuse, UpstreamTLSVerified, UpstreamTLSUnverified)
}

// oneOf reads one of the choices; "" is allowed and stands for the default.
func oneOf[T ~string](what, s string, choices ...T) (T, error) {
	if s == "" || slices.Contains(choices, T(s)) {
		return T(s), nil
	}
	names := make([]string, len(choices))
	for i, c := range choices {
		names[i] = string(c)
	}
	last := len(names) - 1
	return "", fmt.Errorf("unknown %s %q: it is %s or %s", what, s, strings.Join(names[:last], ", "), names[last])
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
	ExtAuthz    ExtAuthz
	// OutboundPort and InboundPort are the ports on which APISIX receives intercepted connections; 0 means Istio's.
	OutboundPort int
	InboundPort  int
	UpstreamTLS  UpstreamTLS
	// Plugins are what users add: AmeshPluginConfigs and overlays. It is not modified, and must not be afterwards.
	Plugins *plugins.Set `json:"-"`
	// CustomPlugins are plugins of the user's own, which APISIX has beside those of [apisix.PluginNames].
	CustomPlugins []string
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
