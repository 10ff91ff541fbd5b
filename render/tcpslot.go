package render

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"

	"github.com/amesh-render/amesh-render/intercept"
	"github.com/amesh-render/amesh-render/render/apisix"
	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// Where a stream route stands in the file. APISIX takes the first that holds, so the narrower ones come before the wider,
// and what comes to the pod before what it dials: the two are told apart by the pod's own addresses.
const (
	rankInbound    = 0 // a port of the pod
	rankInboundAny = 1 // the pod
	rankAddress    = 2 // an address and a port
	rankPrefix     = 3 // addresses and a port, the longer prefix first
	rankPort       = 4 // a port
	rankAny        = 5
)

// A slot is the connections to one destination, as a stream route sees them.
type slot struct {
	rank      int
	addresses netip.Prefix // not valid: any
	port      uint32       // 0: any
}

// route is a stream route for the slot, called after the listener. Its id begins with its place in the file.
func (s slot) route(listener string) apisix.StreamRoute {
	r := apisix.StreamRoute{Name: label(listener), ServerPort: int(s.port)}
	at, order := "any", fmt.Sprintf("tcp%d", s.rank)
	if s.addresses.IsValid() {
		r.ServerAddr = s.addresses.String()
		if s.addresses.IsSingleIP() {
			r.ServerAddr = s.addresses.Addr().String()
		}
		at = r.ServerAddr
		if s.rank == rankPrefix {
			order += fmt.Sprintf("-%03d", s.addresses.Addr().BitLen()-s.addresses.Bits())
		}
	}
	port := "any"
	if s.port != 0 {
		port = fmt.Sprint(s.port)
	}
	r.ID = apisix.ID(strings.Join([]string{order, at, port}, "-"), strings.Join([]string{"tcp", at, port}, "\x00"))
	return r
}

// destination is an address and port that stand for the slot where it is asked which protocol it is.
func (s slot) destination() netip.AddrPort {
	if s.addresses.IsValid() {
		return netip.AddrPortFrom(s.addresses.Addr(), uint16(s.port))
	}
	return netip.AddrPortFrom(netip.IPv4Unspecified(), uint16(s.port))
}

// A direction is how connections come to a listener.
type direction struct {
	intercepted, inbound bool
	ports                intercept.Ports
	flag                 string // the one that would make a port TCP
}

func (r *renderer) directionOf(l *listenerv3.Listener) direction {
	if isInbound(l) {
		return direction{intercepts(l) || hasOriginalDst(l), true, r.ports.Inbound, "--tcp-inbound-ports"}
	}
	return direction{intercepts(l) || hasOriginalDst(l), false, r.ports.Outbound, "--tcp-outbound-ports"}
}

// slots are those of filter chains of the listener that are for a port, 0 for all, and a range of addresses, if it is valid.
func (r *renderer) slots(l *listenerv3.Listener, d direction, port uint32, addresses netip.Prefix) (list []slot) {
	addr, own := socketAddress(l.GetAddress())
	switch {
	case addr.IsValid():
		addresses = netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen())
	case !addresses.IsValid() && !hasOriginalDst(l) && r.dualStack():
		addresses = family(l)
	}
	switch {
	case d.inbound && d.intercepted && hasOriginalDst(l):
		for _, own := range r.podAddresses {
			s := slot{rankInbound, netip.PrefixFrom(own, own.BitLen()), port}
			if port == 0 {
				s.rank = rankInboundAny
			}
			list = append(list, s)
		}
		return list
	case hasOriginalDst(l) && port == 0 && !addresses.IsValid():
		return []slot{{rank: rankAny}}
	case !hasOriginalDst(l):
		port = own
	}
	switch {
	case addresses.IsValid() && addresses.IsSingleIP():
		return []slot{{rankAddress, addresses, port}}
	case addresses.IsValid():
		return []slot{{rankPrefix, addresses, port}}
	}
	return []slot{{rank: rankPort, port: port}}
}

// dualStack reports whether the pod has addresses of both families.
func (r *renderer) dualStack() bool {
	return r.ipv6 && slices.ContainsFunc(r.podAddresses, netip.Addr.Is4)
}

// family is all addresses of the one family that a listener on the unspecified address is for; not valid if it is for both.
func family(l *listenerv3.Listener) netip.Prefix {
	var found []netip.Addr
	for _, a := range append([]*corev3.Address{l.GetAddress()}, additional(l)...) {
		addr, err := netip.ParseAddr(a.GetSocketAddress().GetAddress())
		if err != nil || addr.IsUnspecified() && addr.Is6() && a.GetSocketAddress().GetIpv4Compat() {
			return netip.Prefix{}
		}
		found = append(found, addr)
	}
	if len(found) != 1 {
		return netip.Prefix{}
	}
	return netip.PrefixFrom(found[0], 0)
}

func additional(l *listenerv3.Listener) (list []*corev3.Address) {
	for _, a := range l.GetAdditionalAddresses() {
		list = append(list, a.GetAddress())
	}
	return list
}

// podAddresses are the addresses of the pod, by its node id and Istio's INSTANCE_IPS.
func podAddresses(s *snapshot.Snapshot) (list []netip.Addr) {
	ips := strings.Split(s.Node().GetMetadata().GetFields()["INSTANCE_IPS"].GetStringValue(), ",")
	for _, ip := range append(ips, podAddress(s.Node().GetId()).String()) {
		if addr, err := netip.ParseAddr(strings.TrimSpace(ip)); err == nil && !slices.Contains(list, addr.Unmap()) {
			list = append(list, addr.Unmap())
		}
	}
	slices.SortFunc(list, netip.Addr.Compare)
	return list
}
