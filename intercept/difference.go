package intercept

import (
	"net/netip"
	"slices"
)

// Difference is what a table decides otherwise than another: a text such as "outbound 8000: HTTP, not TCP" for each entry of
// either that it concerns, from the narrowest to the widest, outbound first. It is empty if they agree.
func (t Table) Difference(other Table) []string {
	return append(t.Outbound.difference("outbound ", other.Outbound), t.Inbound.difference("inbound ", other.Inbound)...)
}

func (p Ports) difference(direction string, other Ports) (texts []string) {
	for _, e := range join(p.HTTP, p.TCP, other.HTTP, other.TCP) {
		dst := e.one()
		if is, was := p.Protocol(dst), other.Protocol(dst); is != was {
			texts = append(texts, direction+e.String()+": "+is.String()+", not "+was.String())
		}
	}
	return slices.Clip(texts)
}

// one is a destination in the entry: its first address and port.
func (e Entry) one() netip.AddrPort {
	if e.Addresses.IsValid() {
		return netip.AddrPortFrom(e.Addresses.Addr(), e.First)
	}
	return netip.AddrPortFrom(netip.IPv4Unspecified(), e.First)
}
