package schematest

import (
	"fmt"
	"reflect"
	"regexp"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// Patterns returns an error for each regular expression in the conditions of cfg that Go's regexp does not take. We write
// only what PCRE and Go read alike, and APISIX loads a condition with a broken expression without a word: it never
// matches, and negated it always does.
func Patterns(cfg *apisix.Config) []error {
	var errs []error
	for _, r := range cfg.Routes {
		eachExpr(reflect.ValueOf(r), func(x apisix.Expr) {
			if x.Op != apisix.OpRegex && x.Op != apisix.OpRegexFold {
				return
			}
			if _, err := regexp.Compile(fmt.Sprint(x.Value)); err != nil {
				errs = append(errs, fmt.Errorf("route %q: the condition on %s: %w", r.ID, x.Var, err))
			}
		})
	}
	return errs
}

// eachExpr calls f for every expression in v.
func eachExpr(v reflect.Value, f func(apisix.Expr)) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			eachExpr(v.Elem(), f)
		}
	case reflect.Slice:
		for i := range v.Len() {
			eachExpr(v.Index(i), f)
		}
	case reflect.Struct:
		if x, ok := v.Interface().(apisix.Expr); ok {
			f(x)
		}
		for i := range v.NumField() {
			eachExpr(v.Field(i), f)
		}
	}
}
