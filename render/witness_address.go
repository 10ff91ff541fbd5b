package render

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// What APISIX knows of the addresses of a connection: the peer's own, whatever headers say, and where the client dialled.

// peer is the condition that the connection comes from a range of addresses (source_ip, direct_remote_ip).
func (w witness) peer(cidr *corev3.CidrRange) claim {
	p, ok := prefixOf(cidr)
	if !ok {
		return w.blind("principals", fmt.Sprintf("%q is no range of addresses", cidr.GetAddressPrefix()))
	}
	return known(w.fromPeer(p))
}

func (w witness) fromPeer(p netip.Prefix) formula {
	return expression(apisix.Compare("realip_remote_addr", apisix.OpIPMatch, []any{p.String()}))
}

// remoteIP is the condition that the client, as Envoy takes it from X-Forwarded-For, is in a range of addresses. With
// use_remote_address that is the peer itself, or the address xff_num_trusted_hops from the end of the header, and without
// it one further. Where the header names no address there, it is the peer.
func (w witness) remoteIP(cidr *corev3.CidrRange) claim {
	p, ok := prefixOf(cidr)
	if !ok {
		return w.blind("principals", fmt.Sprintf("%q is no range of addresses", cidr.GetAddressPrefix()))
	}
	manager := w.use.chain.manager
	hops := int(manager.GetXffNumTrustedHops())
	if manager.GetUseRemoteAddress().GetValue() {
		if hops == 0 {
			return known(w.fromPeer(p))
		}
		hops--
	}
	if len(manager.GetOriginalIpDetectionExtensions()) > 0 || hops > 100 {
		return w.blind("principals.remote_ip", "how the client's address is found is not rendered")
	}
	w.r.findings.approximate(w.at, w.field+".principals.remote_ip",
		"where X-Forwarded-For names no IPv4 address for the client, a request is refused that the address could decide about")
	const header = "http_x_forwarded_for"
	entry := func(pattern string) formula {
		after := strings.Repeat(`,[^,]*`, hops)
		return expression(apisix.Compare(header, apisix.OpRegex, `(?:\A|,)[ \t]*`+pattern+`[ \t]*`+after+`\z`))
	}
	named := expression(apisix.Present(header))
	fromPeer := allOf(named.not(), w.fromPeer(p))
	if !p.Addr().Is4() { // there are many spellings of one IPv6 address
		return claim{fromPeer, anyOf(fromPeer, allOf(named, entry(anyIPv4).not()))}
	}
	in := anyOf(fromPeer, entry(ipv4Pattern(p)))
	return claim{in, anyOf(in, allOf(named, entry(anyIPv4).not()))}
}

// destinationIP is the condition that the client dialled an address of a range.
func (w witness) destinationIP(cidr *corev3.CidrRange) claim {
	p, ok := prefixOf(cidr)
	switch {
	case !ok:
		return w.blind("permissions.destination_ip", fmt.Sprintf("%q is no range of addresses", cidr.GetAddressPrefix()))
	case w.use.chain.scope.own:
		return known(expression(apisix.Compare("server_addr", apisix.OpIPMatch, []any{p.String()})))
	case !w.r.seesDestination():
		return w.blind("permissions.destination_ip", "APISIX does not look at the original destination")
	}
	originalDst := w.r.dialledVariable()
	unknown := expression(apisix.Present(originalDst)).not()
	switch {
	case p.Addr().Is4():
	case w.r.options.OriginalDst == OriginalDstRuntime:
		return claim{no, unknown}
	default:
		return claim{no, anyOf(expression(apisix.Compare(originalDst, apisix.OpRegex, `\A\[`)), unknown)}
	}
	return known(expression(apisix.Compare(originalDst, apisix.OpRegex, `\A`+ipv4Pattern(p)+":"))).unless(unknown)
}

// destinationPort is the condition that the client dialled a port from start up to but not including end.
func (w witness) destinationPort(start, end uint32) claim {
	scope := w.use.chain.scope
	switch {
	case scope.to.port != 0:
		return known(constant(start <= scope.to.port && scope.to.port < end))
	case !w.r.seesDestination():
		return w.blind("permissions.destination_port", "APISIX does not look at the original destination")
	}
	originalDst := w.r.dialledVariable()
	unknown := expression(apisix.Present(originalDst)).not()
	if end != start+1 {
		var ports []string
		for p := start; p < min(end, 1<<16); p++ {
			if len(ports) == 64 {
				return w.blind("permissions.destination_port_range", "ranges of so many ports are not rendered")
			}
			ports = append(ports, strconv.Itoa(int(p)))
		}
		return known(expression(apisix.Compare(originalDst, apisix.OpRegex, ":(?:"+strings.Join(ports, "|")+`)\z`))).unless(unknown)
	}
	return known(expression(apisix.Compare(originalDst, apisix.OpRegex, fmt.Sprintf(`:%d\z`, start)))).unless(unknown)
}

// prefixOf reads a CidrRange.
func prefixOf(cidr *corev3.CidrRange) (netip.Prefix, bool) {
	addr, err := netip.ParseAddr(cidr.GetAddressPrefix())
	if err != nil || addr.Zone() != "" || addr.Is4In6() {
		return netip.Prefix{}, false
	}
	p, err := addr.Prefix(int(min(cidr.GetPrefixLen().GetValue(), 1<<10)))
	return p, err == nil
}

// anyIPv4 is a pattern for IPv4 addresses as Envoy reads them: without zeros before a number, which would make it none.
const (
	anyIPv4  = `(?:` + anyOctet + `\.){3}` + anyOctet
	anyOctet = `(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])`
)

// ipv4Pattern is a pattern for the IPv4 addresses of a range.
func ipv4Pattern(p netip.Prefix) string {
	octets := p.Masked().Addr().As4()
	parts := make([]string, 4)
	for i, octet := range octets {
		switch fixed := p.Bits() - 8*i; {
		case fixed >= 8:
			parts[i] = strconv.Itoa(int(octet))
		case fixed <= 0:
			parts[i] = anyOctet
		default:
			parts[i] = octetRange(int(octet), int(octet)+1<<(8-fixed))
		}
	}
	return strings.Join(parts, `\.`)
}

// octetRange is a pattern for the numbers from low up to but not including high, ten by ten.
func octetRange(low, high int) string {
	var list []string
	for n := low; n < high; n = (n/10 + 1) * 10 {
		tens, last := "", min(n/10*10+9, high-1)
		if n >= 10 {
			tens = strconv.Itoa(n / 10)
		}
		list = append(list, fmt.Sprintf("%s[%d-%d]", tens, n%10, last%10))
	}
	return "(?:" + strings.Join(list, "|") + ")"
}
