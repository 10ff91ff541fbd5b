package rules

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/amesh-render/amesh-render/intercept"
)

// None is the table of a pod that is not intercepted.
func None(f Family) Table { return Table{Family: f} }

// New is the table of a family. The options must have passed Check.
func New(o Options, f Family) Table {
	t := Table{Family: f, Chains: []Chain{
		o.output(f),
		redirect(redirectChain, "to the proxy's outbound listeners", o.Protocols.Outbound, o.OutboundHTTP, o.OutboundTCP, f),
		o.inbound(),
		redirect(inRedirectChain, "to the proxy's inbound listeners", o.Protocols.Inbound, o.InboundHTTP, o.InboundTCP, f),
	}}
	t.Jumps = []Rule{
		{Chain: "PREROUTING", Text: "-p tcp -j " + inboundChain},
		{Chain: "OUTPUT", Text: "-p tcp -j " + outputChain},
	}
	return t
}

// output is the chain of connections that the pod opens.
func (o Options) output(f Family) Chain {
	c := Chain{Name: outputChain, Comment: "connections that the pod opens"}
	for _, name := range o.ExcludeInterfaces {
		c.add("", "-o %s -j RETURN", name)
	}
	if !containsPort(o.OutboundPorts, dns) {
		c.add("DNS is left alone.", "-p tcp -m tcp --dport %d -j RETURN", dns)
	}
	c.ports("Ports that are excluded.", o.ExcludeOutboundPorts, "RETURN")
	c.add("The proxy calls the pod's own processes from this address.", "-s %s -o lo -j RETURN", f.Inbound())
	o.owned(&c, f)
	c.add("The pod's processes call each other directly.", "-d %s -j RETURN", f.loopback())
	for i, p := range f.of(o.ExcludeOutboundRanges.Prefixes) {
		c.add(first(i, "Destinations that are excluded."), "%s-j RETURN", to(p))
	}
	c.ports("Ports that are included, whatever the destination.", o.OutboundPorts, redirectChain)
	if o.OutboundRanges.All {
		c.add("The rest goes to the proxy.", "-j %s", redirectChain)
	}
	for i, p := range f.of(o.OutboundRanges.Prefixes) {
		c.add(first(i, "Destinations that are included."), "%s-j %s", to(p), redirectChain)
	}
	return c
}

// owned adds the rules about who opens a connection.
func (o Options) owned(c *Chain, f Family) {
	owners := o.owners()
	for i, owner := range owners {
		c.add(first(i, "The proxy calls the pod itself, for a service that the pod is part of: such connections come in."),
			"! -d %s -o lo -p tcp -m owner %s -j %s", f.loopback(), owner, inboundChain)
	}
	if !slices.ContainsFunc(f.of(o.OutboundRanges.Prefixes), func(p netip.Prefix) bool { return p.Addr().IsLoopback() }) {
		c.add("A process calls the pod by the pod's own address.", "-o lo -j RETURN")
	}
	for i, owner := range owners {
		c.add(first(i, "What the proxy sends is not sent to the proxy."), "-m owner %s -j RETURN", owner)
	}
}

func (o Options) owners() (owners []string) {
	for _, id := range o.UIDs {
		owners = append(owners, fmt.Sprintf("--uid-owner %d", id))
	}
	for _, id := range o.GIDs {
		owners = append(owners, fmt.Sprintf("--gid-owner %d", id))
	}
	return owners
}

// inbound is the chain of connections that come to the pod.
func (o Options) inbound() Chain {
	c := Chain{Name: inboundChain, Comment: "connections that come to the pod"}
	for _, name := range o.ExcludeInterfaces {
		c.add("", "-i %s -j RETURN", name)
	}
	if !containsAll(o.InboundPorts) {
		c.ports("Ports that are included.", o.InboundPorts, inRedirectChain)
		return c
	}
	c.ports("Ports that are excluded.", o.ExcludeInboundPorts, "RETURN")
	c.add("The rest goes to the proxy.", "-j %s", inRedirectChain)
	return c
}

// redirect is a chain that chooses between the two listeners of a direction.
func redirect(name, comment string, ports intercept.Ports, http, tcp uint16, f Family) Chain {
	c := Chain{Name: name, Comment: comment}
	for _, s := range steps(ports, f) {
		port := http
		if s.protocol == intercept.TCP {
			port = tcp
		}
		c.ports("", s.entries, fmt.Sprintf("REDIRECT --to-ports %d", port))
	}
	return c
}

// A step is neighbouring decisions of the same outcome and the same addresses, which may be tried in any order.
type step struct {
	protocol intercept.Protocol
	entries  intercept.List
}

// steps is the decisions that matter to a family. Those right before the last that decide as it does are left out.
func steps(ports intercept.Ports, f Family) (steps []step) {
	all := slices.DeleteFunc(ports.Decisions(), func(d intercept.Decision) bool {
		return d.Addresses.IsValid() && !f.has(d.Addresses)
	})
	last := len(all) - 1
	for last > 0 && all[last-1].Protocol == all[len(all)-1].Protocol {
		last--
	}
	for i, d := range append(all[:last:last], all[len(all)-1]) {
		if i > 0 && d.Protocol == all[i-1].Protocol && d.Addresses == all[i-1].Addresses {
			steps[len(steps)-1].entries = append(steps[len(steps)-1].entries, d.Entry)
			continue
		}
		steps = append(steps, step{d.Protocol, intercept.List{d.Entry}})
	}
	return steps
}

func first(i int, comment string) string {
	if i == 0 {
		return comment
	}
	return ""
}

// to is the condition on the destination, "" for all, as iptables-save leaves it out.
func to(p netip.Prefix) string {
	if p.Bits() == 0 {
		return ""
	}
	return fmt.Sprintf("-d %s ", p)
}
