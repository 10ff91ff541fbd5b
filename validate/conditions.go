package validate

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/amesh-render/amesh-render/render/apisix"
	"github.com/amesh-render/amesh-render/standalone"
	"github.com/amesh-render/amesh-render/standalone/schema"
)

// conditions checks what conditions mean, the form of which the schema has checked: comparisons that never hold, and
// regular expressions.
func (c *checker) conditions(x *object, field string, n *standalone.Node) {
	c.condition(x, field, n, false)
}

// condition checks one of them, or several; negated says that what is around it turns its answer into the opposite.
func (c *checker) condition(x *object, field string, n *standalone.Node, negated bool) {
	parts := items(n)
	if len(parts) == 0 {
		return
	}
	from := 0
	if logic := schema.Logic(parts[0].Any()); logic != "" {
		from, negated = 1, negated != strings.HasPrefix(logic, "!")
	} else if parts[0].Kind != standalone.List {
		c.comparison(x, field, parts, negated)
		return
	}
	for i, part := range parts[from:] {
		c.condition(x, fmt.Sprintf("%s[%d]", field, i+from), part, negated)
	}
}

func (c *checker) comparison(x *object, field string, parts []*standalone.Node, negated bool) {
	op := apisix.OpEqual
	switch len(parts) {
	case 3:
		op = strings.ToLower(parts[1].Text)
	case 4:
		op, negated = strings.ToLower(parts[2].Text), !negated
	case 2:
	default:
		return
	}
	at := fmt.Sprintf("%s[%d]", field, len(parts)-1)
	value := parts[len(parts)-1]
	switch name := parts[0]; {
	case strings.HasPrefix(name.Text, "$") && !name.Env:
		c.tell(x, standalone.Warning, field+"[0]", "the variable %.60q never has a value: variables are named without $", name.Text)
	case name.Text == "":
		c.tell(x, standalone.Warning, field+"[0]", "the variable has no name, and never a value")
	}
	if value.Env {
		return
	}
	if op == apisix.OpRegex || op == apisix.OpRegexFold {
		c.regexCondition(x, at, value, negated)
		return
	}
	if op == apisix.OpIPMatch {
		c.networks(x, at, value)
	}
	if flaw := operandFlaw(op, textOf(parts[0]), value); flaw != "" {
		c.tell(x, standalone.Warning, at, "%s: the comparison %s", flaw, holds(negated))
	}
}

// networks checks that APISIX takes networks for what they look like.
func (c *checker) networks(x *object, at string, value *standalone.Node) {
	if value.Kind == standalone.String {
		c.network(x, at, value)
	}
	for i, item := range items(value) {
		c.network(x, fmt.Sprintf("%s[%d]", at, i), item)
	}
}

func (c *checker) network(x *object, at string, n *standalone.Node) {
	taken, ok := apisix.IPMatchRange(n.Text)
	if _, err := netip.ParsePrefix(n.Text); ok && err != nil && strings.Contains(n.Text, "/") {
		c.tell(x, standalone.Error, at, "%.60q is no network in CIDR form, and APISIX takes it for %s", n.Text, taken)
	}
}

// holds says when a comparison holds that never does by itself.
func holds(negated bool) string {
	if negated {
		return "never holds, and negated it always does"
	}
	return "never holds"
}

// operandFlaw is why a comparison with a value never holds; empty when it may.
func operandFlaw(op, variable string, value *standalone.Node) string {
	switch op {
	case apisix.OpEqual:
		if value.Kind == standalone.List || value.Kind == standalone.Map {
			return "no variable is a list or a map"
		}
	case apisix.OpLess, apisix.OpLessOrEqual, apisix.OpGreater, apisix.OpGreaterOrEqual:
		if !numeric(value) {
			return fmt.Sprintf("%s compares numbers, and this is %s", op, value.Kind)
		}
	case apisix.OpIn:
		if value.Kind != standalone.List {
			return fmt.Sprintf("in wants a list, and this is %s", value.Kind)
		}
		return listFlaw(value.Items)
	case apisix.OpHas:
		if variable != "graphql_root_fields" && !strings.HasPrefix(variable, "post_arg") {
			return "has looks into lists, and this variable is none"
		}
	}
	return ""
}

// listFlaw is why no value is in a list; empty when one may be.
func listFlaw(items []*standalone.Node) string {
	numbers := false
	for _, item := range items {
		if item.Env || item.Kind == standalone.String || item.Kind == standalone.Bool {
			return ""
		}
		numbers = numbers || item.Kind == standalone.Number
	}
	if numbers {
		return "in compares without conversion, and variables are strings: put the numbers into quotes"
	}
	return "nothing is in this list that a variable could be"
}

func numeric(n *standalone.Node) bool {
	if n.Kind == standalone.Number {
		return true
	}
	_, ok := standalone.ToNumber(n.Text)
	return n.Kind == standalone.String && ok
}
