package schema

import (
	"fmt"
	"slices"
	"strings"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// conditions are those of lua-resty-expr: what vars, filter and match hold. A mistake drops the object that they are in.
// The patterns of regular expressions are not looked at, which APISIX does not do either before it uses them.
type conditions struct{}

func (conditions) noun() string { return "a list of conditions" }

// Operators are those that conditions know, in the order in which messages list them.
var Operators = []string{
	apisix.OpEqual, apisix.OpNotEqual, apisix.OpLess, apisix.OpLessOrEqual, apisix.OpGreater, apisix.OpGreaterOrEqual,
	apisix.OpRegex, apisix.OpRegexFold, apisix.OpIn, apisix.OpHas, apisix.OpIPMatch,
}

// Logic is the word that starts a combination of conditions, in upper case; empty for a word that does not.
func Logic(v any) string {
	word, _ := v.(string)
	if word = strings.ToUpper(word); slices.Contains([]string{"AND", "OR", "!AND", "!OR"}, word) {
		return word
	}
	return ""
}

func (s conditions) check(c *checker, v any) {
	items, ok := v.([]any)
	if !ok || len(items) == 0 {
		listOf(free{}).check(c, v)
		return
	}
	if _, unknown := items[0].(Anything); unknown {
		return
	}
	if _, word := items[0].(string); word && Logic(items[0]) == "" {
		c.fault("is a condition, not a list of conditions: put it into brackets")
		return
	}
	condition{}.check(c, v)
}

// condition is one of them, or several: [variable, operator, value], [variable, "!", operator, value], [variable, value],
// [logic, condition, condition, …], or a list of conditions.
type condition struct{}

func (condition) noun() string { return "a condition" }

func (s condition) check(c *checker, v any) {
	parts, ok := v.([]any)
	if _, unknown := v.(Anything); unknown {
		return
	}
	if !ok || len(parts) == 0 {
		c.fault("is %s, not a condition such as [variable, operator, value]", what(v))
		return
	}
	switch first := parts[0].(type) {
	case Anything:
	case []any:
		s.each(c, parts, 0)
	case string:
		if logic := Logic(first); logic != "" {
			if len(parts) < 3 {
				c.fault("%s wants two conditions at least, and has %d", logic, len(parts)-1)
			}
			s.each(c, parts, 1)
			return
		}
		comparison(c, parts)
	default:
		c.fault("starts with %s, not with a variable", what(first))
	}
}

func (s condition) each(c *checker, parts []any, from int) {
	for i, part := range parts[from:] {
		c.in(fmt.Sprintf("[%d]", i+from), s, part)
	}
}

func comparison(c *checker, parts []any) {
	op, value := any(apisix.OpEqual), parts[len(parts)-1]
	switch len(parts) {
	case 2:
	case 3:
		op = parts[1]
	case 4:
		op = parts[2]
		if _, unknown := parts[1].(Anything); parts[1] != "!" && !unknown {
			c.in("[1]", complaint(fmt.Sprintf("is %s, and only ! may be before an operator", what(parts[1]))), nil)
			return
		}
	default:
		c.fault("has %d parts, and a condition has 2 to 4", len(parts))
		return
	}
	if _, unknown := op.(Anything); unknown {
		return
	}
	word, _ := op.(string)
	word = strings.ToLower(word)
	if !slices.Contains(Operators, word) {
		c.in(fmt.Sprintf("[%d]", len(parts)-2), complaint(fmt.Sprintf("APISIX has no operator %s: there are %s",
			strings.TrimPrefix(what(op), "the string "), strings.Join(Operators, " "))), nil)
		return
	}
	if word == apisix.OpIPMatch {
		c.in(fmt.Sprintf("[%d]", len(parts)-1), addresses{}, value)
	}
}

// addresses are what ipmatch compares with: an address or network, or a list of them.
type addresses struct{}

func (addresses) noun() string { return "an IP address or network, or a list of them" }

func (s addresses) check(c *checker, v any) {
	switch v := v.(type) {
	case Anything:
	case []any:
		for i, item := range v {
			c.in(fmt.Sprintf("[%d]", i), address{}, item)
		}
		if len(v) == 0 {
			c.fault("is empty")
		}
	default:
		address{}.check(c, v)
	}
}

// address is an address or a network.
type address struct{}

func (address) noun() string { return "an IP address or network" }

func (s address) check(c *checker, v any) {
	t, ok := v.(string)
	if _, unknown := v.(Anything); unknown {
		return
	}
	if !ok {
		wrong(c, s, v)
		return
	}
	if _, ok := apisix.IPMatchRange(t); !ok {
		c.fault("%.60q is neither an IP address nor a network in CIDR form", t)
	}
}
