package plugins

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"text/template"
)

// functions are what templates can call, beside what package template has. There is none that reads the environment, files
// or the clock: a template comes to the same for the same node. Steps counts what has been done.
func functions(steps *int) template.FuncMap {
	return template.FuncMap{
		"step": func() (string, error) {
			if *steps++; *steps > maxSteps {
				return "", errors.New("the template does not come to an end")
			}
			return "", nil
		},
		"quote":      func(x any) string { return toJSON(fmt.Sprint(orEmpty(x))) },
		"toJson":     toJSON,
		"default":    func(otherwise, x any) any { return defaultTo(otherwise, x) },
		"lower":      strings.ToLower,
		"upper":      strings.ToUpper,
		"trim":       strings.TrimSpace,
		"trimPrefix": func(prefix, s string) string { return strings.TrimPrefix(s, prefix) },
		"trimSuffix": func(suffix, s string) string { return strings.TrimSuffix(s, suffix) },
		"replace":    func(old, new, s string) string { return strings.ReplaceAll(s, old, new) },
		"hasPrefix":  func(prefix, s string) bool { return strings.HasPrefix(s, prefix) },
		"hasSuffix":  func(suffix, s string) bool { return strings.HasSuffix(s, suffix) },
		"contains":   func(part, s string) bool { return strings.Contains(s, part) },
		"split":      func(sep, s string) []string { return strings.Split(s, sep) },
		"join":       func(sep string, list []string) string { return strings.Join(list, sep) },
		"indent":     indent,
	}
}

// toJSON is a value as JSON, which is YAML too.
func toJSON(x any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(x); err != nil {
		return `""`
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func orEmpty(x any) any {
	if x == nil {
		return ""
	}
	return x
}

// defaultTo is x, or otherwise where x is nothing: not there, empty, false or 0.
func defaultTo(otherwise, x any) any {
	v := reflect.ValueOf(x)
	if !v.IsValid() || v.IsZero() || (v.Kind() == reflect.Slice || v.Kind() == reflect.Map) && v.Len() == 0 {
		return otherwise
	}
	return x
}

// indent puts n spaces, at most 100, before each line.
func indent(n int, s string) string {
	pad := strings.Repeat(" ", max(0, min(n, 100)))
	return pad + strings.ReplaceAll(s, "\n", "\n"+pad)
}
