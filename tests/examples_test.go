package tests

import (
	"bytes"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/amesh-render/amesh-render/cmd"
)

var update = flag.Bool("update", false, "rewrite the rendered examples; then read the diff")

// TestExampleBookinfo keeps the rendered file of the example true.
func TestExampleBookinfo(t *testing.T) {
	const dump, rendered = "../examples/bookinfo/config_dump.json", "../examples/bookinfo/apisix.yaml"
	var out, errs bytes.Buffer
	if code := cmd.Run([]string{"once", dump}, cmd.Streams{Out: &out, Err: &errs}); code != 0 {
		t.Fatalf("exit code %d: %s", code, &errs)
	}
	if *update {
		if err := os.WriteFile(rendered, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(rendered)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(out.Bytes(), want) {
		t.Errorf("%s is not what rendering gives now: go test ./tests -run Example -update", rendered)
	}
}

// TestReadmeCommands checks that what the README tells people to run is still there.
func TestReadmeCommands(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	ci, err := os.ReadFile("../.ci/run")
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"go run ./cmd/amesh-render once examples/bookinfo/config_dump.json", "go test ./..."} {
		if !strings.Contains(string(readme), "\n"+command+"\n") {
			t.Errorf("the README does not have the command %q", command)
		}
	}
	if !strings.Contains(string(ci), "\nstep go test ./...\n") {
		t.Error(".ci/run does not run the README's test command")
	}
}
