package rules

import "net/netip"

// A Family is a version of IP. Each has rules of its own.
type Family uint8

// The families.
const (
	IPv4 Family = 4
	IPv6 Family = 6
)

func (f Family) String() string {
	if f == IPv6 {
		return "IPv6"
	}
	return "IPv4"
}

// loopback is the address by which processes of the pod call each other, as iptables-save writes it.
func (f Family) loopback() string {
	if f == IPv6 {
		return "::1/128"
	}
	return "127.0.0.1/32"
}

// Inbound is the address that the proxy's connections to the pod's own processes come from, so that they are told from
// those that the pod opens to itself.
func (f Family) Inbound() netip.Prefix {
	if f == IPv6 {
		return netip.MustParsePrefix("::6/128")
	}
	return netip.MustParsePrefix("127.0.0.6/32")
}

// has reports whether a prefix is of the family.
func (f Family) has(p netip.Prefix) bool { return p.Addr().Is6() == (f == IPv6) }

// of is the prefixes of the family.
func (f Family) of(all []netip.Prefix) (prefixes []netip.Prefix) {
	for _, p := range all {
		if f.has(p) {
			prefixes = append(prefixes, p)
		}
	}
	return prefixes
}
