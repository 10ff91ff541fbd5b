package cmd

import (
	"errors"

	"github.com/spf13/pflag"
)

// helpCommand is a function, as the help lists commands, of which it is one.
func helpCommand() command {
	return command{
		name:    "help",
		args:    "[COMMAND]",
		summary: "says what there is, or what a command does",
		help: `
Prints the help of a command, as COMMAND --help does, or the list of commands.
`,
		examples: []example{
			{"All about the agent:", "amesh-render help agent"},
			{"As a manual page:", "amesh-render help agent --man | man -l -"},
		},
		exits: exits{},
		flags: func(set *pflag.FlagSet) func(Streams, []string) error {
			man := set.Bool("man", false, "write a manual page, for man")
			markCommandLineOnly(set)
			return func(s Streams, args []string) error {
				p, err := pageOf(args)
				switch {
				case err != nil:
					return usageError{err}
				case *man:
					p.writeMan(s.Out)
				default:
					p.write(s.Out, widthOf(s.Out))
				}
				return nil
			}
		},
	}
}

// pageOf is the page about the command that the arguments name, or about the program.
func pageOf(args []string) (page, error) {
	switch len(args) {
	case 0:
		return overview(), nil
	case 1:
		c, err := find(args[0])
		if err != nil {
			return page{}, err
		}
		return c.page(), nil
	}
	return page{}, errors.New("takes one command")
}
