package cmd

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// completions are lines as they are typed, the last word unfinished, and what a shell offers for it; for "files", the
// files of the directory. The words are as bash parts them.
var completions = []struct {
	line []string
	want []string
}{
	{[]string{"on"}, []string{"once"}},
	{[]string{"completion", ""}, []string{"bash", "fish", "zsh"}},
	{[]string{"completion", "bash", ""}, nil},
	{[]string{"help", "prob"}, []string{"probe"}},
	{[]string{"once", "--file-"}, []string{"--file-mode", "--file-owner"}},
	{[]string{"once", "--format", ""}, []string{"json", "yaml"}},
	{[]string{"once", "--format", "j"}, []string{"json"}},
	{[]string{"once", "--output", "du"}, []string{"dump.json", "dumps"}},
	{[]string{"once", "-o", "wi"}, []string{"with space.json"}},
	{[]string{"once", "--format", "json", "du"}, []string{"dump.json", "dumps"}},
	{[]string{"once", "dump.json", "wi"}, []string{"with space.json"}},
	{[]string{"once", "--strict", "du"}, []string{"dump.json", "dumps"}}, // its value may be left out
	{[]string{"once", "--outbound-port", ""}, nil},
	{[]string{"once", "--file-owner", "du"}, nil},
	{[]string{"probe", ""}, nil},
	{[]string{"once", "--in-place", "--role", "s"}, []string{"sidecar"}},
}

// shell runs a script of a shell, with arguments, in a directory with some files.
func shell(t *testing.T, name string, arguments ...string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("there is no %s here: its completion is not tried", name)
	}
	c := exec.Command(path, arguments...)
	c.Dir = t.TempDir()
	home := t.TempDir()
	c.Env = append(os.Environ(), "HOME="+home, "XDG_CONFIG_HOME="+home, "XDG_DATA_HOME="+home)
	if err := os.Mkdir(filepath.Join(c.Dir, "dumps"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"dump.json", "with space.json"} {
		if err := os.WriteFile(filepath.Join(c.Dir, file), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var errs strings.Builder
	c.Stderr = &errs
	out, err := c.Output()
	if err != nil || errs.String() != "" {
		t.Fatalf("%s: %v\n%s%s", name, err, out, &errs)
	}
	return string(out)
}

func completionScript(t *testing.T, shell string) string {
	t.Helper()
	code, out, errs := runCommand(t, "completion", shell)
	if code != exitOK || errs != "" {
		t.Fatalf("exit code %d: %s", code, errs)
	}
	return out
}

// offers are the lines of a shell's answer, sorted.
func offers(out string) (words []string) {
	for line := range strings.Lines(out) {
		if line = strings.TrimRight(line, "\n"); line != "" {
			words = append(words, line)
		}
	}
	slices.Sort(words)
	return slices.Compact(words)
}

func TestCompletionBash(t *testing.T) {
	script := completionScript(t, "bash") + `
COMP_WORDS=(amesh-render "$@")
COMP_CWORD=$#
_amesh_render
printf '%s\n' "${COMPREPLY[@]}"`
	tests := slices.Clone(completions)
	for _, more := range [][2]string{ // as bash parts words at = and :, or does not where COMP_WORDBREAKS says so
		{"once --format = j", "json"}, {"once --format =", "json yaml"}, {"once --format=j", "--format=json"},
		{"once --strict = de", "denied"}, {"once --strict = denied du", "dump.json dumps"},
		{"agent --xds grpc : //h : 1 --role g", "gateway"}, {"once -- -", ""}, {"once -- du", "dump.json dumps"},
		{"nonsense du", ""}, {"nonsense --du", ""},
	} {
		tests = append(tests, struct{ line, want []string }{strings.Split(more[0], " "), strings.Fields(more[1])})
	}
	for _, test := range tests {
		got := offers(shell(t, "bash", append([]string{"--norc", "-c", script, "bash"}, test.line...)...))
		if !slices.Equal(got, test.want) {
			t.Errorf("%q: got %q, want %q", test.line, got, test.want)
		}
	}
}

func TestCompletionFish(t *testing.T) {
	script := completionScript(t, "fish")
	for _, test := range completions {
		line := "amesh-render " + strings.Join(test.line, " ")
		out := shell(t, "fish", "--no-config", "-c", script+"\ncomplete -C '"+line+"'")
		if got := offers(regexp.MustCompile(`(?m)(/|\t.*)$`).ReplaceAllString(out, "")); !slices.Equal(got, test.want) {
			t.Errorf("%s: got %q, want %q", line, got, test.want)
		}
	}
}

// zshStart is what a zsh on a terminal runs first. Its compadd, by which completion proposes words, writes them to the
// file offers; the shell ends after one completion.
const zshStart = `
autoload -Uz compinit && compinit -u -C -d "$DUMP"
%s
zstyle ':completion:*' insert-tab false
compadd() {
  if [[ " ${@[1,(i)(-|--)]}" == *" -"[AOD]" "* ]]; then
    builtin compadd "$@"
    return
  fi
  local -a found
  builtin compadd -A found "$@"
  (( $#found )) && print -rl -- $found >> offers
  builtin compadd "$@"
}
comppostfuncs=(exit)
`

// zshType types the line in the file line, and a tab, into such a shell.
const zshType = `
zmodload zsh/zpty
zpty shell zsh -d -i
zpty -w -n shell "$(<line)"$'\t'
while zpty -r shell chunk; do :; done
[[ ! -e offers ]] || cat offers
`

func TestCompletionZsh(t *testing.T) {
	t.Setenv("DUMP", filepath.Join(t.TempDir(), "zcompdump")) // of zsh's own functions, which take long to find
	start := strings.Replace(zshStart, "%s", completionScript(t, "zsh"), 1)
	for _, test := range completions {
		line := "amesh-render " + strings.Join(test.line, " ")
		out := shell(t, "zsh", "-f", "-c", `print -r -- "$1" > .zshrc; print -rn -- "$2" > line; export ZDOTDIR=$PWD TERM=dumb`+zshType, "zsh", start, line)
		got := offers(strings.NewReplacer("=", "", `\`, "").Replace(out))
		if last := test.line[len(test.line)-1]; !strings.HasPrefix(last, "-") {
			got = slices.DeleteFunc(got, func(word string) bool { return strings.HasPrefix(word, "-") }) // offered where nothing else is
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: got %q, want %q", line, got, test.want)
		}
	}
}
