package intercept

import (
	"cmp"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// An Entry is destinations that a list names: ports from First to Last, at all addresses or at those of a prefix.
type Entry struct {
	// Addresses is the prefix that the destination's address is in; not valid where any address will do. It has no
	// bits beyond its length.
	Addresses netip.Prefix
	// First and Last are the bounds of the ports, both included; 1 and 65535 for all.
	First, Last uint16
}

const lastPort = 65535

// Contains reports whether a destination is one of the entry's. An IPv4 address that is written as IPv6 is IPv4.
func (e Entry) Contains(dst netip.AddrPort) bool {
	return e.First <= dst.Port() && dst.Port() <= e.Last &&
		(!e.Addresses.IsValid() || e.Addresses.Contains(dst.Addr().Unmap()))
}

// String is the entry as ParseEntry reads it: an address of its own without the length, all ports as "*".
func (e Entry) String() string {
	switch a := e.Addresses; {
	case !a.IsValid():
		return e.ports()
	case a.Addr().Is6() && a.IsSingleIP():
		return "[" + a.Addr().String() + "]:" + e.ports()
	case a.Addr().Is6():
		return "[" + a.String() + "]:" + e.ports()
	case a.IsSingleIP():
		return a.Addr().String() + ":" + e.ports()
	default:
		return a.String() + ":" + e.ports()
	}
}

func (e Entry) ports() string {
	switch {
	case e.First == 1 && e.Last == lastPort:
		return "*"
	case e.First == e.Last:
		return strconv.Itoa(int(e.First))
	}
	return fmt.Sprintf("%d-%d", e.First, e.Last)
}

// compare orders entries from the narrowest to the widest; entries that are equally narrow by address and port.
func (e Entry) compare(other Entry) int {
	return cmp.Or(
		e.compareWidth(other),
		e.Addresses.Addr().Compare(other.Addresses.Addr()),
		cmp.Compare(e.First, other.First),
	)
}

func (e Entry) compareWidth(other Entry) int {
	return cmp.Or(
		cmp.Compare(other.bits(), e.bits()),
		cmp.Compare(e.Last-e.First, other.Last-other.First),
	)
}

// bits is the length of the prefix, -1 where any address will do.
func (e Entry) bits() int { return e.Addresses.Bits() }

// covers reports whether the entry contains every destination of another one.
func (e Entry) covers(other Entry) bool {
	if other.First < e.First || e.Last < other.Last {
		return false
	}
	return !e.Addresses.IsValid() ||
		e.Addresses.Bits() <= other.Addresses.Bits() && e.Addresses.Contains(other.Addresses.Addr())
}

// contradicts reports whether a destination is in both entries and neither is narrower.
func (e Entry) contradicts(other Entry) bool {
	return e.compareWidth(other) == 0 && e.Addresses == other.Addresses && e.First <= other.Last && other.First <= e.Last
}

// A contradiction is an error about two entries, of the HTTP list and of the TCP list.
type contradiction struct{ http, tcp Entry }

func (c contradiction) Error() string {
	if c.http == c.tcp {
		return fmt.Sprintf("%q is listed as HTTP and as TCP", c.http)
	}
	return fmt.Sprintf("%q is HTTP and %q is TCP: they overlap, and neither is narrower", c.http, c.tcp)
}

// ParseEntry reads "PORT", "FIRST-LAST" or "*", or any of them after an address or prefix and a colon: "10.0.0.1:80",
// "10.0.0.0/8:8000-8100", "[fd00::1]:80", "[fd00::/8]:*".
func ParseEntry(text string) (Entry, error) {
	address, ports, err := splitEntry(text)
	if err != nil {
		return Entry{}, err
	}
	var e Entry
	if e.First, e.Last, err = parsePorts(ports); err != nil {
		return Entry{}, err
	}
	if address != "" {
		e.Addresses, err = parseAddresses(address)
	}
	return e, err
}

// splitEntry parts the address, "" if there is none, from the ports.
func splitEntry(text string) (address, ports string, err error) {
	i := strings.LastIndexByte(text, ':')
	if i < 0 {
		return "", text, nil
	}
	address, ports = text[:i], text[i+1:]
	inner, opened := strings.CutPrefix(address, "[")
	inner, closed := strings.CutSuffix(inner, "]")
	switch {
	case opened && closed && strings.Contains(inner, ":"):
		return inner, ports, nil
	case opened || closed:
		return "", "", fmt.Errorf("%q: brackets go around an IPv6 address: [fd00::1]:80", text)
	case strings.Contains(address, ":"):
		return "", "", fmt.Errorf("%q: an IPv6 address needs brackets and a port: [fd00::1]:80", text)
	case address == "":
		return "", "", fmt.Errorf("%q: no address before the colon", text)
	}
	return address, ports, nil
}

func parseAddresses(text string) (netip.Prefix, error) {
	if !strings.Contains(text, "/") {
		a, err := netip.ParseAddr(text)
		if err != nil || a.Zone() != "" {
			return netip.Prefix{}, fmt.Errorf("%q is not an IP address", text)
		}
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(text)
	switch {
	case err != nil:
		return netip.Prefix{}, fmt.Errorf("%q is not a range of IP addresses such as 10.0.0.0/8", text)
	case p.Addr().Is4In6():
		return netip.Prefix{}, fmt.Errorf("%q: write IPv4 addresses as IPv4", text)
	case p != p.Masked():
		return netip.Prefix{}, fmt.Errorf("%q has bits set beyond its length; did you mean %s?", text, p.Masked())
	}
	return p, nil
}

func parsePorts(text string) (first, last uint16, err error) {
	if text == "*" {
		return 1, lastPort, nil
	}
	from, to, isRange := strings.Cut(text, "-")
	if !isRange {
		to = from
	}
	first, ok := parsePort(from)
	last, ok2 := parsePort(to)
	switch {
	case !ok || !ok2:
		return 0, 0, fmt.Errorf("%q is not a port: it is 1 to 65535, a range such as 8000-8100, or *", text)
	case last < first:
		return 0, 0, fmt.Errorf("%q: the range ends before it begins", text)
	}
	return first, last, nil
}

func parsePort(text string) (port uint16, ok bool) {
	n, err := strconv.ParseUint(text, 10, 16)
	return uint16(n), err == nil && n > 0
}
