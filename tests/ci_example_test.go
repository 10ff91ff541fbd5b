package tests

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/amesh-render/amesh-render/cmd"
)

// ciExample is the script that people copy into their repositories.
const ciExample = "../examples/ci/diff.sh"

// TestExampleCI runs the script in a repository with branches of dumps, with this program.
func TestExampleCI(t *testing.T) {
	for _, name := range []string{"diff", "validate"} {
		if code := cmd.Run([]string{"help", name}, cmd.Streams{Out: new(bytes.Buffer), Err: new(bytes.Buffer)}); code != 0 {
			t.Skipf("there is no command %s yet", name)
		}
	}
	r := newRepository(t)
	r.linkProgram()
	before, after := content(t, "../render/testdata/bookinfo/in.json"), content(t, "../render/testdata/bookinfo-v1/in.json")
	r.commit("main", map[string]string{"dumps/productpage.json": before, "dumps/a b/same.json": before})
	r.commit("same", map[string]string{"README.md": "No dump is changed."})
	r.commit("v1", map[string]string{"dumps/productpage.json": after})
	r.commit("broken", map[string]string{"dumps/productpage.json": "{"})
	r.commit("empty", map[string]string{"dumps/productpage.json": "", "dumps/a b/same.json": ""})

	if code, out, errs := r.run("main", "same"); code != 0 || strings.Contains(out, "reviews") {
		t.Errorf("no change: exit code %d\n%s%s", code, out, errs)
	}
	code, out, errs := r.run("main", "v1")
	if code != 1 || !strings.Contains(out, "productpage.json") || !strings.Contains(out, "reviews") || strings.Contains(out, "same.json") {
		t.Errorf("a change: exit code %d\n%s%s", code, out, errs)
	}
	if code, out, errs := r.run("main", "broken"); code != 2 || out != "" || !strings.Contains(errs, "cannot render productpage.json of broken") {
		t.Errorf("a dump that cannot be read: exit code %d\n%s%s", code, out, errs)
	}
	if code, _, errs := r.run("empty", "v1"); code != 1 {
		t.Errorf("new dumps: exit code %d\n%s", code, errs)
	}
	if left := r.git("worktree", "list"); strings.Count(left, "\n") != 1 {
		t.Errorf("worktrees are left:\n%s", left)
	}
}

// TestExampleCIExitCodes runs the script with a program that answers as it is told to: only trouble may fail a job, and
// any trouble must.
func TestExampleCIExitCodes(t *testing.T) {
	r := newRepository(t)
	r.write("bin/amesh-render", `#!/bin/sh
echo "$*" >> "$LOG"
case $1 in
once) shift; while [ "$1" != -o ]; do shift; done; echo rendered > "$2"; exit "${ONCE-0}" ;;
validate) echo "$3: said of it"; exit "${VALIDATE-0}" ;;
diff) echo "# markdown"; ls "$2" "$3"; exit "${DIFF-0}" ;;
esac
`, 0o700)
	r.commit("old", map[string]string{"dumps/a.json": "{}"})
	r.commit("new", map[string]string{"dumps/a.json": "[]", "dumps/b.yaml": "[]", "dumps/README.md": "not a dump"})
	for _, test := range []struct {
		environment string
		args        []string
		code        int
		errs        string
	}{
		{"DIFF=0", []string{"old", "new"}, 0, ""},
		{"DIFF=1", []string{"old", "new"}, 1, ""},
		{"DIFF=1", []string{"old", "new", "dumps"}, 1, ""},
		{"DIFF=2", []string{"old", "new"}, 2, ""},
		{"DIFF=137", []string{"old", "new"}, 2, ""},
		{"ONCE=2", []string{"old", "new"}, 2, "cannot render a.json of old"},
		{"ONCE=1", []string{"old", "new"}, 2, "cannot render a.json of old"},
		{"VALIDATE=1", []string{"old", "new"}, 2, "a.json.yaml: said of it\nb.yaml.yaml: said of it\n"},
		{"", []string{"old"}, 2, "usage"},
		{"", []string{"old", "nowhere"}, 2, "cannot check out nowhere"},
		{"", []string{"old", "new", "elsewhere"}, 2, "no dumps in elsewhere"},
	} {
		r.environment = []string{test.environment, "LOG=" + filepath.Join(r.dir, "log"), "DIFF_FLAGS=--ignore endpoints"}
		code, out, errs := r.run(test.args...)
		if code != test.code || !strings.Contains(errs, test.errs) {
			t.Errorf("%s %q: exit code %d\n%s%s", test.environment, test.args, code, out, errs)
		}
		if wanted := "# markdown\nbase:\na.json\n\nhead:\na.json\nb.yaml\n"; code < 2 && out != wanted {
			t.Errorf("%s %q: printed %q, want %q", test.environment, test.args, out, wanted)
		}
	}
	if log := content(t, filepath.Join(r.dir, "log")); !strings.Contains(log, "diff base head -o markdown --traffic --ignore endpoints\n") {
		t.Errorf("called were:\n%s", log)
	}
}

