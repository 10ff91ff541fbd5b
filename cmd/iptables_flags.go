package cmd

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"github.com/amesh-render/amesh-render/intercept"
	"github.com/amesh-render/amesh-render/intercept/rules"
	"github.com/amesh-render/amesh-render/netfilter"
	"github.com/amesh-render/amesh-render/render"
)

// Values of --istio-inbound-interception-mode.
const (
	modeRedirect = "REDIRECT"
	modeNone     = "NONE"
	modeTProxy   = "TPROXY"
)

// statusPorts are never redirected on their way in: Istio's pages for Kubernetes and Prometheus, where ours are too.
const statusPorts = "15020,15021,15090"

type iptablesFlags struct {
	set                                  *pflag.FlagSet
	print, apply, check, cleanup, dryRun bool
	family, backend                      string
	portFlags

	outbound, outboundTCP, inbound, inboundTCP uint16
	uids, gids                                 string
	mode                                       string
	inboundPorts, excludeInboundPorts          string
	ranges, excludeRanges                      string
	outboundPorts, excludeOutboundPorts        string
	excludeInterfaces                          string
	statusPort                                 string
}

func (f *iptablesFlags) declare(set *pflag.FlagSet) {
	set.BoolVar(&f.print, "print", false, "print the rules, those of each IP family for a program of its own (default)")
	set.BoolVar(&f.apply, "apply", false, "put them in force, and look whether they are")
	set.BoolVar(&f.check, "check", false, "only say whether they are in force")
	set.BoolVar(&f.cleanup, "cleanup", false, "remove all rules of ours")
	set.BoolVarP(&f.dryRun, "dry-run", "n", false, "with --apply or --cleanup: print what would be done as a script, and change nothing")
	markCommandLineOnly(set)
	set.StringVar(&f.family, "family", "", "only rules of this IP `FAMILY` (default: both; when they are applied, those in use)")
	choices(set, "family", "ipv4", "ipv6")
	set.StringVar(&f.backend, "backend", "auto", "`BACKEND` of iptables")
	choices(set, "backend", "auto: that which has rules already, else nft", netfilter.NFT, netfilter.Legacy)
	f.declareAnnotations(set)
	f.declareProxy(set)
	f.declareTraffic(set)
	f.declarePorts(set, "; - is standard input")
}

func (f *iptablesFlags) declareProxy(set *pflag.FlagSet) {
	defer heading(set, "Proxy")()
	set.Uint16VarP(&f.outbound, "envoy-port", "p", render.DefaultOutboundPort, "`PORT` of APISIX for outbound HTTP")
	set.Uint16Var(&f.outboundTCP, "outbound-tcp-port", 15002, "`PORT` of APISIX for outbound TCP")
	set.Uint16VarP(&f.inbound, "inbound-capture-port", "z", render.DefaultInboundPort, "`PORT` of APISIX for inbound HTTP")
	set.Uint16Var(&f.inboundTCP, "inbound-tcp-port", 15007, "`PORT` of APISIX for inbound TCP")
	set.StringVarP(&f.uids, "proxy-uid", "u", "1337", "numeric `UID` that APISIX runs as, or several")
	set.StringVarP(&f.gids, "proxy-gid", "g", "", "numeric `GID` that APISIX runs as, or several (default: as --proxy-uid)")
}

func (f *iptablesFlags) declareTraffic(set *pflag.FlagSet) {
	defer heading(set, "Redirection")()
	set.StringVarP(&f.mode, "istio-inbound-interception-mode", "m", modeRedirect, "`MODE` of interception")
	choices(set, "istio-inbound-interception-mode", "REDIRECT: connections are redirected", "NONE: no rules", "TPROXY: refused, as nginx cannot take such connections")
	set.StringVarP(&f.inboundPorts, "istio-inbound-ports", "b", "*", "`PORTS` of the pod, such as 80,8000-8100; empty for none")
	set.StringVarP(&f.excludeInboundPorts, "istio-local-exclude-ports", "d", "", "`PORTS` of the pod that are not, besides "+statusPorts+"; only where -b is *")
	set.StringVarP(&f.ranges, "istio-service-cidr", "i", "*", "`CIDRS` of destinations, such as 10.0.0.0/8,fd00::/8; empty for none")
	set.StringVarP(&f.excludeRanges, "istio-service-exclude-cidr", "x", "", "`CIDRS` of destinations that are not")
	set.StringVarP(&f.outboundPorts, "istio-outbound-ports", "q", "", "`PORTS` of all destinations, besides -i")
	set.StringVarP(&f.excludeOutboundPorts, "istio-local-outbound-ports-exclude", "o", "", "`PORTS` of destinations that are not")
	set.StringVarP(&f.excludeInterfaces, "istio-exclude-interfaces", "c", "", "`NAMES` of network interfaces whose connections are not")
	set.StringVar(&f.statusPort, "status-port", "", "one more `PORT` of the pod that is not, as -d")
}

