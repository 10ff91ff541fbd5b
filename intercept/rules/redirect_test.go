package rules

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strconv"
	"strings"
	"testing"

	"github.com/amesh-render/amesh-render/intercept"
)

// The rules send each destination to the listener that the lists name.
func TestRedirectDecidesAsTheLists(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 1000 {
		p := intercept.Ports{HTTP: randomList(random), TCP: randomList(random)}
		if p.Check() != nil {
			continue
		}
		for _, f := range []Family{IPv4, IPv6} {
			c := redirect("X", "", p, 1, 2, f)
			for range 30 {
				dst := netip.AddrPortFrom(randomAddress(random, f), uint16(1+random.IntN(40)))
				if got, want := redirected(t, c, dst), p.Protocol(dst); got != want {
					t.Fatalf("HTTP %s, TCP %s: %s is %v by the rules, should be %v:\n%v", p.HTTP, p.TCP, dst, got, want, c.Rules)
				}
			}
		}
	}
}

// redirected follows the rules of a chain as the kernel does.
func redirected(t *testing.T, c Chain, dst netip.AddrPort) intercept.Protocol {
	t.Helper()
	for _, r := range c.Rules {
		words := strings.Fields(r.Text)
		matches := true
		for i, w := range words {
			switch w {
			case "-d":
				matches = matches && netip.MustParsePrefix(words[i+1]).Contains(dst.Addr())
			case "--dport", "--dports":
				matches = matches && hasPort(words[i+1], dst.Port())
			}
		}
		if matches {
			return map[string]intercept.Protocol{"1": intercept.HTTP, "2": intercept.TCP}[words[len(words)-1]]
		}
	}
	t.Fatalf("no rule for %s in %v", dst, c.Rules)
	return 0
}

func hasPort(list string, port uint16) bool {
	for _, part := range strings.Split(list, ",") {
		from, to, isRange := strings.Cut(part, ":")
		if !isRange {
			to = from
		}
		first, _ := strconv.Atoi(from)
		last, _ := strconv.Atoi(to)
		if first <= int(port) && int(port) <= last {
			return true
		}
	}
	return false
}

func TestMultiportLimit(t *testing.T) {
	var texts []string
	for i := range 60 {
		texts = append(texts, fmt.Sprint(i*3+1))
		if i%3 == 0 {
			texts[i] = fmt.Sprintf("%d-%d", i*3+1, i*3+2)
		}
	}
	c := Chain{Name: "X"}
	c.ports("", list(strings.Join(texts, ",")), "RETURN")
	for _, r := range c.Rules {
		_, dports, _ := strings.Cut(r.Text, "--dports ")
		dports, _, _ = strings.Cut(dports, " ")
		if n := len(strings.FieldsFunc(dports, func(r rune) bool { return r == ',' || r == ':' })); n > 15 || n < 14 && r != c.Rules[len(c.Rules)-1] {
			t.Errorf("%d ports in %q", n, r)
		}
	}
	if len(c.Rules) < 5 {
		t.Errorf("%d rules", len(c.Rules))
	}
}

func randomList(random *rand.Rand) intercept.List {
	var l intercept.List
	for range random.IntN(6) {
		e := intercept.Entry{First: uint16(1 + random.IntN(40))}
		e.Last = e.First
		switch random.IntN(4) {
		case 0:
			e.Last += uint16(random.IntN(10))
		case 1:
			e.First, e.Last = 1, 65535
		}
		if random.IntN(2) == 0 {
			a := randomAddress(random, []Family{IPv4, IPv6}[random.IntN(2)])
			e.Addresses, _ = a.Prefix(max(0, a.BitLen()-[]int{0, 1, 2, 3, 200}[random.IntN(5)]))
		}
		l = append(l, e)
	}
	return l.Sorted()
}

func randomAddress(random *rand.Rand, f Family) netip.Addr {
	if f == IPv4 {
		return netip.AddrFrom4([4]byte{10, 0, 0, byte(random.IntN(8))})
	}
	return netip.AddrFrom16([16]byte{0xfd, 15: byte(random.IntN(8))})
}
