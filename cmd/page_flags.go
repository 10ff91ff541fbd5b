package cmd

import (
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// flagSections are the flags by heading, those of the command itself first.
func flagSections(set *pflag.FlagSet) (sections []section) {
	titles, lists := []string{""}, map[string][]item{}
	set.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		title := headingOf(f)
		if lists[title] == nil && title != "" {
			titles = append(titles, title)
		}
		lists[title] = append(lists[title], flagItem(f))
	})
	for _, title := range titles {
		if len(lists[title]) == 0 {
			continue
		}
		name := "Flags"
		if title != "" {
			name = title + " flags"
		}
		sections = append(sections, section{name, []block{{items: lists[title]}}})
	}
	return sections
}

// flagItem is a flag and what it does, its values and what holds without it.
func flagItem(f *pflag.Flag) item {
	value, does, without := describe(f)
	entry := item{term: flagTerm(f, value)}
	values := choicesOf(f)
	told := false
	for _, v := range values {
		told = told || v.text != ""
	}
	switch {
	case told:
		entry.text, entry.items = does+without, values
	case len(values) > 0:
		entry.text = does + ": " + alternatives(values) + without
	default:
		entry.text = does + without
	}
	return entry
}

func flagTerm(f *pflag.Flag, value string) string {
	term := "    --" + f.Name
	if f.Shorthand != "" {
		term = "-" + f.Shorthand + ", --" + f.Name
	}
	switch {
	case value == "":
		return term
	case f.NoOptDefVal != "":
		return term + "[=" + value + "]"
	}
	return term + " " + value
}

// describe takes a flag's usage apart: the name of its value ("" for a flag without one), what it does, and in
// parentheses with a space before them what holds without it.
func describe(f *pflag.Flag) (value, does, without string) {
	value, does = pflag.UnquoteUsage(f)
	if !strings.Contains(f.Usage, "`") {
		value = strings.ToUpper(value) // the type's name, such as DURATION
	}
	if i := strings.LastIndex(does, " (default"); i >= 0 {
		return value, does[:i], does[i:]
	}
	switch f.DefValue {
	case "", "0", "0s", "false", "[]":
	default:
		without = " (default " + f.DefValue + ")"
	}
	if value != "" && f.NoOptDefVal != "" {
		without += " (" + f.NoOptDefVal + " where none is named)"
	}
	return value, does, without
}

// environmentBlocks say which environment variables stand for flags, and what others do.
func environmentBlocks(set *pflag.FlagSet, variables []variable) (blocks []block) {
	example, all, headings := "", true, []string(nil)
	set.VisitAll(func(f *pflag.Flag) {
		heading := strings.ToLower(headingOf(f) + " flags")
		switch {
		case isCommandLineOnly(f):
			all = false
		case example == "":
			example, headings = f.Name, []string{heading}
		case !slices.Contains(headings, heading):
			headings = append(headings, heading)
		}
	})
	which := "Each flag"
	if !all {
		which = "Each of the " + strings.Join(headings, " and ")
	}
	if example != "" {
		blocks = append(blocks, block{text: which + " can also be set by an environment variable, such as " + variableOf(example) +
			" for --" + example + "; the command line wins, and an empty variable counts for nothing."})
	}
	var list []item
	for _, v := range variables {
		list = append(list, item{term: v.name, text: v.meaning})
	}
	return append(blocks, block{items: list})
}