// istioAnnotations are Istio's annotations of pods that stand for flags.
var istioAnnotations = []annotation{
	{"sidecar.istio.io/interceptionMode", "istio-inbound-interception-mode"},
	{"traffic.sidecar.istio.io/includeInboundPorts", "istio-inbound-ports"},
	{"traffic.sidecar.istio.io/excludeInboundPorts", "istio-local-exclude-ports"},
	{"traffic.sidecar.istio.io/includeOutboundIPRanges", "istio-service-cidr"},
	{"traffic.sidecar.istio.io/excludeOutboundIPRanges", "istio-service-exclude-cidr"},
	{"traffic.sidecar.istio.io/includeOutboundPorts", "istio-outbound-ports"},
	{"traffic.sidecar.istio.io/excludeOutboundPorts", "istio-local-outbound-ports-exclude"},
	{"traffic.sidecar.istio.io/excludeInterfaces", "istio-exclude-interfaces"},
	{"status.sidecar.istio.io/port", "status-port"},
}

// modes counts the flags that say what to do.
func (f *iptablesFlags) modes() (n int) {
	for _, given := range []bool{f.print, f.apply, f.check, f.cleanup} {
		if given {
			n++
		}
	}
	return n
}

func (f *iptablesFlags) wantedBackend() string {
	if f.backend == "auto" {
		return ""
	}
	return f.backend
}

func (f *iptablesFlags) options(s Streams) (o rules.Options, err error) {
	if f.mode == modeTProxy {
		return o, usageError{errors.New("TPROXY is not possible: nginx cannot listen for connections to addresses that are not its own; use REDIRECT")}
	}
	o = rules.Options{OutboundHTTP: f.outbound, OutboundTCP: f.outboundTCP, InboundHTTP: f.inbound, InboundTCP: f.inboundTCP,
		ExcludeInterfaces: listed(f.excludeInterfaces)}
	if err := f.read(&o); err != nil {
		return o, usageError{err}
	}
	if o.Protocols, err = f.table(s.In); err != nil {
		return o, err
	}
	if err := o.Check(); err != nil {
		return o, usageError{err}
	}
	return o, nil
}

// read reads the flags that are lists.
func (f *iptablesFlags) read(o *rules.Options) error {
	gids := f.gids
	if gids == "" {
		gids = f.uids
	}
	var wrong []error
	check := func(flag string, err error) {
		if err != nil {
			wrong = append(wrong, fmt.Errorf("--%s: %w", flag, err))
		}
	}
	for _, l := range []struct {
		flag, text string
		list       *intercept.List
	}{
		{"istio-inbound-ports", f.inboundPorts, &o.InboundPorts},
		{"istio-local-exclude-ports", joined(statusPorts, f.statusPort, f.excludeInboundPorts), &o.ExcludeInboundPorts},
		{"istio-outbound-ports", f.outboundPorts, &o.OutboundPorts},
		{"istio-local-outbound-ports-exclude", f.excludeOutboundPorts, &o.ExcludeOutboundPorts},
	} {
		var err error
		*l.list, err = intercept.Parse(strings.Join(listed(l.text), ","))
		check(l.flag, err)
	}
	var err error
	o.UIDs, err = parseIDs(f.uids)
	check("proxy-uid", err)
	o.GIDs, err = parseIDs(gids)
	check("proxy-gid", err)
	o.OutboundRanges, err = parseRanges(f.ranges)
	check("istio-service-cidr", err)
	o.ExcludeOutboundRanges, err = parseRanges(f.excludeRanges)
	check("istio-service-exclude-cidr", err)
	return errors.Join(wrong...)
}
