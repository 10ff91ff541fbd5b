package schema

import (
	"fmt"
	"strings"
)

// Rules on several fields of a map.

func has(m map[string]any, names ...string) bool {
	for _, name := range names {
		if _, ok := m[name]; !ok {
			return false
		}
	}
	return true
}

// atMostOne refuses more than one of the fields.
func atMostOne(names ...string) rule {
	return func(m map[string]any) (string, string) {
		var there []string
		for _, name := range names {
			if has(m, name) {
				there = append(there, name)
			}
		}
		if len(there) > 1 {
			return there[1], fmt.Sprintf("%s must not be together", strings.Join(there, " and "))
		}
		return "", ""
	}
}

// oneOrOther refuses a map with none of the fields, or more than one.
func oneOrOther(names ...string) rule {
	return func(m map[string]any) (string, string) {
		for _, name := range names {
			if has(m, name) {
				return atMostOne(names...)(m)
			}
		}
		return "", fmt.Sprintf("%s is missing", strings.Join(names, " or "))
	}
}

// anyOf refuses a map with none of the fields.
func anyOf(names ...string) rule {
	return func(m map[string]any) (string, string) {
		for _, name := range names {
			if has(m, name) {
				return "", ""
			}
		}
		return "", fmt.Sprintf("none of %s is there", strings.Join(names, ", "))
	}
}

// never refuses two fields beside each other.
func never(a, b string) rule {
	return func(m map[string]any) (string, string) {
		if has(m, a, b) {
			return b, fmt.Sprintf("must not be beside %s", a)
		}
		return "", ""
	}
}

// with asks for fields where there is another.
func with(field string, needs ...string) rule {
	return func(m map[string]any) (string, string) {
		for _, name := range needs {
			if has(m, field) && !has(m, name) {
				return field, fmt.Sprintf("needs %s beside it", name)
			}
		}
		return "", ""
	}
}

// is reports whether a field has a value, or is missing: APISIX's schemas often say more than they mean, and take a
// condition on a missing field for met.
func is(m map[string]any, field, value string) bool {
	v, ok := m[field]
	_, unknown := v.(Anything)
	return !ok || unknown || v == value
}
