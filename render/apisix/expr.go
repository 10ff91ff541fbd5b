package apisix

// Expr is one condition of a route's vars (lua-resty-expr). Build it with Compare, And, Or, Not and the functions
// beside them; the zero value is not a valid expression.
//
// A comparison is written [var, op, value] or [var, "!", op, value]; a combination ["AND", x, y, …]. APISIX refuses a
// combination with fewer than two operands and then drops the whole route, so the constructors never build one.
type Expr struct {
	// Logic is "" for a comparison, else one of AND, OR, !AND, !OR.
	Logic string
	// Operands are the parts of a combination: at least two.
	Operands []Expr

	// Var is the variable on the left of a comparison: an nginx variable, http_<header>, arg_<name>, cookie_<name>.
	Var string
	// Negated reverses a comparison; an absent variable then makes it true.
	Negated bool
	// Op is one of the operators below.
	Op string
	// Value is a string, a bool, a float64, an int, or a []any of those (for in and ipmatch).
	Value any
}

// Operators of lua-resty-expr. All but NotEqual are false when the variable is absent; a negated one is then true.
const (
	OpEqual          = "=="
	OpNotEqual       = "~="
	OpLess           = "<"
	OpLessOrEqual    = "<="
	OpGreater        = ">"
	OpGreaterOrEqual = ">="
	OpRegex          = "~~" // PCRE, unanchored, case-sensitive
	OpRegexFold      = "~*" // PCRE, unanchored, case-insensitive
	OpIn             = "in"
	OpHas            = "has"
	OpIPMatch        = "ipmatch"
)

// Compare is the comparison "name op value".
func Compare(name, op string, value any) Expr { return Expr{Var: name, Op: op, Value: value} }

// Present holds when the variable has a value, the empty one included.
func Present(name string) Expr { return Compare(name, OpRegex, `\A`) }

// And holds when every part does. It needs at least one part; a single one is returned as it is.
func And(parts ...Expr) Expr { return combine("AND", parts) }

// Or holds when any part does. It needs at least one part; a single one is returned as it is.
func Or(parts ...Expr) Expr { return combine("OR", parts) }

func combine(logic string, parts []Expr) Expr {
	if len(parts) == 1 {
		return parts[0]
	}
	return Expr{Logic: logic, Operands: parts}
}

// Not holds when x does not.
func Not(x Expr) Expr {
	switch x.Logic {
	case "":
		x.Negated = !x.Negated
	case "AND":
		x.Logic = "!AND"
	case "OR":
		x.Logic = "!OR"
	case "!AND":
		x.Logic = "AND"
	case "!OR":
		x.Logic = "OR"
	}
	return x
}
