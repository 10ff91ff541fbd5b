package apisix

import (
	"net/netip"
	"reflect"
	"slices"
	"strings"
)

// expr checks an expression as lua-resty-expr does when APISIX loads the object; a bad one drops the object. Beyond that
// it asks for values that the operator can use.
func (c *checker) expr(x *Expr, plugin bool) {
	if x.Logic == "" {
		c.comparison(x, plugin)
		return
	}
	if !slices.Contains(logics, x.Logic) {
		c.addHere("the logic %q is not one of %s", x.Logic, strings.Join(logics, ", "))
	}
	if len(x.Operands) < 2 {
		c.addHere("%s has %d operands, fewer than 2", x.Logic, len(x.Operands))
	}
	for i := range x.Operands {
		c.enterElement(i + 1)
		c.expr(&x.Operands[i], plugin)
		c.leave()
	}
}

func (c *checker) comparison(x *Expr, plugin bool) {
	switch {
	case x.Var == "":
		c.addHere("the comparison names no variable")
	case isLogic(x.Var):
		c.addHere("the variable %q would be read as logic", x.Var)
	}
	c.text(x.Var, plugin)
	v := reflect.ValueOf(x.Value)
	c.operand(x.Op, v)
	if v.IsValid() {
		c.walk(v, plugin)
	}
}

// operand checks the value that op compares with.
func (c *checker) operand(op string, v reflect.Value) {
	good, want := false, ""
	switch op {
	case OpEqual, OpNotEqual, OpHas:
		good, want = isPlainValue(v), "a string, a number or a boolean"
	case OpLess, OpLessOrEqual, OpGreater, OpGreaterOrEqual:
		good, want = v.IsValid() && (v.CanInt() || v.CanFloat()), "a number"
	case OpRegex, OpRegexFold:
		good, want = v.Kind() == reflect.String, "a string"
	case OpIn:
		good, want = isListOf(v, isPlainValue), "a list of strings, numbers and booleans that is not empty"
	case OpIPMatch:
		good, want = isNetwork(v) || isListOf(v, isNetwork), "an IP address, a network in CIDR form, or a list of them"
	default:
		c.addHere("APISIX has no operator %q", op)
		return
	}
	if !good {
		c.addHere("the value of %q is not %s", op, want)
	}
}

// isPlainValue tells whether v is a string, a number or a boolean.
func isPlainValue(v reflect.Value) bool {
	return v.IsValid() && (v.Kind() == reflect.String || v.Kind() == reflect.Bool || v.CanInt() || v.CanFloat())
}

func isListOf(v reflect.Value, is func(reflect.Value) bool) bool {
	if v.Kind() != reflect.Slice || v.Len() == 0 {
		return false
	}
	for i := range v.Len() {
		x := v.Index(i)
		if x.Kind() == reflect.Interface {
			x = x.Elem()
		}
		if !is(x) {
			return false
		}
	}
	return true
}

// isNetwork tells whether v is an address or a network; one that is not makes APISIX drop the object.
func isNetwork(v reflect.Value) bool {
	if v.Kind() != reflect.String {
		return false
	}
	if strings.Contains(v.String(), "/") {
		_, err := netip.ParsePrefix(v.String())
		return err == nil
	}
	a, err := netip.ParseAddr(v.String())
	return err == nil && a.Zone() == ""
}
