// Package cmd is the command line of amesh-render: one file for each command, with its flags, its wiring and its exit
// code. The result of a command goes to standard output; everything else goes to standard error.
package cmd

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/pflag"
)

// Exit codes, the same for all commands.
const (
	exitOK      = 0 // done
	exitNo      = 1 // the answer is no: differences, findings under --strict
	exitTrouble = 2 // wrong usage, input that cannot be read or understood, output that cannot be written
)

// Streams are the standard streams of the process.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// A command is one of amesh-render's commands.
type command struct {
	name    string
	args    string // how the arguments are named in the usage line
	summary string // one line, for the list of commands
	help    string // what it does, with an example
	// flags declares the flags and returns what runs the command once they and the arguments are parsed.
	flags func(*pflag.FlagSet) func(Streams, []string) error
}

// commands in the order in which the help lists them.
func commands() []command {
	return withEnvironment(
		once, diffCommand, matchCommand, validateCommand, agentCommand, capture, replayCommand, probe, versionCommand)
}

// errNo is the error of a command whose answer is no. Whatever there is to say has been said.
var errNo = errors.New("no")

// A usageError is a mistake in how the command was called.
type usageError struct{ error }

// A hinted error knows what the user can do about it.
type hinted interface{ Hint() string }

// Run runs the command that args name, without the program's own name, and returns the exit code.
func Run(args []string, s Streams) int {
	err := run(args, s)
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errNo):
		return exitNo
	}
	fmt.Fprintf(s.Err, "amesh-render: %v\n", err)
	var h hinted
	var usage usageError
	switch {
	case errors.As(err, &h) && h.Hint() != "":
		fmt.Fprintln(s.Err, h.Hint())
	case errors.As(err, &usage):
		fmt.Fprintf(s.Err, "try: amesh-render %s--help\n", commandPrefix(args))
	}
	return exitTrouble
}

func run(args []string, s Streams) error {
	if len(args) == 0 {
		writeOverview(s.Err)
		return usageError{errors.New("no command given")}
	}
	if args[0] == "--help" || args[0] == "-h" || args[0] == "help" && len(args) == 1 {
		writeOverview(s.Out)
		return nil
	}
	if args[0] == "help" {
		args = []string{args[1], "--help"}
	}
	c, ok := find(args[0])
	if !ok {
		return usageError{fmt.Errorf("unknown command %q: there are %s", args[0], names())}
	}
	if err := c.run(args[1:], s); err != nil {
		return fmt.Errorf("%s: %w", c.name, err)
	}
	return nil
}

// run parses the command's flags and runs it.
func (c command) run(args []string, s Streams) error {
	set := pflag.NewFlagSet(c.name, pflag.ContinueOnError)
	set.SetOutput(io.Discard)
	set.SortFlags = false
	do := c.flags(set)
	switch err := set.Parse(args); {
	case errors.Is(err, pflag.ErrHelp):
		c.writeHelp(s.Out, set)
		return nil
	case err != nil:
		return usageError{err}
	}
	return do(s, set.Args())
}

func (c command) writeHelp(w io.Writer, set *pflag.FlagSet) {
	fmt.Fprintf(w, "Usage: amesh-render %s\n\n%s\n", strings.TrimSpace(c.name+" [flags] "+c.args), strings.TrimSpace(c.help))
	if usages := set.FlagUsagesWrapped(120); usages != "" {
		fmt.Fprintf(w, "\nFlags:\n%s", usages)
	}
}

func writeOverview(w io.Writer) {
	fmt.Fprint(w, "amesh-render makes Apache APISIX an Istio data plane with nothing but a file.\n\nCommands:\n")
	for _, c := range commands() {
		fmt.Fprintf(w, "  %-10s %s\n", c.name, c.summary)
	}
	fmt.Fprint(w, "\nExit codes: 0 done, 1 the answer is no, 2 trouble.\n"+
		"amesh-render COMMAND --help says more about each.\n")
}

func find(name string) (command, bool) {
	for _, c := range commands() {
		if c.name == name {
			return c, true
		}
	}
	return command{}, false
}

func names() string {
	var list []string
	for _, c := range commands() {
		list = append(list, c.name)
	}
	return strings.Join(list, ", ")
}

// commandPrefix is the command that args name, with a space after it, or nothing.
func commandPrefix(args []string) string {
	if len(args) > 0 {
		if c, ok := find(args[0]); ok {
			return c.name + " "
		}
	}
	return ""
}
