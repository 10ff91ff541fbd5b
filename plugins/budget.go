package plugins

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// How much a template may do: it comes from a file, and must come to an end.
const (
	maxSteps  = 100_000
	maxOutput = 16 << 20      // bytes of a text, and of what it becomes
	maxText   = 8 * maxOutput // bytes of all the texts that functions make
)

// A budget is what a template has used of that.
type budget struct{ steps, bytes int }

// step is called by templates at every turn of a loop and by every template that another calls.
func (b *budget) step() (string, error) {
	if b.steps++; b.steps > maxSteps {
		return "", errors.New("the template does not come to an end")
	}
	return "", nil
}

// spend takes n bytes of the budget. It is called before they are allocated where they may be many more than there are.
func (b *budget) spend(n int) error {
	if n > maxOutput || n < 0 || b.bytes+n > maxText {
		return fmt.Errorf("the text becomes longer than %d bytes", maxOutput)
	}
	b.bytes += n
	return nil
}

// text makes text of values by a function of which the result is at most some times longer.
func (b *budget) text(f func(...any) string, values ...any) (string, error) {
	before := 0
	for _, x := range values {
		before += size(x)
	}
	if err := b.spend(before); err != nil {
		return "", err
	}
	s := f(values...)
	return s, b.spend(len(s))
}

// size is about how long a value is as text.
func size(x any) int {
	if s, ok := x.(string); ok {
		return len(s)
	}
	return len(fmt.Sprint(x))
}

// times is n times m, or more than any text may have.
func times(n, m int) int {
	if m > 0 && n > (maxOutput+1)/m {
		return maxOutput + 1
	}
	return n * m
}

func (b *budget) replace(old, new, s string) (string, error) {
	if err := b.spend(len(s) + times(strings.Count(s, old), len(new))); err != nil {
		return "", err
	}
	return strings.ReplaceAll(s, old, new), nil
}

func (b *budget) join(sep string, list []string) (string, error) {
	n := times(len(list), len(sep))
	for _, s := range list {
		n = min(n+len(s), maxOutput+1)
	}
	if err := b.spend(n); err != nil {
		return "", err
	}
	return strings.Join(list, sep), nil
}

// indent puts n spaces, at most 100, before each line.
func (b *budget) indent(n int, s string) (string, error) {
	pad := strings.Repeat(" ", max(0, min(n, 100)))
	s, err := b.replace("\n", "\n"+pad, s)
	return pad + s, err
}

// wide are widths and precisions that would make much of little.
var wide = regexp.MustCompile(`%[-+# 0-9.\[\]]*(?:[0-9]{4}|\*)`)

// printf may name one value many times.
func (b *budget) printf(format string, values ...any) (string, error) {
	longest := 1000
	for _, x := range values {
		longest = max(longest, size(x))
	}
	if wide.MatchString(format) {
		return "", errors.New("a width or a precision is of more than three digits, or a *")
	}
	if err := b.spend(len(format) + times(strings.Count(format, "%"), longest)); err != nil {
		return "", err
	}
	return fmt.Sprintf(format, values...), nil
}
