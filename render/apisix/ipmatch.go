package apisix

import (
	"net/netip"
	"strconv"
	"strings"
)

// IPMatchRange is what ipmatch takes s for, an address or a network in CIDR form. It is not ok for what APISIX refuses.
//
// Its library reads any number behind the slash, and shifts by the last five bits of 32 minus that: 10.0.0.0/33 is
// 0.0.0.0/1. What is no number counts as none. More than 128 bits of an IPv6 address are 128.
func IPMatchRange(s string) (p netip.Prefix, ok bool) {
	host, length, _ := strings.Cut(s, "/")
	addr, err := netip.ParseAddr(host)
	if err != nil || addr.Zone() != "" {
		return p, false
	}
	bits, err := strconv.Atoi(length)
	switch {
	case err != nil:
		bits = addr.BitLen()
	case addr.Is4() && bits != 0:
		bits = 32 - (32-bits)&31
	default:
		bits = max(0, min(bits, addr.BitLen()))
	}
	return netip.PrefixFrom(addr, bits).Masked(), true
}
