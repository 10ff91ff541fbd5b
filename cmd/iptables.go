package cmd

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"github.com/amesh-render/amesh-render/intercept/rules"
	"github.com/amesh-render/amesh-render/netfilter"
)

var iptables = command{
	name:    "iptables",
	summary: "sends a pod's connections through APISIX",
	help: `
Makes the rules that redirect the TCP connections of a pod to APISIX, as the init container of Istio does for Envoy, with its
flags and the annotations of its pods. Without more it prints them; they act on the network namespace that it runs in.

Outbound connections go to port 15001, or to 15002 where they are TCP; inbound ones to 15006, or 15007. APISIX
cannot find out from the first bytes what a connection speaks: the lists of ports say it. An entry is

  3306                  a port
  8000-8100             a range of ports
  *                     all ports
  10.96.0.11:3306       a port at an address
  10.0.0.0/8:*          all ports at some addresses
  [fd00::/8]:8000-8100  IPv6 addresses in brackets

The narrowest entry decides. What no list mentions is HTTP, but well-known ports of other protocols are TCP, such as 22, 443
and 3306. With --protocols-from, it is as in the mesh.

UDP and DNS are left alone, and so is all that the proxy's user sends: APISIX must run as it.

Rules of others are never touched. Applying them twice changes nothing; what differs is replaced at once, table by table.
`,
	examples: []example{
		{"The rules, to be read:", "amesh-render iptables --tcp-outbound-ports 10.96.0.11:3306"},
		{"In an init container, by the pod's own annotations:", "amesh-render iptables --apply --annotations /etc/podinfo/annotations"},
		{"As a dump has it, on a machine without iptables:", `
istioctl proxy-config all deploy/productpage-v1 -o json > dump.json
amesh-render iptables --protocols-from dump.json --family ipv4 > rules.txt`},
		{"Away with them:", "amesh-render iptables --cleanup"},
	},
	exits:   exits{exitNo: "with --check: the rules are not as asked"},
	seeAlso: []string{"agent", "docs/interception.md"},
	flags: func(set *pflag.FlagSet) func(Streams, []string) error {
		f := &iptablesFlags{set: set}
		f.declare(set)
		return f.run
	},
}

func (f *iptablesFlags) run(s Streams, args []string) error {
	if len(args) > 0 {
		return usageError{fmt.Errorf("takes no arguments, got %q", args[0])}
	}
	if n := f.modes(); n > 1 {
		return usageError{errors.New("--print, --apply, --check and --cleanup exclude each other")}
	}
	if f.cleanup {
		plan, err := netfilter.PlanToCleanUp()
		return f.carryOut(plan, err, "removed", s)
	}
	if err := setFromAnnotations(f.set, f.annotations, append(istioAnnotations, portAnnotations...)); err != nil {
		return usageError{err}
	}
	tables, err := f.tables(s)
	if err != nil {
		return err
	}
	if f.act() {
		plan, err := netfilter.PlanFor(tables, f.wantedBackend())
		return f.carryOut(plan, err, "applied", s)
	}
	return printTables(tables, s)
}

// act reports whether the rules are about this network namespace, not only to be printed.
func (f *iptablesFlags) act() bool { return !f.print && (f.apply || f.check || f.dryRun) }

// tables is the rules of the flags, for each family.
func (f *iptablesFlags) tables(s Streams) (tables []rules.Table, err error) {
	options, err := f.options(s)
	if err != nil {
		return nil, err
	}
	for _, family := range f.families() {
		if f.mode == modeNone {
			tables = append(tables, rules.None(family))
			continue
		}
		tables = append(tables, rules.New(options, family))
	}
	return tables, nil
}

// families are those that are asked for. Where rules are applied and none is, it is those that the namespace uses.
func (f *iptablesFlags) families() []rules.Family {
	switch {
	case f.family == "ipv4":
		return []rules.Family{rules.IPv4}
	case f.family == "ipv6":
		return []rules.Family{rules.IPv6}
	case f.act():
		return netfilter.Families()
	}
	return []rules.Family{rules.IPv4, rules.IPv6}
}

func printTables(tables []rules.Table, s Streams) error {
	texts := make([]string, len(tables))
	for i, t := range tables {
		texts[i] = t.Text()
	}
	_, err := fmt.Fprint(s.Out, strings.Join(texts, "\n"))
	return err
}

// carryOut does what a plan says, or says what it would do.
func (f *iptablesFlags) carryOut(plan *netfilter.Plan, err error, done string, s Streams) error {
	if err != nil {
		return err
	}
	defer plan.Close()
	difference := plan.Difference()
	switch {
	case f.check && difference != "":
		fmt.Fprintf(s.Err, "amesh-render: iptables: not as asked: %s\n", difference)
		return errNo
	case f.dryRun:
		return printPlan(plan, s)
	case difference == "":
		fmt.Fprintln(s.Err, "amesh-render: iptables: all is as asked; nothing is changed")
		return nil
	}
	if err := plan.Do(); err != nil {
		return err
	}
	fmt.Fprintf(s.Err, "amesh-render: iptables: %s\n", done)
	return nil
}

// printPlan prints what would be done, as a script for a shell.
func printPlan(plan *netfilter.Plan, s Streams) error {
	var b strings.Builder
	if plan.Address != "" {
		fmt.Fprintln(&b, plan.AddressCommand())
	}
	for _, c := range plan.Changes {
		if c.Text != "" {
			fmt.Fprintf(&b, "%s <<'END'\n%sEND\n", c.Command(), c.Text)
		}
	}
	_, err := fmt.Fprint(s.Out, b.String())
	return err
}
