package apisix

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/amesh-render/amesh-render/model"
	conf "github.com/amesh-render/amesh-render/render/apisix"
)

// condition is an expression of lua-resty-expr, prepared.
type condition struct {
	words string
	holds func(*request) model.Verdict
}

// compile prepares an expression. It is an error if APISIX refuses it and drops the route.
func compile(x conf.Expr) (condition, error) {
	var holds func(*request) model.Verdict
	var err error
	if x.Logic == "" {
		holds, err = comparison(x)
	} else {
		holds, err = combination(x)
	}
	return condition{words(x), holds}, err
}

func combination(x conf.Expr) (func(*request) model.Verdict, error) {
	if len(x.Operands) < 2 {
		return nil, errors.New("rule too short: a combination needs two operands")
	}
	var operands []condition
	for _, o := range x.Operands {
		c, err := compile(o)
		if err != nil {
			return nil, err
		}
		operands = append(operands, c)
	}
	logic, negated := strings.CutPrefix(x.Logic, "!")
	start, join := model.Yes, model.Verdict.And
	switch logic {
	case "AND":
	case "OR":
		start, join = model.No, model.Verdict.Or
	default:
		return nil, fmt.Errorf("unknown logic %q", x.Logic)
	}
	return func(q *request) model.Verdict {
		v := start
		for _, o := range operands {
			v = join(v, o.holds(q))
		}
		if negated {
			return v.Not()
		}
		return v
	}, nil
}

func comparison(x conf.Expr) (func(*request) model.Verdict, error) {
	if x.Var == "" || x.Value == nil {
		return nil, errors.New("invalid expression")
	}
	compare, err := operator(x.Op, x.Value)
	if err != nil {
		return nil, err
	}
	return func(q *request) model.Verdict {
		left, known := q.variable(x.Var)
		if !known {
			return model.Unknown
		}
		v := compare(left)
		if x.Negated {
			return v.Not()
		}
		return v
	}, nil
}

// operator is an operator with its right side. What it says of an absent variable is part of it.
func operator(op string, right any) (func(value) model.Verdict, error) {
	switch op {
	case conf.OpEqual:
		return func(left value) model.Verdict { return model.Holds(equal(left, right)) }, nil
	case conf.OpNotEqual:
		return func(left value) model.Verdict { return model.Holds(!equal(left, right)) }, nil
	case conf.OpLess:
		return numeric(right, func(l, r float64) bool { return l < r }), nil
	case conf.OpLessOrEqual:
		return numeric(right, func(l, r float64) bool { return l <= r }), nil
	case conf.OpGreater:
		return numeric(right, func(l, r float64) bool { return l > r }), nil
	case conf.OpGreaterOrEqual:
		return numeric(right, func(l, r float64) bool { return l >= r }), nil
	case conf.OpRegex, conf.OpRegexFold:
		p := compilePattern(fmt.Sprint(right), op == conf.OpRegexFold)
		return func(left value) model.Verdict {
			if left.absent() {
				return model.No
			}
			return p.match(left.String())
		}, nil
	case conf.OpIn:
		list, _ := right.([]any)
		return func(left value) model.Verdict { return model.Holds(in(left, list)) }, nil
	case conf.OpHas: // holds for tables only, and no variable here is one
		return func(value) model.Verdict { return model.No }, nil
	case conf.OpIPMatch:
		return ipMatch(right)
	}
	return nil, fmt.Errorf("invalid operator %q", op)
}

// equal is Lua's ==, after tonumber of the left side if the right one is a number. An absent variable equals nothing.
func equal(left value, right any) bool {
	switch r := right.(type) {
	case string:
		return left.kind == isString && left.text == r
	case bool:
		return left.kind == isTrue && r
	case int, float64:
		l, ok := left.number()
		n, _ := number(r)
		return ok && l == n
	}
	return false
}

// in is equal without tonumber: a number in the list equals no string.
func in(left value, list []any) bool {
	for _, item := range list {
		switch item.(type) {
		case string, bool:
			if equal(left, item) {
				return true
			}
		}
	}
	return false
}

// numeric is an ordering of numbers; it does not hold if either side is none.
func numeric(right any, compare func(l, r float64) bool) func(value) model.Verdict {
	r, rightOK := number(right)
	return func(left value) model.Verdict {
		l, leftOK := left.number()
		return model.Holds(leftOK && rightOK && compare(l, r))
	}
}

// number is Lua's tonumber of a right side.
func number(x any) (float64, bool) {
	switch n := x.(type) {
	case int:
		return float64(n), true
	case float64:
		return n, true
	case string:
		return toNumber(n)
	}
	return 0, false
}

// toNumber is LuaJIT's tonumber of a string: white space around it, a sign, hexadecimal and binary are fine.
func toNumber(s string) (float64, bool) {
	s = strings.ToLower(strings.Trim(s, " \t\n\v\f\r"))
	digits := strings.TrimLeft(s, "+-")
	if len(s)-len(digits) > 1 || strings.Contains(digits, "_") {
		return 0, false
	}
	if binary, ok := strings.CutPrefix(digits, "0b"); ok {
		n, err := strconv.ParseUint(binary, 2, 64)
		if strings.HasPrefix(s, "-") {
			return -float64(n), err == nil
		}
		return float64(n), err == nil
	}
	if strings.HasPrefix(digits, "0x") && !strings.Contains(digits, "p") {
		s += "p0"
	}
	n, err := strconv.ParseFloat(s, 64)
	return n, err == nil || errors.Is(err, strconv.ErrRange)
}

// ipMatch is membership of an address in a list of addresses and ranges; what is no address is in none.
func ipMatch(right any) (func(value) model.Verdict, error) {
	list, ok := right.([]any)
	if !ok {
		list = []any{right}
	}
	var ranges []netip.Prefix
	for _, item := range list {
		text := fmt.Sprint(item)
		p, ok := conf.IPMatchRange(text)
		if !ok {
			return nil, fmt.Errorf("invalid ip address %q", text)
		}
		ranges = append(ranges, p)
	}
	if len(ranges) == 0 {
		return nil, errors.New("invalid ip address: none given")
	}
	return func(left value) model.Verdict {
		addr, err := netip.ParseAddr(left.text)
		for _, p := range ranges {
			if err == nil && p.Contains(addr) {
				return model.Yes
			}
		}
		return model.No
	}, nil
}

// words is an expression for a person.
func words(x conf.Expr) string {
	if x.Logic != "" {
		var parts []string
		for _, o := range x.Operands {
			parts = append(parts, words(o))
		}
		return x.Logic + "(" + strings.Join(parts, ", ") + ")"
	}
	not := ""
	if x.Negated {
		not = "not "
	}
	value, err := json.Marshal(x.Value)
	if err != nil {
		value = fmt.Append(nil, x.Value)
	}
	return fmt.Sprintf("%s%s %s %s", not, x.Var, x.Op, value)
}
