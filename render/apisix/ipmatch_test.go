package apisix_test

import (
	"testing"

	"github.com/amesh-render/amesh-render/render/apisix"
)

func TestIPMatchRange(t *testing.T) {
	for s, want := range map[string]string{
		"10.1.2.3": "10.1.2.3/32", "10.1.2.3/8": "10.0.0.0/8", "10.1.2.3/0": "0.0.0.0/0", "10.1.2.3/32": "10.1.2.3/32",
		"10.0.0.0/33": "0.0.0.0/1", "10.0.0.0/40": "10.0.0.0/8", "10.0.0.1/64": "10.0.0.1/32", "10.0.0.1/x": "10.0.0.1/32", "10.0.0.1/": "10.0.0.1/32",
		"2001:db8::1/32": "2001:db8::/32", "2001:db8::1/129": "2001:db8::1/128", "::/0": "::/0",
	} {
		if got, ok := apisix.IPMatchRange(s); !ok || got.String() != want {
			t.Errorf("%s: got %v, %t, want %s", s, got, ok, want)
		}
	}
	for _, s := range []string{"", "x", "10.0.0.256", "/8", "fe80::1%eth0"} {
		if got, ok := apisix.IPMatchRange(s); ok {
			t.Errorf("%q: got %v, want none", s, got)
		}
	}
}
