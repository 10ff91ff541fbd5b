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
		which := "Each flag"
		if hasCommandLineOnly(c) {
			which = "Each flag that concerns rendering"
		}
		commands[i].help = strings.TrimRight(c.help, "\n") + fmt.Sprintf(`

%s can also be set by an environment variable, such as %s for --%s; the command line
wins, and an empty variable counts for nothing.
`, which, variableOf(example), example)
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

// commandLineOnly marks flags that no environment variable stands for: those that say what is asked, not how the program
// is set up. Where the agent runs, the variables of its flags are set, and must not mean something else here.
const commandLineOnly = "amesh-render-command-line-only"

// markCommandLineOnly marks all flags that are declared so far.
func markCommandLineOnly(set *pflag.FlagSet) {
	set.VisitAll(func(f *pflag.Flag) {
		if f.Annotations == nil {
			f.Annotations = map[string][]string{}
		}
		f.Annotations[commandLineOnly] = []string{"true"}
	})
}

func isCommandLineOnly(f *pflag.Flag) bool { return f.Annotations[commandLineOnly] != nil }

// hasCommandLineOnly says whether a command has flags that are marked.
func hasCommandLineOnly(c command) (has bool) {
	set := pflag.NewFlagSet(c.name, pflag.ContinueOnError)
	c.flags(set)
	set.VisitAll(func(f *pflag.Flag) { has = has || isCommandLineOnly(f) })
	return has
}

// firstFlag is the name of a command's first flag that a variable can stand for, "" if it has none.
func firstFlag(c command) (name string) {
	set := pflag.NewFlagSet(c.name, pflag.ContinueOnError)
	set.SortFlags = false
	c.flags(set)
	set.VisitAll(func(f *pflag.Flag) {
		if name == "" && !isCommandLineOnly(f) {
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
		if f.Changed || value == "" || isCommandLineOnly(f) {
			return
		}
		if err := set.Set(f.Name, value); err != nil {
			wrong = append(wrong, fmt.Errorf("environment variable %s: %w", variable, err))
		}
	})
	return errors.Join(wrong...)
}
