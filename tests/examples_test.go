package tests

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/amesh-render/amesh-render/cmd"
)

var update = flag.Bool("update", false, "rewrite the rendered examples, and what scripts and documents show; then read the diff")

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

// documented finds an example in a document: a block that begins with a command line, and what it prints.
var documented = regexp.MustCompile("(?ms)^```\n\\$ amesh-render (.*?)\n(.*?)^```$")

// TestDocumentedAnswers keeps the examples in documents true.
func TestDocumentedAnswers(t *testing.T) {
	t.Chdir("..")
	documentedAnswers(t, "docs/match.md", 0, 3)
	documentedAnswers(t, "docs/diff.md", 1, 2)
	documentedAnswers(t, "docs/troubleshoot.md", 0, 2)
	readmeShowsTraffic(t)
	readmeShowsFindings(t)
}

// readmeShowsFindings holds what the README shows of the report on the example, parts of it, against all of it.
func readmeShowsFindings(t *testing.T) {
	t.Helper()
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	if code := cmd.Run([]string{"once", "examples/bookinfo/config_dump.json", "--report", "-", "-o", t.TempDir() + "/apisix.yaml"},
		cmd.Streams{Out: &out, Err: &errs}); code != 0 {
		t.Fatalf("exit code %d: %s", code, &errs)
	}
	shown := regexp.MustCompile("(?ms)^```\n(\\d+ findings .*?)^```$").FindSubmatch(readme)
	if shown == nil {
		t.Fatal("the README shows no report")
	}
	for part := range strings.SplitSeq(string(shown[1]), "…\n") {
		if !strings.Contains(errs.String(), part) {
			t.Errorf("the README shows %q, which is not in the report", part)
		}
	}
}

// readmeShowsTraffic holds what the README shows of diff --traffic against the whole of it in docs/diff.md.
func readmeShowsTraffic(t *testing.T) {
	t.Helper()
	readme, err := os.ReadFile("README.md")
	whole, err2 := os.ReadFile("docs/diff.md")
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	shown := regexp.MustCompile("(?ms)^```\n(Traffic .*?)^```$").FindSubmatch(readme)
	if shown == nil || !bytes.Contains(whole, shown[1]) {
		t.Errorf("the README shows %q, which is not in docs/diff.md", shown)
	}
}

// documentedAnswers holds the examples of one document, of which there should be so many at least, against what is printed.
func documentedAnswers(t *testing.T, path string, exitCode, least int) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	examples := 0
	now := documented.ReplaceAllFunc(text, func(block []byte) []byte {
		examples++
		parts := documented.FindSubmatch(block)
		var out, errs bytes.Buffer
		if code := cmd.Run(words(string(parts[1])), cmd.Streams{Out: &out, Err: &errs}); code != exitCode {
			t.Errorf("%s: exit code %d: %s", parts[1], code, &errs)
		}
		return fmt.Appendf(nil, "```\n$ amesh-render %s\n%s```", parts[1], &out)
	})
	if examples < least {
		t.Errorf("%s has %d examples", path, examples)
	}
	if *update {
		if err := os.WriteFile(path, now, 0o644); err != nil {
			t.Fatal(err)
		}
	} else if !bytes.Equal(now, text) {
		t.Errorf("%s does not show what is printed now: go test ./tests -run Documented -update", path)
	}
}

// words are the arguments of a command line, of which those with spaces are in single quotes.
func words(line string) (args []string) {
	for i, part := range strings.Split(line, "'") {
		if i%2 == 1 {
			args = append(args, part)
		} else {
			args = append(args, strings.Fields(part)...)
		}
	}
	return args
}
