// Package schema is what APISIX 3.18 demands of the objects in its files before it takes them, as tables: fields, types,
// limits, and what goes with what. It is written from APISIX's behaviour and documentation; a test holds it against what
// APISIX's control API prints as its schemas.
//
// It looks at trees as encoding/json would hold them, and thinks of them as Lua does: an empty list is an empty map and the
// other way round, a whole number is an integer however it is written, and lengths are in characters. It knows nothing of
// files and places, does no I/O, and never changes what it looks at.
package schema

import (
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Anything is a value of which nobody knows what it will be; every check passes it.
type Anything struct{}

// Table is YAML's null, which APISIX's reader makes an empty table: a list and a map, and no scalar.
type Table struct{}

// A Fault is something that APISIX does not take.
type Fault struct {
	Path    string // of the value: "hosts[0]", "timeout.read"; empty for the object itself
	Message string
	// Key tells that the fault is the key at the end of Path rather than its value.
	Key bool
	// Ignored tells that APISIX takes the object nevertheless, and ignores the field.
	Ignored bool
}

// A Shape is what is demanded of a value.
type Shape interface {
	check(c *checker, v any)
	// noun is what the value should be, in words.
	noun() string
}

// checker collects faults.
type checker struct {
	path   string
	faults []Fault
}

func (c *checker) fault(format string, args ...any) {
	c.faults = append(c.faults, Fault{Path: c.path, Message: fmt.Sprintf(format, args...)})
}

// in checks a value within the one at hand.
func (c *checker) in(step string, s Shape, v any) {
	before := c.path
	if c.path != "" && !strings.HasPrefix(step, "[") {
		c.path += "."
	}
	c.path += step
	s.check(c, v)
	c.path = before
}

// check returns the faults of a value.
func check(s Shape, v any) []Fault {
	var c checker
	s.check(&c, v)
	return c.faults
}

// what is a value's type in words.
func what(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return fmt.Sprintf("the boolean %v", v)
	case float64:
		return fmt.Sprintf("the number %v", v)
	case string:
		return fmt.Sprintf("the string %.60q", v)
	case []any:
		return "a list"
	case map[string]any:
		return "a map"
	}
	return "no value"
}

func wrong(c *checker, s Shape, v any) { c.fault("is %s, not %s", what(v), s.noun()) }

// text is a string.
type text struct {
	min, max int // characters; no limit where max is 0
	pattern  *regexp.Regexp
	must     string // what the pattern says, in words
	choice   []string
}

func (s text) noun() string { return "a string" }

func (s text) check(c *checker, v any) {
	t, ok := v.(string)
	if _, any := v.(Anything); any {
		return
	}
	n := utf8.RuneCountInString(t)
	switch {
	case !ok:
		wrong(c, s, v)
	case n < s.min && n == 0:
		c.fault("is empty")
	case n < s.min:
		c.fault("has %d characters, fewer than %d", n, s.min)
	case s.max > 0 && n > s.max:
		c.fault("has %d characters, more than %d", n, s.max)
	case s.pattern != nil && !s.pattern.MatchString(t):
		c.fault("%.100q %s", t, s.must)
	case s.choice != nil && !slices.Contains(s.choice, t):
		c.fault("%.100q is none of %s", t, strings.Join(s.choice, ", "))
	}
}

func str(min, max int) text          { return text{min: min, max: max} }
func oneOf(choice ...string) text    { return text{choice: choice} }
func like(pattern, must string) text { return text{pattern: regexp.MustCompile(pattern), must: must} }
func (s text) long(min, max int) text {
	s.min, s.max = min, max
	return s
}

// num is a number.
type num struct {
	min, max float64
	above    bool // min itself is too small
	whole    bool
	choice   []float64
}

func (s num) noun() string {
	if s.whole {
		return "an integer"
	}
	return "a number"
}

func (s num) check(c *checker, v any) {
	x, ok := v.(float64)
	if _, any := v.(Anything); any {
		return
	}
	switch {
	case !ok, s.whole && math.Mod(x, 1) != 0:
		wrong(c, s, v)
	case s.choice != nil && !slices.Contains(s.choice, x):
		c.fault("is %v, none of %v", x, strings.Trim(fmt.Sprint(s.choice), "[]"))
	case s.above && x <= s.min:
		c.fault("is %v, not greater than %v", x, s.min)
	case x < s.min:
		c.fault("is %v, less than %v", x, s.min)
	case x > s.max:
		c.fault("is %v, more than %v", x, s.max)
	}
}

