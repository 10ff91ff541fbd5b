package rules

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Saved is our part of what iptables-save says of the table nat.
type Saved struct {
	// Chains are our chains, with their rules as iptables-save writes them, in order.
	Chains map[string][]string
	// Jumps are the rules of other chains that lead to ours.
	Jumps []string
	// Others reports whether any table has rules that are not ours.
	Others bool
}

// ParseSaved reads the output of iptables-save. Lines that it does not know it passes over.
func ParseSaved(text string) Saved {
	s := Saved{Chains: map[string][]string{}}
	nat := false
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		switch {
		case len(fields) == 0:
		case strings.HasPrefix(line, "*"):
			nat = fields[0] == "*nat"
		case nat && strings.HasPrefix(line, ":"+Prefix):
			name := strings.TrimPrefix(fields[0], ":")
			s.Chains[name] = append(s.Chains[name], []string{}...)
		case fields[0] == "-A" && len(fields) > 2:
			s.addRule(nat, strings.TrimSpace(line), fields)
		}
	}
	return s
}

func (s *Saved) addRule(nat bool, rule string, fields []string) {
	chain := fields[1]
	switch {
	case nat && strings.HasPrefix(chain, Prefix):
		s.Chains[chain] = append(s.Chains[chain], rule)
	case nat && strings.HasPrefix(target(fields), Prefix):
		s.Jumps = append(s.Jumps, rule)
	default:
		s.Others = true
	}
}

// target is where a rule leads to, "" if nowhere.
func target(fields []string) string {
	for i, f := range fields[:len(fields)-1] {
		if f == "-j" || f == "-g" {
			return fields[i+1]
		}
	}
	return ""
}

// Empty reports whether there is nothing of ours.
func (s Saved) Empty() bool { return len(s.Chains) == 0 && len(s.Jumps) == 0 }

// Table is a table that puts back what was there.
func (s Saved) Table(f Family) Table {
	t := Table{Family: f, Jumps: parsed(s.Jumps)}
	for _, name := range slices.Sorted(maps.Keys(s.Chains)) {
		t.Chains = append(t.Chains, Chain{Name: name, Rules: parsed(s.Chains[name])})
	}
	return t
}

func parsed(saved []string) (rules []Rule) {
	for _, text := range saved {
		chain, rest, _ := strings.Cut(strings.TrimPrefix(text, "-A "), " ")
		rules = append(rules, Rule{Chain: chain, Text: rest})
	}
	return rules
}

// Replace is a text for iptables-restore --noflush that puts the table in the place of what is there of ours, in one go.
func (t Table) Replace(s Saved) string {
	var b strings.Builder
	b.WriteString("*nat\n")
	for _, name := range t.chains(s) {
		fmt.Fprintf(&b, ":%s - [0:0]\n", name) // makes the chain, or empties it
	}
	for _, rule := range s.Jumps {
		fmt.Fprintln(&b, "-D"+strings.TrimPrefix(rule, "-A"))
	}
	for _, c := range t.Chains {
		for _, r := range c.Rules {
			fmt.Fprintln(&b, r)
		}
	}
	for _, r := range t.Jumps {
		fmt.Fprintln(&b, r)
	}
	for _, name := range t.chains(s) {
		if !t.has(name) {
			fmt.Fprintf(&b, "-X %s\n", name)
		}
	}
	b.WriteString("COMMIT\n")
	return b.String()
}

// chains is the names of the table's chains and then of those that are there, sorted.
func (t Table) chains(s Saved) (names []string) {
	for _, c := range t.Chains {
		names = append(names, c.Name)
	}
	var others []string
	for name := range s.Chains {
		if !t.has(name) {
			others = append(others, name)
		}
	}
	slices.Sort(others)
	return append(names, others...)
}

func (t Table) has(chain string) bool {
	return slices.ContainsFunc(t.Chains, func(c Chain) bool { return c.Name == chain })
}

// Difference says in a few words where what is there of ours differs from the table; "" if it does not.
func (t Table) Difference(s Saved) string {
	for _, name := range t.chains(s) {
		if _, there := s.Chains[name]; !there {
			return fmt.Sprintf("the chain %s is missing", name)
		}
		if !t.has(name) {
			return fmt.Sprintf("the chain %s is left over", name)
		}
	}
	for _, c := range t.Chains {
		if d := difference(c.Rules, s.Chains[c.Name]); d != "" {
			return d
		}
	}
	byChain := func(a, b string) int { return cmp.Compare(normal(a), normal(b)) }
	jumps := slices.Clone(t.Jumps)
	slices.SortFunc(jumps, func(a, b Rule) int { return byChain(a.String(), b.String()) })
	return difference(jumps, slices.SortedFunc(slices.Values(s.Jumps), byChain))
}

func difference(want []Rule, got []string) string {
	for i, r := range want {
		if i >= len(got) {
			return fmt.Sprintf("the rule %q is missing", r)
		}
		if normal(r.String()) != normal(got[i]) {
			return fmt.Sprintf("the rule %q is in the place of %q", got[i], r)
		}
	}
	if len(got) > len(want) {
		return fmt.Sprintf("the rule %q is left over", got[len(want)])
	}
	return ""
}

// normal is a rule without what versions of iptables-save write differently: the order of conditions, and a match of the
// protocol's own that is implied.
func normal(rule string) string {
	fields := strings.Fields(strings.ReplaceAll(rule, " -m tcp ", " "))
	slices.Sort(fields[1:])
	return strings.Join(fields, " ")
}
