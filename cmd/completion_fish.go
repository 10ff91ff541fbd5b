package cmd

import (
	"fmt"
	"io"
	"strings"
)

// fishFunctions are the conditions of completions.
const fishFunctions = `
# COMMAND: whether it is the command.
function __amesh_render_command
    set -l words (commandline -opc)
    test (count $words) -ge 2; and test "$words[2]" = $argv[1]
end

# COMMAND NUMBER…: whether an argument comes next whose number is one of these, or any where none is given.
function __amesh_render_argument
    __amesh_render_command $argv[1]; or return
    string match -q -- '-*' (commandline -ct); and return 1
    set -l number 1
    set -l before
    for word in (commandline -opc)[3..-1]
        if test -n "$before"; and __amesh_render_takes_value $argv[1] $before
            set before
        else
            set before $word
            string match -q -- '-*' $word; or set number (math $number + 1)
        end
    end
    test -n "$before"; and __amesh_render_takes_value $argv[1] $before; and return 1
    test (count $argv) -eq 1; or contains $number $argv[2..-1]
end

complete -c amesh-render -f
`

// writeFish writes the script for fish, which knows flags, values and files itself.
func writeFish(w io.Writer, commands []completable) {
	fmt.Fprintf(w, "# Completion of amesh-render %s for fish.\n", version)
	fmt.Fprint(w, "\n# COMMAND FLAG: whether the flag's value is the next word.\nfunction __amesh_render_takes_value\n    switch \"$argv[1] $argv[2]\"\n        case")
	for _, c := range commands {
		for _, f := range c.flags {
			if f.value == nil || f.optional {
				continue
			}
			for _, name := range f.names() {
				fmt.Fprintf(w, " '%s %s'", c.name, name)
			}
		}
	}
	fmt.Fprint(w, "\n            return 0\n    end\n    return 1\nend\n", fishFunctions)
	for _, c := range commands {
		fmt.Fprintf(w, "\ncomplete -c amesh-render -n 'test (count (commandline -opc)) -eq 1' -a %s -d %s\n", c.name, fishQuote(c.summary))
		for _, f := range c.flags {
			fmt.Fprintf(w, "complete -c amesh-render -n '__amesh_render_command %s'%s -d %s\n", c.name, fishFlag(f), fishQuote(f.does))
		}
		for i, a := range c.arguments {
			condition := c.name
			if !a.many {
				condition += fmt.Sprintf(" %d", i+1)
			}
			if words := fishWords(a); words != "" {
				fmt.Fprintf(w, "complete -c amesh-render -n '__amesh_render_argument %s'%s\n", condition, words)
			}
		}
	}
}

func fishFlag(f completableFlag) string {
	s := " -l " + f.name
	if f.short != "" {
		s = " -s " + f.short + s
	}
	if f.value == nil {
		return s
	}
	switch {
	case f.optional:
		s += " -f"
	case f.value.files:
		s += " -r"
	default:
		s += " -x"
	}
	return s + fishWords(*f.value)
}

// fishWords says what an argument can be, "" where that is not known.
func fishWords(a argument) string {
	if a.files {
		return " -F"
	}
	var words []string
	for _, v := range a.values {
		word := v.term
		if v.text != "" {
			word += `\t"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`).Replace(v.text) + `"`
		}
		words = append(words, word)
	}
	if len(words) == 0 {
		return ""
	}
	return " -a " + fishQuote(strings.Join(words, " "))
}

func fishQuote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}
