package tests

import (
	"os"
	"os/exec"
	"path/filepath"
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

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
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
	c := exec.Command("make", "build", "BUILDVCS=false", "OUT="+path)
	c.Dir = dir
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

// copySources copies what the program is built from.
func copySources(t *testing.T, to string) {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command("sh", "-c", `find . -path ./.git -prune -o -name testdata -prune -o -path ./tests -prune -o -type f -print |
		tar -cf - -T - | tar -xf - -C "$1"`, "sh", to)
	c.Dir = root
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}
