package schema

import (
	"fmt"
)

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
