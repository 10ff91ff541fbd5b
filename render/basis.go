package render

import (
	"net/netip"
	"reflect"
	"slices"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"

	"github.com/amesh-render/amesh-render/intercept"
	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// common is what all parts of one rendering share.
type common struct {
	snapshot *snapshot.Snapshot
	*basis
	*listening
	*decoding
	guards map[guardKey]guarded
}

// A basis is what all of rendering rests on beside resources. While it stays the same, parts may.
type basis struct {
	options      Options // without what users add
	users        bool    // users add something
	self         *corev3.Node
	podAddresses []netip.Addr
	ipv6         bool // the pod has an IPv6 address
}

// basisOf is the basis of a rendering; before, if it is the same.
func basisOf(s *snapshot.Snapshot, o Options, before *basis) *basis {
	pod := podAddresses(s)
	b := &basis{options: o.withDefaults(s), users: !o.Plugins.Empty(), self: s.Node(), podAddresses: pod,
		ipv6: slices.ContainsFunc(pod, netip.Addr.Is6)}
	b.options.Plugins = nil
	if before != nil && before.self == b.self && reflect.DeepEqual(before, b) {
		return before
	}
	return b
}

// listening is what the listeners of a snapshot say together: what any of them serves depends on what the others do.
type listening struct {
	ports intercept.Table             // which destinations are HTTP, which TCP
	bound map[uint32][]netip.AddrPort // by port: the addresses that have a listener of their own
	// Where HTTP is served that the pod's clients send: the addresses, and the ports for all others.
	httpAddrs []netip.AddrPort
	httpPorts []uint32
	inbound   bool // one takes what comes to any port of the pod
}

// listeningOf is what the listeners of a snapshot say; before, if it is the same.
func listeningOf(s *snapshot.Snapshot, o Options, before *listening) *listening {
	a := &listening{bound: map[uint32][]netip.AddrPort{}}
	if o.Ports != nil {
		a.ports = *o.Ports
	} else {
		a.ports = Protocols(s)
	}
	for _, l := range s.Listeners().All() {
		a.add(l)
	}
	slices.Sort(a.httpPorts)
	a.httpPorts = slices.Compact(a.httpPorts)
	if before != nil && reflect.DeepEqual(before, a) {
		return before
	}
	return a
}

func (a *listening) add(l *listenerv3.Listener) {
	addr, port := socketAddress(l.GetAddress())
	if addr.IsValid() && intercepts(l) { // Envoy prefers it to the listener of the wildcard address
		a.bound[port] = append(a.bound[port], netip.AddrPortFrom(addr, uint16(port)))
	}
	a.inbound = a.inbound || isInbound(l) && hasOriginalDst(l)
	switch {
	case !intercepts(l) || isInbound(l) || !anyChain(chainsOf(l), servesHTTP):
	case addr.IsValid():
		a.httpAddrs = append(a.httpAddrs, netip.AddrPortFrom(addr, uint16(port)))
	default:
		a.httpPorts = append(a.httpPorts, port)
	}
}
