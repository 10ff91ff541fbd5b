package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/amesh-render/amesh-render/intercept"
)

// multiportLimit is how many ports netfilter's match multiport holds; a range counts as two.
const multiportLimit = 15

// ports adds rules for destinations that all have the same addresses.
func (c *Chain) ports(comment string, l intercept.List, target string) {
	if len(l) == 0 {
		return
	}
	addresses := ""
	if a := l[0].Addresses; a.IsValid() {
		addresses = to(a)
	}
	if containsAll(l) {
		c.add(comment, "%s-p tcp -j %s", addresses, target)
		return
	}
	l = slices.Clone(l)
	slices.SortFunc(l, func(a, b intercept.Entry) int { return int(a.First) - int(b.First) })
	for i := 0; len(l) > 0; i++ {
		n := fitting(l)
		c.add(first(i, comment), "%s-p tcp %s -j %s", addresses, dports(l[:n]), target)
		l = l[n:]
	}
}

// fitting is how many entries fit into one rule.
func fitting(l intercept.List) int {
	size := 0
	for n, e := range l {
		if size++; e.First != e.Last {
			size++
		}
		if size > multiportLimit {
			return n
		}
	}
	return len(l)
}

// dports is the condition on the destination port, as iptables-save writes it.
func dports(l intercept.List) string {
	texts := make([]string, len(l))
	for i, e := range l {
		texts[i] = fmt.Sprint(e.First)
		if e.First != e.Last {
			texts[i] = fmt.Sprintf("%d:%d", e.First, e.Last)
		}
	}
	if len(l) == 1 {
		return "-m tcp --dport " + texts[0]
	}
	return "-m multiport --dports " + strings.Join(texts, ",")
}
