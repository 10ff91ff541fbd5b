package traffic

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// mostWays is how many ways to meet or miss one condition are tried.
const mostWays = 12

// solver finds ways to meet and to miss conditions. It remembers those that it has found: conditions nest, and each is asked
// for both ways by the one around it.
type solver struct{ known map[problem][][]edit }

type problem struct {
	x    *apisix.Expr
	want bool
}

func newSolver() *solver { return &solver{map[problem][][]edit{}} }

// ways are the ways to make a condition hold, or not: each a list of edits. There are none where no edit can.
func (s *solver) ways(x *apisix.Expr, want bool) [][]edit {
	p := problem{x, want}
	list, known := s.known[p]
	if !known {
		list = s.find(x, want)
		list = list[:min(len(list), mostWays)]
		s.known[p] = list
	}
	return list
}

func (s *solver) find(x *apisix.Expr, want bool) [][]edit {
	switch logic, negated := strings.CutPrefix(x.Logic, "!"); logic {
	case "AND":
		return s.combined(x.Operands, want != negated, true)
	case "OR":
		return s.combined(x.Operands, want != negated, false)
	}
	var out [][]edit
	for _, one := range samples(x.Op, x.Value, want != x.Negated) {
		if e := editOf(x.Var, one); e != nil {
			out = append(out, []edit{e})
		}
	}
	return out
}

// combined are the ways to make a conjunction, or else a disjunction, hold or not.
func (s *solver) combined(operands []apisix.Expr, want, conjunction bool) [][]edit {
	if want == conjunction {
		return s.together(operands, want)
	}
	// One operand decides; the others are, where that is possible, as they must be if it were not for that one.
	var out [][]edit
	for i := range operands {
		var others []edit
		for j := range operands {
			if list := s.ways(&operands[j], !want); j != i && len(list) > 0 {
				others = append(others, list[0]...)
			}
		}
		for _, way := range s.ways(&operands[i], want) {
			if out = append(out, slices.Concat(others, way)); len(out) == mostWays {
				return out
			}
		}
	}
	return out
}

// together makes every operand come out as wanted: each at the first way, and then each in turn at its others. Those that
// compare one variable are met by one value.
func (s *solver) together(operands []apisix.Expr, want bool) [][]edit {
	var all [][][]edit
	for _, group := range byVariable(operands) {
		var list [][]edit
		if len(group) == 1 {
			list = s.ways(group[0], want)
		} else {
			list = common(group, want)
		}
		if len(list) > 0 { // a condition on what no edit reaches may hold by itself
			all = append(all, list)
		}
	}
	choose := func(at, way int) []edit {
		var edits []edit
		for i, list := range all {
			if i == at {
				edits = append(edits, list[way]...)
			} else {
				edits = append(edits, list[0]...)
			}
		}
		return edits
	}
	out := [][]edit{choose(-1, 0)}
	for i, list := range all {
		for way := 1; way < len(list) && len(out) < mostWays; way++ {
			out = append(out, choose(i, way))
		}
	}
	return out
}

// byVariable groups the comparisons of each variable, in their order; all else is by itself.
func byVariable(operands []apisix.Expr) [][]*apisix.Expr {
	var out [][]*apisix.Expr
	at := map[string]int{}
	for i := range operands {
		x := &operands[i]
		if group, known := at[x.Var]; known && x.Logic == "" {
			out[group] = append(out[group], x)
			continue
		}
		if x.Logic == "" {
			at[x.Var] = len(out)
		}
		out = append(out, []*apisix.Expr{x})
	}
	return out
}

// common are the values for which all comparisons of one variable come out as wanted.
func common(group []*apisix.Expr, want bool) [][]edit {
	var out [][]edit
	for _, x := range group {
		for _, one := range samples(x.Op, x.Value, want != x.Negated) {
			good := !slices.ContainsFunc(group, func(y *apisix.Expr) bool { return one.meets(y) != want })
			if e := editOf(x.Var, one); good && e != nil && len(out) < mostWays {
				out = append(out, []edit{e})
			}
		}
	}
	return out
}

// samples are values of a variable for which a comparison holds, or does not.
func samples(op string, value any, want bool) []sample {
	switch op {
	case apisix.OpEqual:
		return equality(value, want)
	case apisix.OpNotEqual:
		return equality(value, !want)
	case apisix.OpRegex, apisix.OpRegexFold:
		pattern, _ := value.(string)
		if !want {
			return missing(pattern, op == apisix.OpRegexFold)
		}
		var out []sample
		for _, text := range matching(pattern, op == apisix.OpRegexFold) {
			out = append(out, sample{text: text})
		}
		return out
	case apisix.OpIn:
		list, _ := value.([]any)
		return membership(list, want)
	case apisix.OpLess, apisix.OpLessOrEqual, apisix.OpGreater, apisix.OpGreaterOrEqual:
		return order(op, value, want)
	case apisix.OpIPMatch:
		return networks(value, want)
	}
	return nil
}

func equality(value any, want bool) []sample {
	text := fmt.Sprint(value)
	if want {
		return []sample{{text: text}}
	}
	return []sample{absent, {text: text + "x"}}
}

func membership(list []any, want bool) []sample {
	var out []sample
	for _, v := range list {
		if want && len(out) < most {
			out = append(out, sample{text: fmt.Sprint(v)})
		}
	}
	if !want {
		out = []sample{absent, {text: "no-such"}}
	}
	return out
}

// order are the numbers around the limit for which the comparison comes out as wanted.
func order(op string, value any, want bool) []sample {
	limit, err := strconv.ParseFloat(fmt.Sprint(value), 64)
	if err != nil {
		return nil
	}
	var out []sample
	for _, n := range []float64{limit, limit - 1, limit + 1} {
		if orders[op](n, limit) == want {
			out = append(out, sample{text: strconv.FormatFloat(n, 'f', -1, 64)})
		}
	}
	if !want {
		out = append(out, absent)
	}
	return out
}

// prefixes are the networks that an ipmatch names.
func prefixes(value any) []netip.Prefix {
	list, ok := value.([]any)
	if !ok {
		list = []any{value}
	}
	var out []netip.Prefix
	for _, v := range list {
		if p, ok := apisix.IPMatchRange(fmt.Sprint(v)); ok {
			out = append(out, p)
		}
	}
	return out
}

// networks are addresses in the networks, or outside of all.
func networks(value any, want bool) []sample {
	prefixes := prefixes(value)
	inside := func(a netip.Addr) bool {
		return slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return p.Contains(a) })
	}
	var candidates []netip.Addr
	for _, p := range prefixes[:min(len(prefixes), most)] {
		first := p.Addr()
		if want && p.Bits() < first.BitLen() && p.Contains(first.Next()) {
			first = first.Next()
		}
		candidates = append(candidates, first, p.Addr().Prev(), last(p).Next())
	}
	candidates = append(candidates, Client, netip.MustParseAddr("192.0.2.1"))
	var out []sample
	for _, a := range candidates {
		if a.IsValid() && inside(a) == want && len(out) < most {
			out = append(out, sample{text: a.String()})
		}
	}
	return out
}

// last is the last address of a network.
func last(p netip.Prefix) netip.Addr {
	bytes := p.Addr().AsSlice()
	for i := p.Bits(); i < 8*len(bytes); i++ {
		bytes[i/8] |= 1 << (7 - i%8)
	}
	a, _ := netip.AddrFromSlice(bytes)
	return a
}
