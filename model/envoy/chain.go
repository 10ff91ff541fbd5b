package envoy

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"

	"github.com/amesh-render/amesh-render/model"
)

// chain is a filter chain, reduced to its match and the network filter that ends it.
type chain struct {
	label  string
	match  *listenerv3.FilterChainMatch
	handle handler
}

// handler deals with a connection whose local address is local and, if it speaks HTTP, with the request on it.
type handler func(r *model.Request, local netip.AddrPort, t *model.Trace) model.Outcome

// newChain prepares the chain of that index, or the default one if index is negative.
func newChain(listener string, index int, fc *listenerv3.FilterChain, known *tables) *chain {
	label := fmt.Sprintf("%s filter_chain/%d", listener, index)
	if index < 0 {
		label = listener + " default_filter_chain"
	}
	return &chain{label: label, match: fc.GetFilterChainMatch(), handle: newHandler(label, fc, known)}
}

// mostSpecific is the chain that Envoy chooses: criterion by criterion, in this order, it keeps the chains that name the
// most specific value which any of them names and which the connection has; it never goes back to a less specific one.
// It is nil if none is left.
func mostSpecific(chains []*chain, c connection) *chain {
	chains = narrow(chains, []uint32{uint32(c.local.Port()), 0}, func(m *listenerv3.FilterChainMatch) []uint32 {
		return anyOf(m.GetDestinationPort().GetValue())
	})
	chains = narrowCIDR(chains, c.local.Addr(), (*listenerv3.FilterChainMatch).GetPrefixRanges)
	chains = narrow(chains, serverNames(c.serverName), func(m *listenerv3.FilterChainMatch) []string {
		var names []string
		for _, n := range m.GetServerNames() {
			names = append(names, strings.TrimPrefix(n, "*"))
		}
		return anyOf(names...)
	})
	chains = narrow(chains, []string{c.transport, ""}, func(m *listenerv3.FilterChainMatch) []string {
		return anyOf(m.GetTransportProtocol())
	})
	chains = narrow(chains, slices.Concat(c.applications, []string{""}), func(m *listenerv3.FilterChainMatch) []string {
		return anyOf(m.GetApplicationProtocols()...)
	})
	chains = narrowCIDR(chains, c.remote.Addr(), (*listenerv3.FilterChainMatch).GetDirectSourcePrefixRanges)
	chains = narrow(chains, sourceTypes(c), func(m *listenerv3.FilterChainMatch) []sourceType {
		return []sourceType{m.GetSourceType()}
	})
	chains = narrowCIDR(chains, c.remote.Addr(), (*listenerv3.FilterChainMatch).GetSourcePrefixRanges)
	chains = narrow(chains, []uint32{uint32(c.remote.Port()), 0}, func(m *listenerv3.FilterChainMatch) []uint32 {
		return anyOf(m.GetSourcePorts()...)
	})
	if len(chains) == 0 {
		return nil
	}
	return chains[0]
}

// narrow keeps the chains that carry the first of the preferred keys that any chain carries.
func narrow[K comparable](chains []*chain, preferred []K, keys func(*listenerv3.FilterChainMatch) []K) []*chain {
	for _, key := range preferred {
		var kept []*chain
		for _, c := range chains {
			if slices.Contains(keys(c.match), key) {
				kept = append(kept, c)
			}
		}
		if len(kept) > 0 {
			return kept
		}
	}
	return nil
}

// anyOf is keys, or the zero key, which stands for "any", where a match names none.
func anyOf[K comparable](keys ...K) []K {
	if len(keys) == 0 {
		var any K
		return []K{any}
	}
	return keys
}

// narrowCIDR keeps the chains with the longest range that contains addr. No range is the range of all addresses.
func narrowCIDR(
	chains []*chain, addr netip.Addr, ranges func(*listenerv3.FilterChainMatch) []*corev3.CidrRange,
) []*chain {
	if !slices.ContainsFunc(chains, func(c *chain) bool { return len(ranges(c.match)) > 0 }) {
		return chains
	}
	addr = addr.Unmap()
	var preferred []netip.Prefix
	for bits := addr.BitLen(); bits >= 0; bits-- {
		preferred = append(preferred, netip.PrefixFrom(addr, bits).Masked())
	}
	preferred = append(preferred, netip.Prefix{})
	return narrow(chains, preferred, func(m *listenerv3.FilterChainMatch) []netip.Prefix {
		var out []netip.Prefix
		for _, r := range ranges(m) {
			out = append(out, prefix(r))
		}
		return anyOf(out...)
	})
}

// prefix is r, or for text that is no address, which Envoy refuses, a prefix that equals no masked one.
func prefix(r *corev3.CidrRange) netip.Prefix {
	addr, err := netip.ParseAddr(r.GetAddressPrefix())
	if err != nil {
		return netip.PrefixFrom(netip.IPv6LinkLocalAllNodes(), 0)
	}
	return netip.PrefixFrom(addr.Unmap(), int(r.GetPrefixLen().GetValue())).Masked()
}

// serverNames are the names that match name, most specific first: itself, its parent domains as ".parent", and any.
func serverNames(name string) []string {
	out := []string{name}
	for i := 1; i < len(name)-1; i++ {
		if name[i] == '.' {
			out = append(out, name[i:])
		}
	}
	return append(out, "")
}

type sourceType = listenerv3.FilterChainMatch_ConnectionSourceType

func sourceTypes(c connection) []sourceType {
	remote := c.remote.Addr().Unmap()
	if remote.IsLoopback() || remote == c.local.Addr().Unmap() {
		return []sourceType{listenerv3.FilterChainMatch_SAME_IP_OR_LOOPBACK, listenerv3.FilterChainMatch_ANY}
	}
	return []sourceType{listenerv3.FilterChainMatch_EXTERNAL, listenerv3.FilterChainMatch_ANY}
}
