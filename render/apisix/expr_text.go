package apisix

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// logics are the words that start a combination. lua-resty-expr reads them in any case, also where a variable is meant.
var logics = []string{"AND", "OR", "!AND", "!OR"}

const not = "!"

// exprEncoder writes an Expr as the array that lua-resty-expr reads. A comparison stays on one line however long it is.
type exprEncoder struct{}

func (exprEncoder) flow(dst []byte, v reflect.Value, f Format) []byte {
	return appendExpr(dst, exprOf(v), f)
}

func (exprEncoder) shape(v reflect.Value) shape {
	if exprOf(v).Logic == "" {
		return oneLine
	}
	return leaf
}

func (e exprEncoder) block(w *writer, v reflect.Value) {
	x := exprOf(v)
	w.open('[')
	w.entry(true)
	w.item()
	w.buf = appendString(w.buf, x.Logic)
	for i := range x.Operands {
		w.entry(false)
		w.item()
		w.value(e, reflect.ValueOf(&x.Operands[i]).Elem())
	}
	w.close(']')
}

// exprOf returns the Expr in v, without a copy where it can.
func exprOf(v reflect.Value) *Expr {
	if v.CanAddr() {
		return v.Addr().Interface().(*Expr)
	}
	x := v.Interface().(Expr)
	return &x
}

func appendExpr(dst []byte, x *Expr, f Format) []byte {
	dst = append(dst, '[')
	if x.Logic == "" {
		dst = appendComparison(dst, x, f)
		return append(dst, ']')
	}
	dst = appendString(dst, x.Logic)
	for i := range x.Operands {
		dst = append(dst, f.comma()...)
		dst = appendExpr(dst, &x.Operands[i], f)
	}
	return append(dst, ']')
}

func appendComparison(dst []byte, x *Expr, f Format) []byte {
	dst = append(appendString(dst, x.Var), f.comma()...)
	if x.Negated {
		dst = append(appendString(dst, not), f.comma()...)
	}
	dst = append(appendString(dst, x.Op), f.comma()...)
	switch value := x.Value.(type) {
	case string:
		return appendString(dst, value)
	case int:
		return strconv.AppendInt(dst, int64(value), 10)
	}
	return anyEncoder{}.flow(dst, reflect.ValueOf(&x.Value).Elem(), f)
}

// MarshalJSON returns the array that APISIX reads.
func (x Expr) MarshalJSON() ([]byte, error) { return appendExpr(nil, &x, Lines), nil }

// UnmarshalJSON reads what MarshalJSON writes, and the other forms that lua-resty-expr knows: [var, value] for equality,
// a list of expressions for AND, operators and logic in any case. Whole numbers become int, others float64.
func (x *Expr) UnmarshalJSON(data []byte) error {
	var parts []json.RawMessage
	if err := json.Unmarshal(data, &parts); err != nil {
		return fmt.Errorf("expression: %w", err)
	}
	if len(parts) == 0 {
		return fmt.Errorf("expression %s: no parts", data)
	}
	if strings.HasPrefix(string(parts[0]), "[") {
		operands, err := unmarshalExprs(parts)
		*x = And(operands...)
		return err
	}
	var head string
	if err := json.Unmarshal(parts[0], &head); err != nil {
		return fmt.Errorf("expression %s: %w", data, err)
	}
	if isLogic(head) {
		operands, err := unmarshalExprs(parts[1:])
		*x = Expr{Logic: strings.ToUpper(head), Operands: operands}
		return err
	}
	return x.unmarshalComparison(head, parts[1:])
}

func unmarshalExprs(parts []json.RawMessage) ([]Expr, error) {
	xs := make([]Expr, len(parts))
	for i, part := range parts {
		if err := xs[i].UnmarshalJSON(part); err != nil {
			return nil, err
		}
	}
	return xs, nil
}

// unmarshalComparison reads the parts after the variable: value, or op and value, or "!", op and value.
func (x *Expr) unmarshalComparison(name string, parts []json.RawMessage) error {
	*x = Expr{Var: name, Op: OpEqual}
	if n := len(parts); n < 1 || n > 3 {
		return fmt.Errorf("comparison of %q: got %d parts after it, want 1 to 3", name, n)
	}
	words := make([]string, len(parts)-1)
	for i := range words {
		if err := json.Unmarshal(parts[i], &words[i]); err != nil {
			return fmt.Errorf("comparison of %q: operator: %w", name, err)
		}
	}
	if len(words) == 2 {
		if words[0] != not {
			return fmt.Errorf("comparison of %q: got %q before the operator, want %q", name, words[0], not)
		}
		x.Negated, words = true, words[1:]
	}
	if len(words) == 1 {
		x.Op = strings.ToLower(words[0])
	}
	if err := json.Unmarshal(parts[len(parts)-1], &x.Value); err != nil {
		return fmt.Errorf("comparison of %q: value: %w", name, err)
	}
	x.Value = wholeNumbers(x.Value)
	return nil
}

// wholeNumbers turns the float64 that encoding/json makes of a whole number into an int, also inside a list.
func wholeNumbers(v any) any {
	switch v := v.(type) {
	case float64:
		if v >= -maxExact && v <= maxExact && v == float64(int(v)) {
			return int(v)
		}
	case []any:
		for i := range v {
			v[i] = wholeNumbers(v[i])
		}
	}
	return v
}

// isLogic tells whether lua-resty-expr takes the first word of an expression for logic.
func isLogic(word string) bool {
	for _, logic := range logics {
		if strings.EqualFold(word, logic) {
			return true
		}
	}
	return false
}
