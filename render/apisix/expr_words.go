package apisix

import (
	"fmt"
	"strings"
)

// String is the expression for a person: http_end_user == "jason", not (a or b).
func (x Expr) String() string {
	if x.Logic == "" {
		return x.comparisonWords()
	}
	logic, negated := strings.CutPrefix(x.Logic, not)
	parts := make([]string, len(x.Operands))
	for i, o := range x.Operands {
		parts[i] = o.String()
	}
	words := "(" + strings.Join(parts, " "+strings.ToLower(logic)+" ") + ")"
	if negated {
		return "not " + words
	}
	return words
}

func (x Expr) comparisonWords() string {
	value := fmt.Sprint(x.Value)
	switch v := x.Value.(type) {
	case string:
		value = fmt.Sprintf("%q", v)
	case []any:
		value = fmt.Sprintf("%q", v)
	}
	words := fmt.Sprintf("%s %s %s", x.Var, x.Op, value)
	if x.Negated {
		return "not " + words
	}
	return words
}
