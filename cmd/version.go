package cmd

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/pflag"
)

// version is the release that this is, or comes before. It stands in the files that we write, so it says nothing of how
// the binary was built.
const version = "0.1.0-dev"

// header is the comment on the first line of a file that we write.
const header = "amesh-render " + version

var versionCommand = command{
	name:    "version",
	summary: "prints the version",
	help: `
Prints the version, the commit that the binary was built from where that is known, and the Go release.
`,
	examples: []example{{"Which release is this?", "amesh-render version"}},
	exits:    exits{},
	flags: func(*pflag.FlagSet) func(Streams, []string) error {
		return func(s Streams, args []string) error {
			if len(args) > 0 {
				return usageError{errors.New("takes no arguments")}
			}
			_, err := fmt.Fprintf(s.Out, "amesh-render %s (%s%s %s/%s)\n", version, commit(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		}
	},
}

// commit is the commit in the build information, followed by a comma and a space, or nothing.
func commit() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" && len(setting.Value) >= 12 {
			return setting.Value[:12] + ", "
		}
	}
	return ""
}
