package cmd

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"
)

// runCommand runs a command line and returns its exit code and streams.
func runCommand(t *testing.T, args ...string) (code int, out, err string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = Run(args, Streams{In: strings.NewReader(""), Out: &stdout, Err: &stderr})
	return code, stdout.String(), stderr.String()
}

func TestEnvironmentSetsFlags(t *testing.T) {
	set := pflag.NewFlagSet("test", pflag.ContinueOnError)
	given := set.String("given", "default", "")
	unset := set.Duration("two-words", time.Second, "")
	empty := set.Bool("empty", true, "")
	alone := set.Int("alone", 3, "")
	if err := set.Parse([]string{"--given", "by flag"}); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"AMESH_RENDER_GIVEN": "by variable", "AMESH_RENDER_TWO_WORDS": "5s", "AMESH_RENDER_EMPTY": "", "ALONE": "4"}
	if err := setFromEnvironment(set, func(name string) string { return env[name] }); err != nil {
		t.Fatal(err)
	}
	if *given != "by flag" || *unset != 5*time.Second || !*empty || *alone != 3 {
		t.Errorf("got %q, %v, %v, %d", *given, *unset, *empty, *alone)
	}
}

// The mechanism is the same for all commands; these are the ends of it that a user sees.
func TestEnvironmentInCommands(t *testing.T) {
	t.Setenv("AMESH_RENDER_STRICT", "fatal")
	code, _, stderr := runCommand(t, "once", "x.json")
	if code != exitTrouble || !strings.Contains(stderr, `AMESH_RENDER_STRICT: unknown value "fatal" for --strict`) {
		t.Errorf("got %d, %s", code, stderr)
	}
	t.Setenv("AMESH_RENDER_TIMEOUT", "soon")
	code, _, stderr = runCommand(t, "capture")
	if code != exitTrouble || !strings.HasPrefix(stderr, "amesh-render: capture: environment variable AMESH_RENDER_TIMEOUT: ") {
		t.Errorf("got %d, %s", code, stderr)
	}
	if _, out, _ := runCommand(t, "capture", "--help"); !strings.Contains(out, "such as AMESH_RENDER_OUTPUT for --output;") {
		t.Errorf("help does not say how to set flags by variables:\n%s", out)
	}
	if _, out, _ := runCommand(t, "version", "--help"); strings.Contains(out, "AMESH_RENDER_") {
		t.Errorf("help speaks of variables where there are no flags:\n%s", out)
	}
}
