package render

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/amesh-render/amesh-render/intercept"
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

// Ways to know the original destination. The empty one means OriginalDstRuntime for sidecars, OriginalDstLua where Lua is
// on, and OriginalDstNone for gateways.
const (
	// OriginalDstRuntime is the variable $connection_original_dst of apisix-runtime, which APISIX's official images
	// have. It knows IPv4 only.
	OriginalDstRuntime OriginalDst = "runtime"
	// OriginalDstLua is the variable of the plugin amesh-destination, which knows IPv6 too.
	OriginalDstLua OriginalDst = "lua"
	// OriginalDstHost takes the port from the Host header, 80 where it has none.
	OriginalDstHost OriginalDst = "host"
	// OriginalDstNone does not look at the destination. Of two services that share a host name, one is then served.
	OriginalDstNone OriginalDst = "none"
)

// ParseOriginalDst reads an OriginalDst; "" is allowed and leaves the choice to the role.
func ParseOriginalDst(s string) (OriginalDst, error) {
	return oneOf("original destination source", s, OriginalDstRuntime, OriginalDstLua, OriginalDstHost, OriginalDstNone)
}

// Lua says whether APISIX has the plugins of templates/lua. The empty one means LuaOff.
type Lua string

// Whether there are plugins in Lua of our own.
const (
	// LuaOff: stock plugins only. What they cannot do is left out or refused, and the findings say so.
	LuaOff Lua = "off"
	// LuaOn: requests and connections can go where the client dialled, splits are drawn at random, and TCP is routed by the
	// original destination and by SNI.
	LuaOn Lua = "on"
)

// ParseLua reads a Lua; "" is allowed and means LuaOff.
func ParseLua(s string) (Lua, error) { return oneOf("use of Lua", s, LuaOn, LuaOff) }

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

// The ports to which our interception rules send connections that do not speak HTTP: nginx cannot serve both on one.
const (
	DefaultOutboundTCPPort = 15002
	DefaultInboundTCPPort  = 15007
)

// Options change how a snapshot is rendered. The zero value is right for most.
type Options struct {
	Role        Role
	OriginalDst OriginalDst
	ExtAuthz    ExtAuthz
	// OutboundPort and InboundPort are the ports on which APISIX receives intercepted connections; 0 means Istio's.
	OutboundPort int
	InboundPort  int
	// OutboundTCPPort and InboundTCPPort are those for connections of which the rules of interception say that they do not
	// speak HTTP; 0 means ours.
	OutboundTCPPort int
	InboundTCPPort  int
	// Ports say which intercepted connections come to the ports for HTTP, and which to those for TCP; nil means as
	// [Protocols] says of the snapshot.
	Ports       *intercept.Table
	UpstreamTLS UpstreamTLS
	Lua         Lua
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
		switch {
		case o.Role == Gateway:
			o.OriginalDst = OriginalDstNone
		case o.lua():
			o.OriginalDst = OriginalDstLua
		}
	}
	if o.OutboundPort == 0 {
		o.OutboundPort = DefaultOutboundPort
	}
	if o.InboundPort == 0 {
		o.InboundPort = DefaultInboundPort
	}
	if o.OutboundTCPPort == 0 {
		o.OutboundTCPPort = DefaultOutboundTCPPort
	}
	if o.InboundTCPPort == 0 {
		o.InboundTCPPort = DefaultInboundTCPPort
	}
	return o
}

func (o Options) lua() bool { return o.Lua == LuaOn }

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
