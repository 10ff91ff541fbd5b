package cmd

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/pflag"
)

// variablePrefix begins the environment variables that stand for flags.
const variablePrefix = "AMESH_RENDER_"

// withEnvironment lets each flag of the commands be set by an environment variable too.
func withEnvironment(commands ...command) []command {
	for i, c := range commands {
		example := firstFlag(c)
		if example == "" {
			continue
		}
		commands[i].help = strings.TrimRight(c.help, "\n") + fmt.Sprintf(`

Each flag can also be set by an environment variable, such as %s for --%s; the command line wins, and an
empty variable counts for nothing.
`, variableOf(example), example)
		commands[i].flags = func(set *pflag.FlagSet) func(Streams, []string) error {
			do := c.flags(set)
			return func(s Streams, args []string) error {
				if err := setFromEnvironment(set, os.Getenv); err != nil {
					return usageError{err}
				}
				return do(s, args)
			}
		}
	}
	return commands
}

// firstFlag is the name of a command's first flag, "" if it has none.
func firstFlag(c command) (name string) {
	set := pflag.NewFlagSet(c.name, pflag.ContinueOnError)
	set.SortFlags = false
	c.flags(set)
	set.VisitAll(func(f *pflag.Flag) {
		if name == "" {
			name = f.Name
		}
	})
	return name
}

// variableOf is the environment variable that stands for a flag: AMESH_RENDER_XDS_MODE for xds-mode.
func variableOf(flag string) string {
	return variablePrefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// setFromEnvironment sets the flags that the command line has not set. The error names every variable that is wrong.
func setFromEnvironment(set *pflag.FlagSet, getenv func(string) string) error {
	var wrong []error
	set.VisitAll(func(f *pflag.Flag) {
		variable := variableOf(f.Name)
		value := getenv(variable)
		if f.Changed || value == "" {
			return
		}
		if err := set.Set(f.Name, value); err != nil {
			wrong = append(wrong, fmt.Errorf("environment variable %s: %w", variable, err))
		}
	})
	return errors.Join(wrong...)
}
