package tests

import (
	"os"
	"regexp"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/amesh-render/amesh-render/cmd"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"amesh-render": func() {
			os.Exit(cmd.Run(os.Args[1:], cmd.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
		},
	})
}

// TestScript runs script/*.txtar: what a user types, and what comes of it.
func TestScript(t *testing.T) {
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:           "script",
		UpdateScripts: *update,
		Setup: func(env *testscript.Env) error {
			env.Setenv("ROOT", root+"/..")
			env.Setenv("DUMPS", root+"/../render/testdata")
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){"mode": mode, "same": same, "await": await},
	})
}

// await waits until the content of a file matches: await FILE REGEXP.
func await(ts *testscript.TestScript, neg bool, args []string) {
	want, err := regexp.Compile(args[1])
	ts.Check(err)
	var text []byte
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if text, err = os.ReadFile(ts.MkAbs(args[0])); err == nil && want.Match(text) != neg {
			return
		}
	}
	ts.Fatalf("%s: no match for %q in %q (%v)", args[0], want, text, err)
}

// mode checks the permissions of a file: mode 0640 FILE.
func mode(ts *testscript.TestScript, neg bool, args []string) {
	info, err := os.Stat(ts.MkAbs(args[1]))
	ts.Check(err)
	if got := info.Mode().Perm().String(); (got == args[0]) == neg {
		ts.Fatalf("the mode of %s is %s", args[1], got)
	}
}

// same checks that two paths are the same file with the same modification time: same FILE RECORD. The first call
// writes the record.
func same(ts *testscript.TestScript, neg bool, args []string) {
	info, err := os.Stat(ts.MkAbs(args[0]))
	ts.Check(err)
	now := info.ModTime().String()
	record, err := os.ReadFile(ts.MkAbs(args[1]))
	if os.IsNotExist(err) {
		ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(now), 0o600))
		return
	}
	ts.Check(err)
	if (string(record) == now) == neg {
		ts.Fatalf("the modification time of %s was %s and is %s", args[0], record, now)
	}
}