// TestExampleWorkflow checks what can be known of the workflow without GitHub.
func TestExampleWorkflow(t *testing.T) {
	var workflow struct {
		Jobs map[string]struct {
			Steps []struct{ Name, Uses, Run string }
		}
	}
	if err := yaml.Unmarshal([]byte(content(t, "../examples/ci/amesh-render-diff.yaml")), &workflow); err != nil {
		t.Fatal(err)
	}
	runs := ""
	for _, step := range workflow.Jobs["diff"].Steps {
		runs += step.Run
		if strings.Contains(step.Run, "${{") {
			t.Errorf("%s: an expression in a script, where what it stands for would be run", step.Name)
		}
		if step.Run == "" {
			continue
		}
		shell := exec.Command("sh", "-n")
		shell.Stdin = strings.NewReader(step.Run)
		if out, err := shell.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", step.Name, err, out)
		}
	}
	if !strings.Contains(runs, ".github/diff.sh \"$base\"") {
		t.Error("the workflow does not run the script")
	}
}

// A repository is a git repository in a temporary directory, and programs beside it that are found first.
type repository struct {
	t           *testing.T
	dir         string
	environment []string
}

func newRepository(t *testing.T) *repository {
	for _, program := range []string{"git", "sh"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("there is no %s here", program)
		}
	}
	r := &repository{t: t, dir: t.TempDir()}
	for _, dir := range []string{"bin", "repository", "tmp"} {
		if err := os.Mkdir(filepath.Join(r.dir, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	r.git("init", "--quiet", "--initial-branch=main")
	r.git("commit", "--quiet", "--allow-empty", "--message=begin")
	return r
}

// commit makes a branch of main, or main itself, whose last commit writes files; one without content is removed.
func (r *repository) commit(branch string, files map[string]string) {
	r.git("checkout", "--quiet", "main")
	if branch != "main" {
		r.git("checkout", "--quiet", "-b", branch)
	}
	for name, content := range files {
		if content == "" {
			r.git("rm", "--quiet", name)
			continue
		}
		r.write(filepath.Join("repository", name), content, 0o600)
	}
	r.git("add", "--all")
	r.git("commit", "--quiet", "--message="+branch)
	r.git("checkout", "--quiet", "main")
}

func (r *repository) write(name, content string, mode os.FileMode) {
	r.t.Helper()
	path := filepath.Join(r.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		r.t.Fatal(err)
	}
}

// linkProgram puts this program there: the binary of the tests is amesh-render when it is called so (TestMain).
func (r *repository) linkProgram() {
	r.t.Helper()
	tests, err := os.Executable()
	if err == nil {
		err = os.Symlink(tests, filepath.Join(r.dir, "bin", "amesh-render"))
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *repository) command(name string, args ...string) *exec.Cmd {
	c := exec.Command(name, args...)
	c.Dir = filepath.Join(r.dir, "repository")
	c.Env = append(os.Environ(), "PATH="+filepath.Join(r.dir, "bin")+":"+os.Getenv("PATH"), "TMPDIR="+filepath.Join(r.dir, "tmp"),
		"HOME="+r.dir, "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=t", "GIT_AUTHOR_EMAIL=t@example.com",
		"GIT_COMMITTER_NAME=t", "GIT_COMMITTER_EMAIL=t@example.com")
	c.Env = append(c.Env, r.environment...)
	return c
}

func (r *repository) git(args ...string) string {
	r.t.Helper()
	out, err := r.command("git", args...).CombinedOutput()
	if err != nil {
		r.t.Fatalf("git %q: %v\n%s", args, err, out)
	}
	return string(out)
}

// run runs the script, and checks that it leaves nothing behind.
func (r *repository) run(args ...string) (code int, out, errs string) {
	r.t.Helper()
	script, err := filepath.Abs(ciExample)
	if err != nil {
		r.t.Fatal(err)
	}
	c := r.command("sh", append([]string{script}, args...)...)
	var stdout, stderr strings.Builder
	c.Stdout, c.Stderr = &stdout, &stderr
	if err := c.Run(); err != nil && c.ProcessState == nil {
		r.t.Fatal(err)
	}
	if left, err := os.ReadDir(filepath.Join(r.dir, "tmp")); err != nil || len(left) > 0 {
		r.t.Errorf("%q: left behind: %v %v", args, left, err)
	}
	return c.ProcessState.ExitCode(), stdout.String(), stderr.String()
}

func content(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
