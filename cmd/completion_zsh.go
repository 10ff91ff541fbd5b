package cmd

import (
	"fmt"
	"io"
	"strings"
)

// zshEnd lets the script be a file in a directory of $fpath, which is run at the first completion, or be evaluated.
const zshEnd = `
if [[ ${funcstack[1]} == _amesh-render ]]; then
  _amesh-render "$@"
else
  compdef _amesh-render amesh-render
fi
`

// writeZsh writes the script for zsh, which leaves most to zsh's own _arguments.
func writeZsh(w io.Writer, commands []completable) {
	fmt.Fprintf(w, "#compdef amesh-render\n# Completion of amesh-render %s for zsh.\n\n_amesh-render() {\n", version)
	fmt.Fprint(w, "  local -a commands=(\n")
	for _, c := range commands {
		fmt.Fprintf(w, "    %s\n", zshQuote(c.name+":"+c.summary))
	}
	fmt.Fprint(w, `  )
  if (( CURRENT == 2 )); then
    _describe -t commands command commands
    return
  fi
  shift words
  (( CURRENT-- ))
  case $words[1] in
`)
	for _, c := range commands {
		fmt.Fprintf(w, "  %s)\n    _arguments -s -S", c.name)
		for _, f := range c.flags {
			fmt.Fprintf(w, " \\\n      %s", zshFlag(f))
		}
		for _, a := range c.arguments {
			number := ""
			if a.many {
				number = "*"
			}
			fmt.Fprintf(w, " \\\n      %s", zshQuote(number+zshArgument(a)))
		}
		fmt.Fprint(w, "\n    ;;\n")
	}
	fmt.Fprint(w, "  esac\n}\n", zshEnd)
}

// zshFlag is a flag as _arguments takes it: '(-o --output)'{-o+,--output=}'[what it does]:FILE:_files'.
func zshFlag(f completableFlag) string {
	long, short := "--"+f.name, "-"+f.short
	value := ""
	switch {
	case f.value != nil && f.optional:
		long, value = long+"=-", ":"+zshArgument(*f.value)
	case f.value != nil:
		long, short, value = long+"=", short+"+", zshArgument(*f.value)
	}
	tail := "[" + zshEscape(f.does, `[]:\`) + "]" + value
	once := fmt.Sprintf("'(-%s --%s)'", f.short, f.name)
	if f.repeated {
		long, once = "*"+long, "\\*"
	}
	if f.short == "" {
		return zshQuote(long + tail)
	}
	return fmt.Sprintf("%s{%s,%s}%s", once, short, strings.TrimPrefix(long, "*"), zshQuote(tail))
}

// zshArgument is :NAME:ACTION.
func zshArgument(a argument) string {
	action := " "
	if a.files {
		action = "_files"
	}
	var values []string
	for _, v := range a.values {
		value := v.term
		if v.text != "" {
			value += `\:"` + zshEscape(v.text, "\"$`:\\") + `"`
		}
		values = append(values, value)
	}
	if len(values) > 0 {
		action = "((" + strings.Join(values, " ") + "))"
	}
	return ":" + zshEscape(a.name, `:\`) + ":" + action
}

func zshEscape(s, special string) string {
	var b strings.Builder
	for _, r := range s {
		if strings.ContainsRune(special, r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

func zshQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
