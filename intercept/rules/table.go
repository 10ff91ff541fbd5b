package rules

import (
	"fmt"
	"strings"
)

// Prefix begins the names of our chains. Whatever begins so is ours to replace and to remove; nothing else is.
const Prefix = "AMESH_"

// Our chains, in netfilter's table nat.
const (
	outputChain     = Prefix + "OUTPUT"
	redirectChain   = Prefix + "REDIRECT"
	inboundChain    = Prefix + "INBOUND"
	inRedirectChain = Prefix + "IN_REDIRECT"
)

// A Table is our part of the table nat of one family.
type Table struct {
	Family Family
	Chains []Chain
	// Jumps are rules in netfilter's own chains that lead to ours.
	Jumps []Rule
}

// A Chain is rules that are tried in order.
type Chain struct {
	Name, Comment string
	Rules         []Rule
}

// A Rule is one rule.
type Rule struct {
	Chain string
	// Text is conditions and target, as iptables-save writes them.
	Text string
	// Comment says what the rule and those after it that have none are good for. It is not in Text.
	Comment string
}

// String is the rule as iptables-save writes it.
func (r Rule) String() string { return "-A " + r.Chain + " " + r.Text }

// add adds a rule; text is a format.
func (c *Chain) add(comment, text string, args ...any) {
	c.Rules = append(c.Rules, Rule{Chain: c.Name, Text: fmt.Sprintf(text, args...), Comment: comment})
}

// Text is the table for iptables-restore --noflush, in a network namespace that has no rules of ours: with comments, for
// people to read.
func (t Table) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s: for %s --noflush\n*nat\n", t.Family, t.Family.Restore())
	for _, c := range t.Chains {
		fmt.Fprintf(&b, ":%s - [0:0]\n", c.Name)
	}
	for _, c := range t.Chains {
		fmt.Fprintf(&b, "\n# %s: %s\n", c.Name, c.Comment)
		writeRules(&b, c.Rules)
	}
	if len(t.Jumps) > 0 {
		b.WriteString("\n# What leads to our chains, after the rules of others.\n")
	}
	writeRules(&b, t.Jumps)
	b.WriteString("COMMIT\n")
	return b.String()
}

func writeRules(b *strings.Builder, rules []Rule) {
	for _, r := range rules {
		if r.Comment != "" {
			fmt.Fprintf(b, "# %s\n", r.Comment)
		}
		fmt.Fprintln(b, r)
	}
}

// Restore is the program that reads the table.
func (f Family) Restore() string {
	if f == IPv6 {
		return "ip6tables-restore"
	}
	return "iptables-restore"
}
