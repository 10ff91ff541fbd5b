package rules

import (
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"github.com/amesh-render/amesh-render/intercept"
)

var update = flag.Bool("update", false, "rewrite the golden files; then read the diff")

func usual() Options {
	return Options{
		OutboundHTTP: 15001, OutboundTCP: 15002, InboundHTTP: 15006, InboundTCP: 15007,
		UIDs: []uint32{1337}, GIDs: []uint32{1337},
		InboundPorts: list("*"), ExcludeInboundPorts: list("15020,15021,15090"), OutboundRanges: Ranges{All: true},
	}
}

func list(text string) intercept.List {
	l, err := intercept.Parse(text)
	if err != nil {
		panic(err)
	}
	return l
}

func ports(http, tcp string) intercept.Ports {
	return intercept.Ports{HTTP: list(http), TCP: list(tcp)}
}

func prefixes(texts ...string) (all []netip.Prefix) {
	for _, text := range texts {
		all = append(all, netip.MustParsePrefix(text))
	}
	return all
}

var golden = map[string]func(*Options){
	"usual": func(*Options) {},
	"derived": func(o *Options) { // as from a dump
		o.Protocols = intercept.Table{Outbound: ports("80,9080,10.96.24.37:7777", "*,10.0.0.1:80,[fd00::1]:80"), Inbound: ports("9080", "*")}
	},
	"lists": func(o *Options) {
		o.Protocols = intercept.Table{
			Outbound: ports("*,10.1.0.0/16:*,[fd00::/8]:8000-8100", "10.1.2.0/24:1-100,3306,7000-7100,7200,0.0.0.0/0:99"),
			Inbound:  ports("10.0.0.9:3306", "")}
	},
	"excluded": func(o *Options) {
		o.ExcludeInterfaces = []string{"net1", "eth+"}
		o.ExcludeInboundPorts = list("22,8000-8100,15021")
		o.ExcludeOutboundPorts = list("25,7000-7010")
		o.ExcludeOutboundRanges.Prefixes = prefixes("10.2.0.0/16", "fd02::/16", "169.254.169.254/32")
		o.UIDs, o.GIDs = []uint32{1337, 0}, nil
	},
	"included": func(o *Options) {
		o.InboundPorts, o.ExcludeInboundPorts = list("80,443,9000-9010"), list("443") // Istio does not exclude then
		o.OutboundRanges = Ranges{Prefixes: prefixes("10.0.0.0/8", "127.0.0.0/8", "0.0.0.0/0", "fd00::/8")}
		o.OutboundPorts = list("53,27017")
	},
	"nothing": func(o *Options) { o.InboundPorts, o.OutboundRanges = nil, Ranges{} },
}

func TestGolden(t *testing.T) {
	for name, change := range golden {
		o := usual()
		change(&o)
		if err := o.Check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		path := filepath.Join("testdata", name+".txt")
		got := New(o, IPv4).Text() + "\n" + New(o, IPv6).Text()
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s: got\n%s", path, got)
		}
	}
}

func TestCheck(t *testing.T) {
	for want, change := range map[string]func(*Options){
		"port 0 is no port of the proxy":                                                       func(o *Options) { o.InboundTCP = 0 },
		"two of the proxy's four ports are the same":                                           func(o *Options) { o.InboundTCP = o.OutboundHTTP },
		"neither a user nor a group is the proxy's: its own connections would come back to it": func(o *Options) { o.UIDs, o.GIDs = nil, nil },
		`all destinations are excluded by "*"; to redirect none, include none`:                 func(o *Options) { o.ExcludeOutboundRanges.All = true },
		`"10.0.0.1:80": only ports are listed here, without addresses`:                         func(o *Options) { o.ExcludeInboundPorts = list("10.0.0.1:80") },
		`"eth0 -j ACCEPT" is not the name of a network interface`:                              func(o *Options) { o.ExcludeInterfaces = []string{"eth0 -j ACCEPT"} },
		`"a\nCOMMIT" is not the name of a network interface`:                                   func(o *Options) { o.ExcludeInterfaces = []string{"a\nCOMMIT"} },
		`"-j" is not the name of a network interface`:                                          func(o *Options) { o.ExcludeInterfaces = []string{"-j"} },
		`"80" is listed as HTTP and as TCP`:                                                    func(o *Options) { o.Protocols.Inbound = ports("80", "80") },
	} {
		o := usual()
		change(&o)
		if err := o.Check(); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
