package cmd

import (
	"fmt"
	"strings"

	"github.com/spf13/pflag"
)

// Keys of pflag's annotations of a flag.
const (
	choicesKey = "choices" // the values that it takes, each as choices takes it
	headingKey = "heading" // what the help lists it under
	// commandLineOnlyKey says that no environment variable stands for it.
	commandLineOnlyKey = "command line only"
	// fromEnvironmentKey says that an environment variable has set it.
	fromEnvironmentKey = "from the environment"
)

func annotate(f *pflag.Flag, key string, values ...string) {
	if f.Annotations == nil {
		f.Annotations = map[string][]string{}
	}
	f.Annotations[key] = values
}

// choices limits a flag that has been declared to values that are known, of which each is "value" or "value: meaning".
// Help, completion and the errors about other values are made from them. Where the flag's default is "", that remains
// possible. A list (StringSlice) has elements that are limited so.
func choices(set *pflag.FlagSet, name string, values ...string) {
	f := set.Lookup(name)
	f.Value = &choice{Value: f.Value, flag: f}
	annotate(f, choicesKey, values...)
}

// A choice is the value of a flag that has been limited by choices.
type choice struct {
	pflag.Value
	flag *pflag.Flag
}

// Set sets the value, or each value of a list. Upper and lower case are the same, as in LOG_LEVEL=INFO.
func (c *choice) Set(s string) error {
	if s == "" && c.flag.DefValue == "" {
		return c.Value.Set(s)
	}
	given := []string{s}
	if _, ok := c.Value.(pflag.SliceValue); ok {
		given = strings.Split(s, ",")
	}
	for i, word := range given {
		known := c.known(word)
		if known == "" {
			return choiceError{c.flag, word}
		}
		given[i] = known
	}
	return c.Value.Set(strings.Join(given, ","))
}

// known is the value that a word stands for, "" if there is none.
func (c *choice) known(word string) string {
	for _, v := range choicesOf(c.flag) {
		if strings.EqualFold(v.term, word) {
			return v.term
		}
	}
	return ""
}

// choicesOf is the values that a flag is limited to, with their meanings where they are told; none if it is not limited.
func choicesOf(f *pflag.Flag) (values []item) {
	for _, c := range f.Annotations[choicesKey] {
		value, meaning, _ := strings.Cut(c, ": ")
		values = append(values, item{term: value, text: meaning})
	}
	return values
}

// A choiceError says which values there are.
type choiceError struct {
	flag  *pflag.Flag
	value string
}

func (e choiceError) Error() string {
	return fmt.Sprintf("unknown value %q for --%s: it is %s", e.value, e.flag.Name, alternatives(choicesOf(e.flag)))
}

// alternatives is "a, b or c".
func alternatives(items []item) string {
	var b strings.Builder
	for i, item := range items {
		switch {
		case i == 0:
		case i == len(items)-1:
			b.WriteString(" or ")
		default:
			b.WriteString(", ")
		}
		b.WriteString(item.term)
	}
	return b.String()
}

// heading puts the flags that are declared until the function is called that it returns under a heading of the help:
//
//	defer heading(set, "Log")()
func heading(set *pflag.FlagSet, title string) func() {
	before := map[string]bool{}
	set.VisitAll(func(f *pflag.Flag) { before[f.Name] = true })
	return func() {
		set.VisitAll(func(f *pflag.Flag) {
			if !before[f.Name] {
				annotate(f, headingKey, title)
			}
		})
	}
}

// headingOf is what the help lists a flag under, "" for flags of the command itself.
func headingOf(f *pflag.Flag) string {
	if title := f.Annotations[headingKey]; len(title) > 0 {
		return title[0]
	}
	return ""
}
