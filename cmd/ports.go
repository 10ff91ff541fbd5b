package cmd

import (
	"fmt"
	"io"

	"github.com/spf13/pflag"

	"github.com/amesh-render/amesh-render/intercept"
	"github.com/amesh-render/amesh-render/render"
)

// portFlags say which connections are for the proxy's HTTP listeners and which for its TCP listeners. They must be the same
// for the rules that intercept connections and for the file that routes them.
type portFlags struct {
	httpOutbound, tcpOutbound, httpInbound, tcpInbound string
	protocolsFrom                                      string
	annotations                                        string // a file; not of all commands
}

// declarePorts declares the flags; otherwise says what holds without any of them.
func (f *portFlags) declarePorts(set *pflag.FlagSet, otherwise string) {
	defer heading(set, "Protocol")()
	set.StringVar(&f.tcpOutbound, "tcp-outbound-ports", "", "`LIST` of destinations that are TCP, such as 3306,10.0.0.1:80,9000-9100 or *")
	set.StringVar(&f.httpOutbound, "http-outbound-ports", "", "`LIST` of destinations that are HTTP")
	set.StringVar(&f.tcpInbound, "tcp-inbound-ports", "", "`LIST` of the pod's own ports that are TCP")
	set.StringVar(&f.httpInbound, "http-inbound-ports", "", "`LIST` of the pod's own ports that are HTTP")
	set.StringVar(&f.protocolsFrom, "protocols-from", "", "for what no list mentions, do as the listeners in this `DUMP`"+otherwise)
}

// declareAnnotations declares the flag for commands that run in the pod.
func (f *portFlags) declareAnnotations(set *pflag.FlagSet) {
	set.StringVar(&f.annotations, "annotations", "", "the pod's annotations, as a `FILE` of Kubernetes' downward API; the command line goes before them")
}

// portAnnotations are the annotations of a pod that stand for flags of portFlags.
var portAnnotations = []annotation{
	{"apisix.apache.org/tcp-outbound-ports", "tcp-outbound-ports"},
	{"apisix.apache.org/http-outbound-ports", "http-outbound-ports"},
	{"apisix.apache.org/tcp-inbound-ports", "tcp-inbound-ports"},
	{"apisix.apache.org/http-inbound-ports", "http-inbound-ports"},
}

// table is the lists of the flags over those of the dump, if one is named.
func (f *portFlags) table(stdin io.Reader) (t intercept.Table, err error) {
	if t, err = f.lists(); err != nil || f.protocolsFrom == "" {
		return t, err
	}
	snap, err := decodeFiles([]string{f.protocolsFrom}, Streams{In: stdin})
	if err != nil {
		return t, err
	}
	return t.Over(render.Protocols(snap)), nil
}

// lists is the lists of the flags alone.
func (f *portFlags) lists() (t intercept.Table, err error) {
	if t.Outbound, err = parsePorts("outbound", f.httpOutbound, f.tcpOutbound); err != nil {
		return t, usageError{err}
	}
	if t.Inbound, err = parsePorts("inbound", f.httpInbound, f.tcpInbound); err != nil {
		return t, usageError{err}
	}
	return t, nil
}

func parsePorts(direction, http, tcp string) (p intercept.Ports, err error) {
	if p.HTTP, err = intercept.Parse(http); err != nil {
		return p, fmt.Errorf("--http-%s-ports: %w", direction, err)
	}
	if p.TCP, err = intercept.Parse(tcp); err != nil {
		return p, fmt.Errorf("--tcp-%s-ports: %w", direction, err)
	}
	if err = p.Check(); err != nil {
		return p, fmt.Errorf("--http-%[1]s-ports and --tcp-%[1]s-ports: %[2]w", direction, err)
	}
	return p, nil
}
