package render

import "github.com/amesh-render/amesh-render/render/apisix"

// A formula is a condition on a request: an expression of APISIX's, or one of yes and no, which no expression is.
type formula struct {
	fixed verdict
	expr  apisix.Expr
}

type verdict int

const (
	depends verdict = iota // on the request, as expr says
	always
	impossible
)

var (
	yes = formula{fixed: always}
	no  = formula{fixed: impossible}
)

func expression(x apisix.Expr) formula { return formula{expr: x} }

func (f formula) not() formula {
	switch f.fixed {
	case always:
		return no
	case impossible:
		return yes
	}
	return expression(apisix.Not(f.expr))
}

// allOf holds when every part does; none is yes.
func allOf(parts ...formula) formula { return join("AND", yes, no, parts) }

// anyOf holds when one part does; none is no.
func anyOf(parts ...formula) formula { return join("OR", no, yes, parts) }

// join combines parts by logic: neutral ones make no difference, a deciding one is the result.
func join(logic string, neutral, deciding formula, parts []formula) formula {
	var operands []apisix.Expr
	for _, f := range parts {
		switch {
		case f.fixed == deciding.fixed:
			return deciding
		case f.fixed == neutral.fixed:
		case f.expr.Logic == logic:
			operands = append(operands, f.expr.Operands...)
		default:
			operands = append(operands, f.expr)
		}
	}
	if len(operands) == 0 {
		return neutral
	}
	if logic == "AND" {
		return expression(apisix.And(operands...))
	}
	return expression(apisix.Or(operands...))
}

// A claim is what can be said of a condition that Envoy sees more of than APISIX does: when must holds, so does the
// condition, and when the condition holds, so does may. Where nothing is hidden both are the same. A rule that lets
// requests pass asks for must, one that refuses them for may: whatever is hidden then refuses.
type claim struct{ must, may formula }

// known is the claim for a condition of which nothing is hidden.
func known(f formula) claim { return claim{f, f} }

// hidden is the claim for a condition of which nothing can be seen.
var hidden = claim{no, yes}

// unless is c where doubt does not hold, and hidden where it does.
func (c claim) unless(doubt formula) claim {
	return claim{allOf(c.must, doubt.not()), anyOf(c.may, doubt)}
}

func (c claim) not() claim { return claim{c.may.not(), c.must.not()} }

func allClaims(parts ...claim) claim {
	must, may := halves(parts)
	return claim{allOf(must...), allOf(may...)}
}

func anyClaim(parts ...claim) claim {
	must, may := halves(parts)
	return claim{anyOf(must...), anyOf(may...)}
}

func halves(parts []claim) (must, may []formula) {
	for _, c := range parts {
		must, may = append(must, c.must), append(may, c.may)
	}
	return must, may
}