var (
	anyNumber  = num{min: math.Inf(-1), max: math.Inf(1)}
	anyInteger = num{min: math.Inf(-1), max: math.Inf(1), whole: true}
)

func integer(min, max float64) num { return num{min: min, max: max, whole: true} }
func atLeast(min float64) num      { return num{min: min, max: math.Inf(1), whole: true} }

// flag is a boolean.
type flag struct{}

func (flag) noun() string { return "a boolean" }

func (s flag) check(c *checker, v any) {
	switch v.(type) {
	case bool, Anything:
	default:
		wrong(c, s, v)
	}
}

// free is anything.
type free struct{}

func (free) noun() string        { return "anything" }
func (free) check(*checker, any) {}

// list is a list.
type list struct {
	of       Shape
	min, max int // elements; no limit where max is 0
	unique   bool
}

func (list) noun() string { return "a list" }

func (s list) check(c *checker, v any) {
	var items []any
	switch v := v.(type) {
	case Anything:
		return
	case []any:
		items = v
	case Table:
	case map[string]any:
		if len(v) > 0 {
			wrong(c, s, v)
			return
		}
	default:
		wrong(c, s, v)
		return
	}
	switch {
	case len(items) < s.min && len(items) == 0:
		c.fault("is empty")
	case len(items) < s.min:
		c.fault("has %d elements, fewer than %d", len(items), s.min)
	case s.max > 0 && len(items) > s.max:
		c.fault("has %d elements, more than %d", len(items), s.max)
	}
	seen := map[any]bool{}
	for i, item := range items {
		step := fmt.Sprintf("[%d]", i)
		c.in(step, s.of, item)
		switch item.(type) {
		case string, float64, bool:
			if s.unique && seen[item] {
				c.in(step, again{}, item)
			}
			seen[item] = true
		}
	}
}

// again is what an element of a list is that was there before.
type again struct{}

func (again) noun() string            { return "" }
func (again) check(c *checker, v any) { c.fault("%v is there twice", v) }
func listOf(of Shape) list            { return list{of: of} }
func someOf(of Shape) list            { return list{of: of, min: 1} }
func setOf(of Shape) list             { return list{of: of, min: 1, unique: true} }
func (s list) upTo(max int) list      { s.max = max; return s }
func (s list) distinct() list         { s.unique = true; return s }

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

// guess is a hint at the field that was meant.
func (s object) guess(key string) string {
	best, distance := "", 3
	for _, name := range slices.Sorted(maps.Keys(s.fields)) {
		if d := editDistance(strings.ToLower(key), name); d < distance && d < len(name)/2 {
			best, distance = name, d
		}
	}
	if best == "" {
		return ""
	}
	return ": is it " + best + "?"
}

// editDistance is how many letters one must add, remove or change to make one word of another; words of very different
// lengths are just far apart.
func editDistance(a, b string) int {
	if len(a)-len(b) > 3 || len(b)-len(a) > 3 {
		return 100
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
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

// either is what fits one of several shapes. Of one that does not the faults of the shape named first are told whose
// type is right.
type either []Shape

func (s either) noun() string {
	var nouns []string
	for _, one := range s {
		if n := one.noun(); !slices.Contains(nouns, n) {
			nouns = append(nouns, n)
		}
	}
	return strings.Join(nouns, " or ")
}

func (s either) check(c *checker, v any) {
	var best []Fault
	for _, one := range s {
		var faults []Fault
		for _, f := range check(one, v) {
			if !f.Ignored {
				faults = append(faults, f)
			}
		}
		if len(faults) == 0 {
			return
		}
		if mistyped := faults[0].Path == "" && strings.HasPrefix(faults[0].Message, "is "+what(v)+", not "); !mistyped && best == nil {
			best = faults
		}
	}
	if best == nil {
		wrong(c, s, v)
		return
	}
	for _, f := range best {
		if c.path != "" && f.Path != "" && !strings.HasPrefix(f.Path, "[") {
			f.Path = "." + f.Path
		}
		f.Path = c.path + f.Path
		c.faults = append(c.faults, f)
	}
}
