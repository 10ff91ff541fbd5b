package cmd

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
)

func TestOtherAddressesOfThePod(t *testing.T) {
	parse := func(text string) (list []netip.Addr) {
		for _, a := range strings.Fields(text) {
			list = append(list, netip.MustParseAddr(a))
		}
		return list
	}
	for _, tc := range []struct{ told, here, want string }{
		{"10.0.0.1", "10.0.0.1 fd00::1", "[10.0.0.1 fd00::1]"},
		{"10.0.0.1 fd00::1", "fd00::1 10.0.0.1", "[10.0.0.1 fd00::1]"},
		{"10.0.0.1", "192.0.2.1 fd00::1", "[10.0.0.1]"}, // on somebody's laptop
		{"10.0.0.1", "", "[10.0.0.1]"},
	} {
		if got := fmt.Sprint(withOthers(parse(tc.told), parse(tc.here))); got != tc.want {
			t.Errorf("told %s, here %s: %s, want %s", tc.told, tc.here, got, tc.want)
		}
	}
	for _, a := range interfaceAddresses() {
		if a.IsLoopback() || a.IsLinkLocalUnicast() || a.Zone() != "" {
			t.Errorf("others cannot reach %s", a)
		}
	}
}
