package cmd

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/amesh-render/amesh-render/intercept/rules"
)

func joined(lists ...string) string { return strings.Join(lists, ",") }

// listed is what stands between the commas of a list. Istio's lists may have empty places.
func listed(text string) (elements []string) {
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			elements = append(elements, part)
		}
	}
	return elements
}

func parseIDs(text string) (ids []uint32, err error) {
	for _, part := range listed(text) {
		id, err := strconv.ParseUint(part, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("%q is not a numeric id", part)
		}
		ids = append(ids, uint32(id))
	}
	return ids, nil
}

// parseRanges reads "*", or prefixes and addresses. What a prefix has beyond its length is passed over, as iptables does.
func parseRanges(text string) (r rules.Ranges, err error) {
	for _, part := range listed(text) {
		if part == "*" {
			r.All = true
			continue
		}
		p, err := netip.ParsePrefix(part)
		if a, notAddress := netip.ParseAddr(part); err != nil && notAddress == nil && a.Zone() == "" {
			p, err = netip.PrefixFrom(a, a.BitLen()), nil
		}
		if err != nil || p.Addr().Is4In6() {
			return r, fmt.Errorf("%q is not a range of IP addresses such as 10.0.0.0/8", part)
		}
		r.Prefixes = append(r.Prefixes, p.Masked())
	}
	if r.All && len(r.Prefixes) > 0 {
		return r, fmt.Errorf("%q: * stands for all; nothing can be beside it", text)
	}
	return r, nil
}
