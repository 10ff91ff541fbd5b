package cmd

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/pflag"
)

// shells are the shells that there are completion scripts for. All that the scripts need to know is in them: a press of
// the tab key does not start amesh-render.
var shells = map[string]func(io.Writer, []completable){
	"bash": writeBash,
	"zsh":  writeZsh,
	"fish": writeFish,
}

// completionCommand is a function, as scripts complete commands, of which it is one.
func completionCommand() command {
	return command{
		name:    "completion",
		args:    "bash|zsh|fish",
		summary: "prints a script that makes a shell complete command lines",
		help: `
Prints a script for a shell, with which the tab key completes commands, flags, their values and names of files. The script
is of the release that has printed it; print it anew after an upgrade.

To install it in bash, for the next shell (the package bash-completion loads it from there):

  $ mkdir -p ~/.local/share/bash-completion/completions
  $ amesh-render completion bash > ~/.local/share/bash-completion/completions/amesh-render

Without that package, this line goes into ~/.bashrc:

  eval "$(amesh-render completion bash)"

In zsh, into a directory of $fpath, before compinit is run; or, after compinit, by a line in ~/.zshrc:

  $ amesh-render completion zsh > "${fpath[1]}/_amesh-render"

  eval "$(amesh-render completion zsh)"

In fish:

  $ amesh-render completion fish > ~/.config/fish/completions/amesh-render.fish
`,
		examples: []example{{"In this shell, for now:", `eval "$(amesh-render completion bash)"`}},
		exits:    exits{},
		flags: func(*pflag.FlagSet) func(Streams, []string) error {
			return func(s Streams, args []string) error {
				if len(args) != 1 {
					return usageError{fmt.Errorf("takes one shell: bash, zsh or fish")}
				}
				script, ok := shells[args[0]]
				if !ok {
					return usageError{fmt.Errorf("unknown shell %q: it is bash, zsh or fish", args[0])}
				}
				var b strings.Builder
				script(&b, completables())
				_, err := io.WriteString(s.Out, b.String())
				return err
			}
		},
	}
}

// A completable is what there is to complete of a command.
type completable struct {
	name, summary string
	flags         []completableFlag
	arguments     []argument
}

type completableFlag struct {
	name, short, does string
	optional          bool // its value may be left out, and else stands behind a =
	repeated          bool // it may be given more than once
	value             *argument
}

// names are the words that stand for the flag.
func (f completableFlag) names() []string {
	if f.short == "" {
		return []string{"--" + f.name}
	}
	return []string{"--" + f.name, "-" + f.short}
}

// An argument is a word that is not fixed: of a command, or the value of a flag.
type argument struct {
	name   string // as usage lines name it
	values []item // what it can be, if that is known
	files  bool   // the name of a file, or of a directory
	many   bool   // all further arguments are of its kind
}

func completables() (list []completable) {
	for _, c := range commands() {
		set, _ := c.declare()
		done := completable{name: c.name, summary: c.summary, arguments: c.arguments()}
		set.VisitAll(func(f *pflag.Flag) {
			if !f.Hidden {
				done.flags = append(done.flags, newCompletableFlag(f))
			}
		})
		done.flags = append(done.flags, completableFlag{name: "help", short: "h", does: "says what the command does"})
		list = append(list, done)
	}
	return list
}

func newCompletableFlag(f *pflag.Flag) completableFlag {
	name, does, _ := describe(f)
	flag := completableFlag{name: f.Name, short: f.Shorthand, does: does}
	value := f.Value
	if limited, ok := value.(*choice); ok {
		value = limited.Value
	}
	_, flag.repeated = value.(pflag.SliceValue)
	if name != "" {
		flag.optional = f.NoOptDefVal != ""
		flag.value = &argument{name: name, values: choicesOf(f), files: name == "FILE" || name == "DIR"}
	}
	return flag
}

// arguments reads the arguments of the usage line: words, in brackets where they may be left out, with … at the end where
// there may be more. A word in small letters stands for itself, with | between several; a word in capitals is the name of a
// file, unless wordsOf knows it.
func (c command) arguments() (list []argument) {
	for word := range strings.FieldsSeq(c.args) {
		word = strings.Trim(word, "[]")
		name := strings.TrimRight(word, "….]")
		a := argument{name: name, many: name != word}
		values, known := wordsOf(name)
		switch {
		case known:
			a.values = values
		case strings.ToLower(name) == name:
			for value := range strings.SplitSeq(name, "|") {
				a.values = append(a.values, item{term: value})
			}
		default:
			a.files = true
		}
		list = append(list, a)
	}
	return list
}

// wordsOf is what an argument of this name can be, if it is not the name of a file; nothing where that is not known.
func wordsOf(name string) (words []item, known bool) {
	switch name {
	case "URL":
		return nil, true
	case "METHOD":
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} {
			words = append(words, item{term: method})
		}
		return words, true
	case "COMMAND":
		for _, c := range commands() {
			words = append(words, item{term: c.name, text: c.summary})
		}
		return words, true
	}
	return nil, false
}
