package intercept

import (
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
)

func TestProtocol(t *testing.T) {
	p, err := ParsePorts(
		"9080,8000-8100,10.0.0.1:3306,10.1.0.0/16:*,[fd00::1]:443",
		"8080,10.0.0.0/8:9080,10.1.2.0/24:*,1-9000,[fd00::/8]:*")
	if err != nil {
		t.Fatal(err)
	}
	for dst, want := range map[string]Protocol{
		"192.0.2.1:9080":          HTTP, // the port
		"10.0.0.1:9080":           TCP,  // a prefix beats no address
		"10.0.0.1:3306":           HTTP, // an address
		"[::ffff:10.0.0.1]:3306":  HTTP, // the same, written as IPv6
		"10.0.0.2:3306":           TCP,  // 1-9000
		"10.1.0.1:9080":           HTTP, // the longer prefix, though it has all ports
		"10.1.2.3:9080":           TCP,  // a longer one still
		"192.0.2.1:8050":          HTTP, // the narrower range
		"192.0.2.1:8080":          TCP,  // a port beats a range
		"192.0.2.1:9001":          HTTP, // in no list
		"192.0.2.1:27017":         TCP,  // in no list but the default's
		"[fd00::1]:443":           HTTP,
		"[fd00::1]:444":           TCP,
		"[2001:db8::1]:9080":      HTTP,
		"[2001:db8::1]:5432":      TCP,
		"[2001:db8::1]:5672":      TCP,
		"[::ffff:192.0.2.1]:5672": TCP,
	} {
		if got := p.Protocol(netip.MustParseAddrPort(dst)); got != want {
			t.Errorf("%s is %v, want %v", dst, got, want)
		}
	}
}

func TestProtocolOfUnlisted(t *testing.T) {
	all, err := ParsePorts("*", "")
	if err != nil {
		t.Fatal(err)
	}
	tls := netip.MustParseAddrPort("192.0.2.1:443")
	if got := (Ports{}).Protocol(tls); got != TCP {
		t.Errorf("port 443 in no list is %v", got)
	}
	if got := all.Protocol(tls); got != HTTP {
		t.Errorf("port 443 is %v where all is HTTP", got)
	}
	if got := (Ports{}).Protocol(netip.MustParseAddrPort("192.0.2.1:80")); got != HTTP {
		t.Errorf("port 80 in no list is %v", got)
	}
}

func TestContradictions(t *testing.T) {
	for lists, want := range map[string]string{
		"80|80":                      `"80" is listed as HTTP and as TCP`,
		"*|1-65535":                  `"*" is listed as HTTP and as TCP`,
		"10.0.0.1/32:80|10.0.0.1:80": `"10.0.0.1:80" is listed as HTTP and as TCP`,
		"1-10|5-14":                  `"1-10" is HTTP and "5-14" is TCP: they overlap, and neither is narrower`,
		"1-10|11-20":                 "",
		"1-10|5-15":                  "",
		"80|10.0.0.1:80":             "",
		"10.0.0.1:80|10.0.0.2:80":    "",
	} {
		http, tcp, _ := strings.Cut(lists, "|")
		_, err := ParsePorts(http, tcp)
		if got := text(err); got != want {
			t.Errorf("HTTP %s and TCP %s: %q, want %q", http, tcp, got, want)
		}
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestOver(t *testing.T) {
	base, _ := ParsePorts("80,9080,10.0.0.1:3306", "*,10.0.0.1:9080,10.0.0.2:80")
	own, _ := ParsePorts("9000-9100", "10.0.0.0/8:3306")
	got := own.Over(base)
	if got.HTTP.String() != "80,9000-9100" || got.TCP.String() != "10.0.0.2:80,10.0.0.0/8:3306,*" {
		t.Errorf("HTTP %s, TCP %s", got.HTTP, got.TCP)
	}
	if got := (Table{Inbound: own}).Over(Table{Outbound: base}); got.Outbound.HTTP.String() != base.HTTP.String() || got.Inbound.TCP.String() != own.TCP.String() {
		t.Errorf("%+v", got)
	}
}

// The steps and the question give the same answers.
func TestDecisions(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		p := Ports{HTTP: randomList(random), TCP: randomList(random)}
		if p.Check() != nil {
			continue
		}
		steps := p.Decisions()
		for range 50 {
			dst := netip.AddrPortFrom(randomAddress(random), uint16(1+random.IntN(30)))
			if got, want := first(steps, dst), p.Protocol(dst); got != want {
				t.Fatalf("HTTP %s, TCP %s: %s is %v by the steps %v, and %v", p.HTTP, p.TCP, dst, got, steps, want)
			}
		}
	}
}

func TestDecisionsEnd(t *testing.T) {
	all, _ := ParsePorts("80", "*")
	if got := all.Decisions(); len(got) != 2 {
		t.Errorf("%v goes on after all is decided", got)
	}
}

func first(steps []Decision, dst netip.AddrPort) Protocol {
	for _, s := range steps {
		if s.Contains(dst) {
			return s.Protocol
		}
	}
	return 99
}

func randomList(random *rand.Rand) List {
	var l List
	for range random.IntN(5) {
		e := Entry{First: uint16(1 + random.IntN(30))}
		e.Last = e.First
		switch random.IntN(3) {
		case 0:
			e.Last += uint16(random.IntN(10))
		case 1:
			e.First, e.Last = 1, lastPort
		}
		if random.IntN(2) == 0 {
			a := randomAddress(random)
			e.Addresses, _ = a.Prefix(a.BitLen() - random.IntN(4))
		}
		l = append(l, e)
	}
	return join(l)
}

func randomAddress(random *rand.Rand) netip.Addr {
	if random.IntN(2) == 0 {
		return netip.AddrFrom4([4]byte{10, 0, 0, byte(random.IntN(8))})
	}
	return netip.AddrFrom16([16]byte{0xfd, 15: byte(random.IntN(8))})
}
