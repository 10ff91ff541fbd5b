// Package rules builds the netfilter rules that send a pod's TCP connections through its proxy, as the init container of
// Istio does for Envoy. It knows the text that iptables-restore reads and iptables-save writes, and runs nothing.
package rules

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"github.com/amesh-render/amesh-render/intercept"
)

// Options say which connections are redirected, and where to.
type Options struct {
	// OutboundHTTP, OutboundTCP, InboundHTTP and InboundTCP are the ports of the proxy's listeners.
	OutboundHTTP, OutboundTCP, InboundHTTP, InboundTCP uint16
	// Protocols says which of the two a connection is for.
	Protocols intercept.Table
	// UIDs and GIDs are those of the proxy. What it sends is not redirected.
	UIDs, GIDs []uint32

	// InboundPorts are the pod's ports of which connections are redirected; none if it is empty.
	InboundPorts intercept.List
	// ExcludeInboundPorts are left out where InboundPorts are all, as in Istio.
	ExcludeInboundPorts intercept.List

	// OutboundRanges are the destinations to which connections are redirected.
	OutboundRanges Ranges
	// ExcludeOutboundRanges are left out of them, and of OutboundPorts.
	ExcludeOutboundRanges Ranges
	// OutboundPorts are redirected wherever else they go to.
	OutboundPorts intercept.List
	// ExcludeOutboundPorts are never redirected.
	ExcludeOutboundPorts intercept.List

	// ExcludeInterfaces are network interfaces whose connections are not redirected in either direction.
	ExcludeInterfaces []string
}

// Ranges are ranges of addresses.
type Ranges struct {
	All      bool // all addresses; Prefixes is then empty
	Prefixes []netip.Prefix
}

// dns is the port of DNS. Its TCP connections are left alone, as its datagrams are, unless OutboundPorts ask for it.
const dns = 53

// Check reports options that make no sense together.
func (o Options) Check() error {
	ports := []uint16{o.OutboundHTTP, o.OutboundTCP, o.InboundHTTP, o.InboundTCP}
	slices.Sort(ports)
	switch {
	case ports[0] == 0:
		return errors.New("port 0 is no port of the proxy")
	case len(slices.Compact(ports)) < 4:
		return errors.New("two of the proxy's four ports are the same")
	case len(o.UIDs)+len(o.GIDs) == 0:
		return errors.New("neither a user nor a group is the proxy's: its own connections would come back to it")
	case o.ExcludeOutboundRanges.All:
		return errors.New(`all destinations are excluded by "*"; to redirect none, include none`)
	}
	for _, l := range []intercept.List{o.InboundPorts, o.ExcludeInboundPorts, o.OutboundPorts, o.ExcludeOutboundPorts} {
		for _, e := range l {
			if e.Addresses.IsValid() {
				return fmt.Errorf("%q: only ports are listed here, without addresses", e)
			}
		}
	}
	for _, name := range o.ExcludeInterfaces {
		if err := checkInterface(name); err != nil {
			return err
		}
	}
	return errors.Join(o.Protocols.Outbound.Check(), o.Protocols.Inbound.Check())
}

// checkInterface accepts names of interfaces that iptables takes, with "+" at the end for all that begin so.
func checkInterface(name string) error {
	const longest = 15 // IFNAMSIZ and the NUL
	bad := func(r rune) bool {
		return r <= ' ' || r > '~' || r == '/' || r == '"' || r == '\'' || r == '\\' || r == '!'
	}
	if name == "" || name[0] == '-' || len(name) > longest || slices.ContainsFunc([]rune(name), bad) {
		return fmt.Errorf("%q is not the name of a network interface", name)
	}
	return nil
}

// containsAll reports whether a list of ports is of all ports.
func containsAll(l intercept.List) bool {
	return slices.ContainsFunc(l, func(e intercept.Entry) bool { return e.First == 1 && e.Last == 65535 })
}

func containsPort(l intercept.List, port uint16) bool {
	return slices.ContainsFunc(l, func(e intercept.Entry) bool { return e.First <= port && port <= e.Last })
}
