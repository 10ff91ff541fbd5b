package schema

import (
	"maps"
	"regexp"
	"slices"
)

// object is a map with fields.
type object struct {
	fields   map[string]Shape
	required []string
	min      int // entries
	// others is for keys that are no fields, nil where there must be none; open tells that they are ignored.
	others  Shape
	keys    *regexp.Regexp // which of those others is for; the rest is free
	ignores bool
	rules   []rule
}

// A rule is a demand on the fields of a map together. It returns the field to name, perhaps none, and what is wrong.
type rule func(m map[string]any) (field, message string)

func (object) noun() string { return "a map" }

func (s object) check(c *checker, v any) {
	var m map[string]any
	switch v := v.(type) {
	case Anything:
		return
	case map[string]any:
		m = v
	case Table:
	case []any:
		if len(v) > 0 {
			wrong(c, s, v)
			return
		}
	default:
		wrong(c, s, v)
		return
	}
	if len(m) < s.min {
		c.fault("is empty")
	}
	for _, key := range slices.Sorted(maps.Keys(m)) {
		s.entry(c, key, m[key])
	}
	for _, key := range s.required {
		if _, ok := m[key]; !ok {
			c.fault("%s is missing", key)
		}
	}
	for _, r := range s.rules {
		if field, message := r(m); message != "" {
			c.in(field, complaint(message), nil)
		}
	}
}

// complaint is what is wrong with a value whatever it is.
type complaint string

func (complaint) noun() string              { return "" }
func (s complaint) check(c *checker, _ any) { c.fault("%s", string(s)) }

func (s object) entry(c *checker, key string, v any) {
	if field, ok := s.fields[key]; ok {
		c.in(key, field, v)
		return
	}
	switch {
	case s.others == nil:
		f := Fault{Path: c.path, Key: true, Ignored: s.ignores}
		if f.Path != "" {
			f.Path += "."
		}
		f.Path += key
		f.Message = "APISIX knows no such field" + s.guess(key)
		c.faults = append(c.faults, f)
	case s.keys == nil || s.keys.MatchString(key):
		c.in(key, s.others, v)
	}
}

type fields = map[string]Shape

// exactly is a map with those fields and no others; loosely one where APISIX ignores others.
func exactly(f fields) object                    { return object{fields: f} }
func loosely(f fields) object                    { return object{fields: f, ignores: true} }
func mapTo(of Shape) object                      { return object{others: of} }
func (s object) needs(required ...string) object { s.required = required; return s }
func (s object) where(rules ...rule) object      { s.rules = rules; return s }
func (s object) notEmpty() object                { s.min = 1; return s }
func (s object) forKeys(pattern string) object   { s.keys = regexp.MustCompile(pattern); return s }
