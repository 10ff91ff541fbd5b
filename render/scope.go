package render

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// A scope tells apart the connections of one filter chain from those of all others. Envoy has a listener for each port
// and address; APISIX receives all intercepted connections on one port for each direction, so its routes carry the
// difference as vars.
type scope struct {
	key  string        // identity, for ids: "out 9080", "out 10.0.0.1:7777", "in 9080", "port 8080"
	seen string        // what of it APISIX can see: chains of which this is equal cannot be told apart
	vars []apisix.Expr // what holds for these connections only
	to   destination   // where the client dialled
	own  bool          // the listener has a socket of its own: to is the address that it is bound to
	// outbound says that the clients are in the pod itself.
	outbound bool
	// caveat says how APISIX may mistake other connections for these; "" when it cannot.
	caveat string
}

// destination is the address that a client dialled.
type destination struct {
	addr netip.Addr // not valid: any address
	port uint32     // 0: any port
	// exceptAddrs and exceptPorts are served by more specific listeners and filter chains.
	exceptAddrs []netip.AddrPort
	exceptPorts []uint32
}

func (d destination) String() string {
	switch {
	case d.addr.IsValid():
		return netip.AddrPortFrom(d.addr, uint16(d.port)).String()
	case d.port != 0:
		return strconv.Itoa(int(d.port))
	}
	return "any"
}

// ownPort is the scope of a listener that really listens on its port.
func ownPort(port uint32) scope {
	key := fmt.Sprintf("port %d", port)
	return scope{key: key, seen: key, vars: []apisix.Expr{serverPort(int(port))}, to: destination{port: port}, own: true}
}

// intercepted is the scope of connections to d that were redirected to our port local.
func (r *renderer) intercepted(direction string, local int, d destination) scope {
	s := scope{key: direction + " " + d.String(), seen: direction, vars: []apisix.Expr{serverPort(local)}, to: d,
		outbound: direction == "out"}
	switch r.options.OriginalDst {
	case OriginalDstRuntime, OriginalDstLua:
		s.seen = s.key
		s.vars = append(s.vars, r.dialled(d)...)
		if r.guessesIPv6() {
			s.caveat = "APISIX does not know the original destination of IPv6 connections: the port in the Host header stands for it"
		}
	case OriginalDstHost:
		s.caveat = "the port in the Host header stands for the original destination"
		s.seen = fmt.Sprint(direction, " ", d.port)
		if d.port != 0 {
			s.vars = append(s.vars, hostPort(d.port))
		}
	case OriginalDstNone:
		s.caveat = "APISIX does not look at the original destination: the routes serve this host name on every port"
	}
	return s
}

func serverPort(port int) apisix.Expr {
	return apisix.Compare("server_port", apisix.OpEqual, strconv.Itoa(port))
}

// dialledVariable is the variable with "IP:PORT" of the address that the client dialled. That of apisix-runtime is absent for
// IPv6; that of the plugin amesh-destination is "[IP]:PORT" then.
func (r *renderer) dialledVariable() string {
	if r.options.OriginalDst == OriginalDstLua {
		return "amesh_original_dst"
	}
	return runtimeOriginalDst
}

const runtimeOriginalDst = "connection_original_dst"

// seesDestination says whether routes may depend on the original destination.
func (r *renderer) seesDestination() bool {
	return r.options.OriginalDst == OriginalDstRuntime || r.options.OriginalDst == OriginalDstLua
}

// guessesIPv6 says whether the destination of IPv6 connections, which there may be, is not known.
func (r *renderer) guessesIPv6() bool { return r.ipv6 && r.options.OriginalDst == OriginalDstRuntime }

// dialled holds for connections whose original destination is d.
func (r *renderer) dialled(d destination) []apisix.Expr {
	var vars []apisix.Expr
	originalDst := r.dialledVariable()
	switch {
	case d.addr.Is4() || d.addr.IsValid() && r.options.OriginalDst == OriginalDstLua:
		vars = append(vars, apisix.Compare(originalDst, apisix.OpEqual, d.String()))
	case d.addr.IsValid():
		vars = append(vars, viaIPv6(d.port))
	case d.port != 0:
		byPort := apisix.Compare(originalDst, apisix.OpRegex, fmt.Sprintf(`:%d\z`, d.port))
		if r.guessesIPv6() {
			byPort = apisix.Or(byPort, viaIPv6(d.port))
		}
		vars = append(vars, byPort)
	}
	if len(d.exceptAddrs) > 0 {
		vars = append(vars, apisix.Not(apisix.Compare(originalDst, apisix.OpIn, texts(d.exceptAddrs))))
	}
	if len(d.exceptPorts) > 0 {
		vars = append(vars, apisix.Not(apisix.Compare(originalDst, apisix.OpRegex, portsPattern(d.exceptPorts))))
	}
	return vars
}

// viaIPv6 is the best that can be said of an IPv6 connection, whose original destination APISIX does not know.
func viaIPv6(port uint32) apisix.Expr {
	return apisix.And(apisix.Not(apisix.Present(runtimeOriginalDst)), hostPort(port))
}

// hostPort holds for requests whose Host header has that port, or none for port 80.
func hostPort(port uint32) apisix.Expr {
	if port == 80 {
		return apisix.Compare("http_host", apisix.OpRegex, `\A(?:[^:]*|\[[^\]]*\])(?::80)?\z`)
	}
	return apisix.Compare("http_host", apisix.OpRegex, fmt.Sprintf(`:%d\z`, port))
}

func portsPattern(ports []uint32) string {
	var b strings.Builder
	for i, p := range ports {
		if i > 0 {
			b.WriteByte('|')
		}
		b.WriteString(strconv.Itoa(int(p)))
	}
	return ":(?:" + b.String() + `)\z`
}

func texts(addrs []netip.AddrPort) []any {
	list := make([]string, 0, len(addrs))
	for _, a := range addrs {
		list = append(list, a.String())
	}
	slices.Sort(list)
	values := make([]any, len(list))
	for i, text := range list {
		values[i] = text
	}
	return values
}
