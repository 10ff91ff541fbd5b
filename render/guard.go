package render

import (
	"reflect"
	"slices"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// guard puts a filter that refuses requests before the variants of a route: those of which refuse holds get one of the
// variants refused, of which the last has no conditions.
//
// The variants that serve carry the condition that nothing refuses, and the refusal comes after them: should APISIX fail
// to load or to evaluate the condition, the request is refused.
func guard(inner []variant, refuse formula, refused ...variant) []variant {
	switch refuse.fixed {
	case impossible:
		return inner
	case always:
		return refused
	}
	if last := len(inner) - 1; len(refused) == 1 && inner[last].tag == refused[0].tag && len(inner[last].vars) == 0 {
		inner = inner[:last] // the inner guard's answer is the same
	}
	pass := conditions(refuse)
	out := make([]variant, 0, len(inner)+len(refused))
	for _, v := range inner {
		v.vars = slices.Clone(v.vars)
		for _, x := range pass {
			if !slices.ContainsFunc(v.vars, func(y apisix.Expr) bool { return reflect.DeepEqual(x, y) }) {
				v.vars = append(v.vars, x)
			}
		}
		out = append(out, v)
	}
	return append(out, refused...)
}

// conditions are those that must all hold for refuse not to.
func conditions(refuse formula) []apisix.Expr {
	if refuse.expr.Logic != "OR" {
		return conjuncts(refuse.not().expr)
	}
	var list []apisix.Expr
	for _, x := range refuse.expr.Operands {
		list = append(list, conjuncts(apisix.Not(x))...)
	}
	return list
}

// refusesAll reports whether variants refuse every request as it is: nothing before them matters then.
func refusesAll(variants []variant) bool {
	return len(variants) == 1 && variants[0].tag == refusal.tag
}
