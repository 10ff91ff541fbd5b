//go:build !race

// The race detector finds nothing in programs that are built and run.

package tests

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// TestImageTree lays out the tree of the image and runs in it what the containers run, with nothing else to be found.
func TestImageTree(t *testing.T) {
	release, _ := os.ReadFile("/etc/os-release")
	if os.Getuid() != 0 || !strings.Contains(string(release), "VERSION_CODENAME=bookworm") {
		t.Skip("not root on Debian 12: no tree can be laid out from its packages, and entered")
	}
	probe := exec.Command("apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", "libmnl0")
	probe.Dir = t.TempDir()
	if out, err := probe.CombinedOutput(); err != nil {
		t.Skipf("apt-get cannot download packages: %v\n%s", err, out)
	}
	dir := filepath.Join(t.TempDir(), "tree")
	if out, err := exec.Command("sh", "../image/rootfs.sh", buildProgram(t, ".."), dir, "--base").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, test := range []struct{ command, want string }{
		{"amesh-render version", "amesh-render 0."},
		{"amesh-render iptables --print", "-A AMESH_REDIRECT -p tcp -j REDIRECT --to-ports 15001"},
		{"amesh-render config --role gateway", "config_provider: yaml"},
		{"iptables-restore --version", "iptables-restore v1.8"},
		{"iptables-nft-restore --version", "(nf_tables)"},
		{"ip6tables-legacy-restore --version", "(legacy)"},
		{"iptables -p tcp -m owner -j REDIRECT --help", "REDIRECT target options"}, // the extensions that rules use are there
		{"ip -Version", "ip utility"},
	} {
		out, err := inTree(dir, strings.Fields(test.command)...).CombinedOutput()
		if err != nil || !strings.Contains(string(out), test.want) {
			t.Errorf("%s: %v\n%s", test.command, err, out)
		}
	}
	appliesRules(t, dir)
	dangling(t, dir)
	if out, err := exec.Command("sh", "../image/rootfs.sh", "/bin/true", dir).CombinedOutput(); err == nil || !strings.Contains(string(out), "not empty") {
		t.Errorf("a directory with something in it: %v\n%s", err, out)
	}
}

// inTree is a command whose root directory is the tree.
func inTree(dir string, args ...string) *exec.Cmd {
	for _, bin := range []string{"usr/local/bin", "usr/sbin", "sbin"} {
		if program := filepath.Join("/", bin, args[0]); exists(filepath.Join(dir, program)) {
			c := exec.Command(program, args[1:]...)
			c.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
			c.Dir = "/"
			c.SysProcAttr = &syscall.SysProcAttr{Chroot: dir}
			return c
		}
	}
	return exec.Command(filepath.Join(dir, args[0])) // which is not there
}

// appliesRules applies rules with what is in the tree, in namespaces that end with it.
func appliesRules(t *testing.T, dir string) {
	t.Helper()
	if err := exec.Command("unshare", "--net", "--mount", "true").Run(); err != nil {
		t.Logf("no namespaces can be made here: no rules are applied: %v", err)
		return
	}
	if err := os.Mkdir(filepath.Join(dir, "proc"), 0o755); err != nil {
		t.Fatal(err)
	}
	c := exec.Command("unshare", "--net", "--mount", "sh", "-c", `mount -t proc proc "$1/proc" && exec chroot "$1" amesh-render iptables --apply`, "sh", dir)
	c.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
	if out, err := c.CombinedOutput(); err != nil || !strings.Contains(string(out), "applied") {
		t.Errorf("rules cannot be applied: %v\n%s", err, out)
	}
}

// dangling finds symbolic links to what is not in the tree.
func dangling(t *testing.T, dir string) {
	t.Helper()
	links := exec.Command("find", ".", "-xtype", "l", "-not", "-path", "./sbin/ip") // which is absolute
	links.Dir = dir
	if out, err := links.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("links to nothing: %v\n%s", err, out)
	}
}

// TestImageReproducible builds the program in two directories.
func TestImageReproducible(t *testing.T) {
	if testing.Short() {
		t.Skip("links the program twice")
	}
	elsewhere := t.TempDir()
	copySources(t, elsewhere)
	first, second := content(t, buildProgram(t, "..")), content(t, buildProgram(t, elsewhere))
	if first != second {
		t.Errorf("two builds differ: %d and %d bytes", len(first), len(second))
	}
	if strings.Contains(second, elsewhere) {
		t.Errorf("the binary names the directory that it was built in, %s", elsewhere)
	}
}

// buildProgram builds as the Dockerfile does, the sources in dir, and returns where the program is.
func buildProgram(t *testing.T, dir string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "amesh-render")
	made(t, dir, "build", "BUILDVCS=false", "OUT="+path)
	return path
}

// copySources copies what .dockerignore lets into the build, as Docker would: what is built from it is what the image has.
func copySources(t *testing.T, to string) {
	t.Helper()
	var kept []string
	for line := range strings.Lines(content(t, "../.dockerignore")) {
		if pattern, ok := strings.CutPrefix(strings.TrimSpace(line), "!"); ok {
			kept = append(kept, pattern)
		}
	}
	root := os.DirFS("..")
	err := fs.WalkDir(root, ".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "testdata" || entry.Name() == ".git"):
			return fs.SkipDir
		case entry.IsDir() || !slices.ContainsFunc(kept, func(pattern string) bool { return lets(pattern, path) }):
			return nil
		}
		text, err := fs.ReadFile(root, path)
		if err == nil {
			err = os.MkdirAll(filepath.Join(to, filepath.Dir(path)), 0o755)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(to, path), text, 0o644)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// lets reports whether a pattern of .dockerignore, of the kinds that are there, is about a file.
func lets(pattern, path string) bool {
	if suffix, ok := strings.CutPrefix(pattern, "**/*"); ok {
		return strings.HasSuffix(path, suffix)
	}
	return path == pattern || strings.HasPrefix(path, pattern+"/")
}

// TestImageMake sees what make image asks of Docker.
func TestImageMake(t *testing.T) {
	for _, test := range []struct{ flags, want, not string }{
		{"", "buildx build  --build-arg VERSION=0.", "--platform"},
		{"IMAGE=registry.example/amesh-render:1 PLATFORMS=linux/amd64,linux/arm64 IMAGEFLAGS=--push",
			"-t registry.example/amesh-render:1 --push .", "--load"},
		{"PLATFORMS=linux/amd64,linux/arm64", "buildx build --platform linux/amd64,linux/arm64 --build-arg", "--push"},
	} {
		out := made(t, "..", append([]string{"-n", "image"}, strings.Fields(test.flags)...)...)
		if !strings.Contains(out, test.want) || strings.Contains(out, test.not) {
			t.Errorf("make image %s:\n%s", test.flags, out)
		}
	}
}

// made is what make prints.
func made(t *testing.T, dir string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath("make"); err != nil {
		t.Skip("there is no make here")
	}
	c := exec.Command("make", args...)
	c.Dir = dir
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("make %q: %v\n%s", args, err, out)
	}
	return string(out)
}
