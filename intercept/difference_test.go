package intercept

import (
	"strings"
	"testing"
)

func TestDifference(t *testing.T) {
	table := func(http, tcp string) Table {
		p, err := ParsePorts(http, tcp)
		if err != nil {
			t.Fatal(err)
		}
		return Table{Outbound: p, Inbound: p}
	}
	for _, tc := range []struct{ httpNow, tcpNow, httpThen, tcpThen, want string }{
		{"80", "*", "80", "*", ""},
		{"", "", "80", "443", ""}, // as without lists
		{"80,8000", "*", "80", "*", "outbound 8000: HTTP, not TCP|inbound 8000: HTTP, not TCP"},
		{"80", "*", "80,10.0.0.1:3306", "*", "outbound 10.0.0.1:3306: TCP, not HTTP|inbound 10.0.0.1:3306: TCP, not HTTP"},
		{"80", "10.0.0.1:80", "80", "", "outbound 10.0.0.1:80: TCP, not HTTP|inbound 10.0.0.1:80: TCP, not HTTP"},
	} {
		got := strings.Join(table(tc.httpNow, tc.tcpNow).Difference(table(tc.httpThen, tc.tcpThen)), "|")
		if got != tc.want {
			t.Errorf("HTTP %s, TCP %s, and before HTTP %s, TCP %s: %q, want %q", tc.httpNow, tc.tcpNow, tc.httpThen, tc.tcpThen, got, tc.want)
		}
	}
}
