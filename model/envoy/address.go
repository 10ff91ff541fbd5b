package envoy

import (
	"net/netip"
	"strings"

	"github.com/amesh-render/amesh-render/model"
)

// client is whom Envoy takes for the client. With use_remote_address it is the peer, or where proxies in front are
// trusted the address that the first of them saw; without, the last address of X-Forwarded-For that no trusted proxy
// added. Where that header has no such address, it is the peer.
func (m *manager) client(r *model.Request) netip.AddrPort {
	hops := int(m.msg.GetXffNumTrustedHops())
	if m.msg.GetUseRemoteAddress().GetValue() {
		if hops == 0 {
			return r.Remote
		}
		hops--
	}
	addresses := strings.Split(strings.Join(r.Values("x-forwarded-for"), ","), ",")
	if hops >= len(addresses) {
		return r.Remote
	}
	addr, err := netip.ParseAddr(strings.Trim(addresses[len(addresses)-1-hops], " "))
	if err != nil {
		return r.Remote
	}
	return netip.AddrPortFrom(addr, 0)
}
