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

// markCommandLineOnly marks all flags that are declared so far as ones that no environment variable stands for: those that
// say what is asked, not how the program is set up. Where the agent runs, the variables of its flags are set, and must not
// mean something else here.
func markCommandLineOnly(set *pflag.FlagSet) {
	set.VisitAll(func(f *pflag.Flag) { annotate(f, commandLineOnlyKey, "true") })
}

// isFromEnvironment reports whether an environment variable has set the flag, not the command line.
func isFromEnvironment(f *pflag.Flag) bool { return f.Annotations[fromEnvironmentKey] != nil }

func isCommandLineOnly(f *pflag.Flag) bool { return f.Annotations[commandLineOnlyKey] != nil }

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
		if f.Changed || value == "" || isCommandLineOnly(f) {
			return
		}
		annotate(f, fromEnvironmentKey, "true")
		if err := set.Set(f.Name, value); err != nil {
			wrong = append(wrong, fmt.Errorf("environment variable %s: %w", variable, explain(err, set)))
		}
	})
	return errors.Join(wrong...)
}
