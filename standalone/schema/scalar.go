package schema

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

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
