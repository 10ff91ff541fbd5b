// Package cmd is the command line of amesh-render: one file for each command, with its flags, its wiring and its exit
// code. The result of a command goes to standard output; everything else goes to standard error.
package cmd

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/pflag"

	"github.com/amesh-render/amesh-render/internal/printable"
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

// A command is one of amesh-render's commands. Its help, its completion and the list of commands are made from it.
type command struct {
	name    string
	args    string // how the arguments are named in the usage line; see arguments
	summary string // one line, for the list of commands
	// help says what the command does: paragraphs, which are wrapped for the reader, and indented lines, which are not.
	help        string
	examples    []example
	exits       exits      // what the exit codes mean where they say more than usual; exitNo only if it is one
	environment []variable // the variables that it reads besides those that stand for flags
	seeAlso     []string   // other commands by name, and pages of docs/ by path
	// flags declares the flags and returns what runs the command once they and the arguments are parsed. choices and heading
	// say more about flags than pflag does.
	flags func(*pflag.FlagSet) func(Streams, []string) error
}

// An example is a command line, or several, and what it is good for.
type example struct{ title, lines string }

// exits are the meanings of exit codes.
type exits map[int]string

// A variable is an environment variable.
type variable struct{ name, meaning string }

// commands in the order in which the help lists them.
func commands() []command {
	return withEnvironment(
		once,
		diffCommand,
		matchCommand,
		validateCommand,
		agentCommand,
		configCommand,
		capture,
		replayCommand,
		iptables,
		probe,
		completionCommand(),
		helpCommand(),
		versionCommand,
	)
}

// errNo is the error of a command whose answer is no. Whatever there is to say has been said.
var errNo = errors.New("no")

// A usageError is a mistake in how the command was called.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

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
	fmt.Fprintf(s.Err, "amesh-render: %s\n", printable.Text(err.Error()))
	var h hinted
	var usage usageError
	switch {
	case errors.As(err, &h) && h.Hint() != "":
		fmt.Fprintln(s.Err, printable.Text(h.Hint()))
	case errors.As(err, &usage):
		fmt.Fprintf(s.Err, "try: amesh-render %s--help\n", commandPrefix(args))
	}
	return exitTrouble
}

// synonyms are flags in the place of a command, as users of other programs know them.
var synonyms = map[string]string{"--help": "help", "-h": "help", "--version": "version"}

func run(args []string, s Streams) error {
	if len(args) == 0 {
		overview().write(s.Err, widthOf(s.Err))
		return usageError{errors.New("no command given")}
	}
	name := args[0]
	if synonym, ok := synonyms[name]; ok {
		name = synonym
	}
	c, err := find(name)
	if err != nil {
		return usageError{err}
	}
	if err := c.run(args[1:], s); err != nil {
		return fmt.Errorf("%s: %w", c.name, err)
	}
	return nil
}

// run parses the command's flags and runs it.
func (c command) run(args []string, s Streams) error {
	set, do := c.declare()
	switch err := set.Parse(args); {
	case errors.Is(err, pflag.ErrHelp):
		c.page().write(s.Out, widthOf(s.Out))
		return nil
	case err != nil:
		return usageError{explain(err, set)}
	}
	return do(s, set.Args())
}

// declare is the command's flags, in the order in which they are declared, and what runs the command.
func (c command) declare() (set *pflag.FlagSet, do func(Streams, []string) error) {
	set = pflag.NewFlagSet(c.name, pflag.ContinueOnError)
	set.SetOutput(io.Discard)
	set.SortFlags = false
	return set, c.flags(set)
}

// find is the command of that name. The error proposes the name that was probably meant.
func find(name string) (command, error) {
	var names []string
	for _, c := range commands() {
		if c.name == name {
			return c, nil
		}
		names = append(names, c.name)
	}
	return command{}, mistyped{fmt.Errorf("unknown command %q", name), "amesh-render ", nearest(name, names)}
}

// commandPrefix is the command that args name, with a space after it, or nothing.
func commandPrefix(args []string) string {
	if len(args) > 0 {
		if c, err := find(args[0]); err == nil {
			return c.name + " "
		}
	}
	return ""
}
