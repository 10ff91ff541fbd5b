package plugins

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"text/template"
)

// functions are what templates can call, beside what package template has. There is none that reads the environment, files
// or the clock: a template comes to the same for the same node. Those that make text out of text spend of a budget: values
// that double in a loop would soon fill all memory.
func functions(b *budget) template.FuncMap {
	return template.FuncMap{
		"step": b.step,
		"quote": func(x any) (string, error) {
			return b.text(func(x ...any) string { return toJSON(fmt.Sprint(x...)) }, orEmpty(x))
		},
		"toJson":     func(x any) (string, error) { return b.text(func(...any) string { return toJSON(x) }, orEmpty(x)) },
		"default":    func(otherwise, x any) any { return defaultTo(otherwise, x) },
		"lower":      func(s string) (string, error) { return strings.ToLower(s), b.spend(len(s)) },
		"upper":      func(s string) (string, error) { return strings.ToUpper(s), b.spend(len(s)) },
		"trim":       strings.TrimSpace,
		"trimPrefix": func(prefix, s string) string { return strings.TrimPrefix(s, prefix) },
		"trimSuffix": func(suffix, s string) string { return strings.TrimSuffix(s, suffix) },
		"replace":    b.replace,
		"hasPrefix":  func(prefix, s string) bool { return strings.HasPrefix(s, prefix) },
		"hasSuffix":  func(suffix, s string) bool { return strings.HasSuffix(s, suffix) },
		"contains":   func(part, s string) (bool, error) { return strings.Contains(s, part), b.spend(len(s)) },
		"split":      func(sep, s string) ([]string, error) { return strings.Split(s, sep), b.spend(len(s)) },
		"join":       b.join,
		"indent":     b.indent,
		// Those of package template that make text.
		"print":    func(x ...any) (string, error) { return b.text(fmt.Sprint, x...) },
		"println":  func(x ...any) (string, error) { return b.text(fmt.Sprintln, x...) },
		"html":     func(x ...any) (string, error) { return b.text(template.HTMLEscaper, x...) },
		"js":       func(x ...any) (string, error) { return b.text(template.JSEscaper, x...) },
		"urlquery": func(x ...any) (string, error) { return b.text(template.URLQueryEscaper, x...) },
		"printf":   b.printf,
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
