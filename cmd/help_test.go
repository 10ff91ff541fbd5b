package cmd

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/pflag"
)

// TestHelpIsComplete checks that every command says what a user wants to know, and fits on a terminal.
func TestHelpIsComplete(t *testing.T) {
	for _, c := range commands() {
		if c.summary == "" || utf8.RuneCountInString(c.summary) > 70 || strings.HasSuffix(c.summary, ".") {
			t.Errorf("%s: the summary is not one short line: %q", c.name, c.summary)
		}
		if strings.TrimSpace(c.help) == "" {
			t.Errorf("%s: no help", c.name)
		}
		if len(exampleLines(c)) == 0 {
			t.Errorf("%s: no example", c.name)
		}
		for _, name := range c.seeAlso {
			if _, err := os.Stat("../" + name); strings.HasPrefix(name, "docs/") && err != nil {
				t.Errorf("%s: see also: %v", c.name, err)
			} else if _, err := find(name); !strings.HasPrefix(name, "docs/") && err != nil {
				t.Errorf("%s: see also: %v", c.name, err)
			}
		}
		code, out, _ := runCommand(t, c.name, "--help")
		_, same, _ := runCommand(t, "help", c.name)
		if code != exitOK || out != same {
			t.Errorf("%s: --help and help differ, or fail (exit code %d)", c.name, code)
		}
		for line := range strings.Lines(out) {
			asItIs := strings.Contains(line, "  $ ") || strings.Contains(line, pages) || strings.HasPrefix(line, " ") && strings.Contains(c.help, line)
			if n := utf8.RuneCountInString(line) - 1; n > widest && !asItIs {
				t.Errorf("%s: a line of %d columns: %s", c.name, n, line)
			}
		}
	}
}

// TestHelpExamples checks that what the help tells people to type is understood.
func TestHelpExamples(t *testing.T) {
	for _, c := range append(commands(), command{name: "README", help: readme(t)}) {
		for _, line := range exampleLines(c) {
			for _, words := range invocations(line) {
				if len(words) == 1 {
					t.Errorf("%s: %s: no command", c.name, line)
					continue
				}
				called, err := find(words[1])
				if err != nil {
					t.Errorf("%s: %s: %v", c.name, line, err)
					continue
				}
				set, _ := called.declare()
				if err := set.Parse(words[2:]); err != nil {
					t.Errorf("%s: %s: %v", c.name, line, err)
				}
				if n := len(called.arguments()); set.NArg() > n && (n == 0 || !called.arguments()[n-1].many) {
					t.Errorf("%s: %s: more arguments than %q", c.name, line, called.args)
				}
			}
		}
	}
}

// readme is the commands in the README, as lines of help.
func readme(t *testing.T) string {
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for i, part := range strings.Split(string(text), "\n```") {
		for line := range strings.Lines(strings.ReplaceAll(part, "\\\n", " ")) {
			if i%2 == 1 && strings.Contains(line, "amesh-render ") {
				lines = append(lines, "  $ "+strings.TrimSpace(line))
			}
		}
	}
	return strings.Join(lines, "\n")
}

// exampleLines are the command lines in the help of a command, those that are continued joined.
func exampleLines(c command) (lines []string) {
	var page strings.Builder
	section{blocks: append(prose(c.help), exampleBlocks(c.examples)...)}.write(&page, widest)
	text := strings.ReplaceAll(page.String(), "\\\n", " ")
	for _, match := range regexp.MustCompile(`(?m)^ +\$ (.*)$`).FindAllStringSubmatch(text, -1) {
		lines = append(lines, match[1])
	}
	return lines
}

// invocations are the words of each call of amesh-render in a shell's command line, for as much of the shell's grammar as
// the examples use.
func invocations(line string) (calls [][]string) {
	token := regexp.MustCompile(`'[^']*'|"[^"]*"|\|\||&&|[|&;()<>]|\d?>|[^\s|&;()<>'"]+`)
	var words []string
	end := func() {
		if len(words) > 0 && words[0] == "amesh-render" {
			calls = append(calls, words)
		}
		words = nil
	}
	redirected := false
	for _, word := range token.FindAllString(line, -1) {
		switch {
		case redirected:
			redirected = false
		case strings.Trim(word, "|&;()") == "":
			end()
		case strings.HasSuffix(word, ">"):
			redirected = true
		case strings.HasPrefix(word, `"$(`):
			calls = append(calls, invocations(strings.Trim(word, `"$`))...)
		default:
			words = append(words, strings.Trim(word, `'"`))
		}
	}
	end()
	return calls
}

func TestPageLayout(t *testing.T) {
	c := command{
		name: "x", args: "FILE", summary: "does x",
		help:        "\nOne paragraph\nover two lines.\n\n  left   as it is\n\n- a list\n- of two\n",
		examples:    []example{{"Try it:", "amesh-render x \\\n  f\namesh-render x g"}},
		exits:       exits{exitNo: "it is not so"},
		environment: []variable{{"NO_COLOR", "no colour"}},
		seeAlso:     []string{"once", "docs/limits.md"},
		flags: func(set *pflag.FlagSet) func(Streams, []string) error {
			set.StringP("output", "o", "text", "`FORMAT` of the answer")
			choices(set, "output", "text: for people", "json: for programs")
			set.Duration("wait", 0, "how long")
			defer heading(set, "Other")()
			set.String("colour", "", "`WHEN` there are colours (default when there is a terminal that is able to show them)")
			choices(set, "colour", "never", "always")
			return nil
		},
	}
	const want = `amesh-render x: does x

Usage: amesh-render x [flags] FILE

One paragraph over two lines.

  left   as it is

- a list
- of two

Examples:
  Try it:
  $ amesh-render x \
      f
  $ amesh-render x g

Flags:
  -o, --output FORMAT  FORMAT of the answer (default text)
                       text  for people
                       json  for programs
      --wait DURATION  how long

Other flags:
      --colour WHEN  WHEN there are colours: never or always
                     (default when there is a terminal that
                     is able to show them)

Exit codes:
  0  done
  1  it is not so
  2  trouble: wrong usage, input that cannot be read, output
     that cannot be written

Environment:
  Each flag can also be set by an environment variable, such
  as AMESH_RENDER_OUTPUT for --output; the command line
  wins, and an empty variable counts for nothing.

  NO_COLOR  no colour

See also:
  amesh-render once  renders a captured xDS dump to
                     apisix.yaml
  ` + pages + `docs/limits.md
`
	var got strings.Builder
	c.page().write(&got, 60)
	if got.String() != want {
		t.Errorf("got\n%s\nwant\n%s", got.String(), want)
	}
}
