package cmd

import (
	"net"
	"net/netip"
	"slices"
)

// interfaceAddresses are the addresses at which others can reach the network namespace that the program runs in: none where
// the kernel does not tell.
func interfaceAddresses() (list []netip.Addr) {
	interfaces, _ := net.Interfaces()
	for _, i := range interfaces {
		if i.Flags&net.FlagLoopback != 0 || i.Flags&net.FlagUp == 0 {
			continue
		}
		addresses, _ := i.Addrs()
		for _, a := range addresses {
			if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr().IsGlobalUnicast() {
				list = append(list, p.Addr().Unmap())
			}
		}
	}
	return list
}

// withOthers is the pod's addresses as it was told them, and the others that are here: status.podIP of Kubernetes is one of
// the two that a pod with IPv4 and IPv6 has, and what comes to an address that is not known is not guarded as TCP. Where none
// of those told is here, the program runs elsewhere than in the pod.
func withOthers(told, here []netip.Addr) []netip.Addr {
	is := func(a netip.Addr) bool { return slices.Contains(told, a) }
	if !slices.ContainsFunc(here, is) {
		return told
	}
	all := slices.Clone(told)
	for _, a := range here {
		if !slices.Contains(all, a) {
			all = append(all, a)
		}
	}
	return all
}
