//go:build linux && !race

package netns

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
)

// Who does what.
const (
	root  = "0:0"
	app   = "1000:1000"
	proxy = "1337:1337"
)

// The addresses. Services have none that answers, but for one that the other pod has.
const (
	podIP, podIP6       = "10.244.0.1", "fd00:244::1"
	otherIP, otherIP6   = "10.244.0.2", "fd00:244::2"
	clientIP, clientIP6 = "10.244.0.3", "fd00:244::3"
)

// A mesh is namespaces on one link: a pod that is intercepted, another one and a client, which are not.
type mesh struct {
	t                  *testing.T
	pod, other, client string // names of namespaces
}

var meshes atomic.Int32

// newMesh makes the namespaces, and starts what listens in them.
func newMesh(t *testing.T) *mesh {
	t.Helper()
	for _, program := range []string{"ip", "iptables-nft-restore", "iptables-legacy-restore"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("no pods are made: %v", err)
		}
	}
	if os.Getuid() != 0 {
		t.Skip("no pods are made: that takes root")
	}
	base := fmt.Sprintf("amesh%d-%d-", os.Getpid(), meshes.Add(1))
	m := &mesh{t: t, pod: base + "pod", other: base + "other", client: base + "client"}
	node := base + "node"
	for i, name := range []string{node, m.pod, m.other, m.client} {
		if out, err := exec.Command("ip", "netns", "add", name).CombinedOutput(); err != nil {
			t.Skipf("no pods are made: ip netns add: %v: %s", err, out)
		}
		t.Cleanup(func() { m.ip("netns", "del", name) })
		if i == 0 {
			m.ip("-n", node, "link", "add", "br0", "type", "bridge")
			m.ip("-n", node, "link", "set", "br0", "up")
			continue
		}
		m.connect(node, name, i)
	}
	m.ip("-n", m.other, "addr", "add", "10.96.0.20/32", "dev", "eth0")
	m.listen(m.pod, proxy, "proxy", "15001", "15002", "15006", "15007")
	for name, ns := range map[string]string{"app": m.pod, "other": m.other, "client": m.client} {
		m.listen(ns, app, name, "25", "53", "3306", "8080", "9080", "9100", "15021")
	}
	return m
}

// connect puts a namespace on the node's link, with the last number of its addresses.
func (m *mesh) connect(node, ns string, number int) {
	m.ip("-n", node, "link", "add", fmt.Sprintf("veth%d", number), "type", "veth", "peer", "name", "eth0", "netns", ns)
	m.ip("-n", node, "link", "set", fmt.Sprintf("veth%d", number), "master", "br0", "up")
	m.ip("-n", ns, "link", "set", "lo", "up")
	m.ip("-n", ns, "link", "set", "eth0", "up")
	m.ip("-n", ns, "addr", "add", fmt.Sprintf("10.244.0.%d/24", number), "dev", "eth0")
	m.ip("-n", ns, "addr", "add", fmt.Sprintf("fd00:244::%d/64", number), "dev", "eth0", "nodad")
	m.ip("-n", ns, "route", "add", "10.96.0.0/16", "dev", "eth0")
	m.ip("-n", ns, "-6", "route", "add", "fd00:96::/64", "dev", "eth0")
	// Ports below 1024 are for all: who listens is not root.
	if out, err := m.command(ns, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_unprivileged_port_start").CombinedOutput(); err != nil {
		m.t.Fatalf("%v: %s", err, out)
	}
}

func (m *mesh) ip(args ...string) {
	m.t.Helper()
	if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		m.t.Fatalf("ip %s: %v: %s", strings.Join(args, " "), err, out)
	}
}

// command runs a program in a namespace.
func (m *mesh) command(ns string, args ...string) *exec.Cmd {
	return exec.Command("ip", append([]string{"netns", "exec", ns}, args...)...)
}

// self runs this program in a namespace, as somebody.
func (m *mesh) self(ns, who string, args ...string) *exec.Cmd {
	m.t.Helper()
	program, err := os.Executable()
	if err != nil {
		m.t.Fatal(err)
	}
	c := m.command(ns, append([]string{program}, args...)...)
	c.Env = append(os.Environ(), roleVariable+"="+who)
	return c
}

// listen starts what listens on ports, and waits until it does.
func (m *mesh) listen(ns, who, name string, ports ...string) {
	m.t.Helper()
	c := m.self(ns, who, append([]string{"listen", name}, ports...)...)
	c.Stderr = os.Stderr
	end, err := c.StdinPipe()
	if err != nil {
		m.t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		m.t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		m.t.Fatal(err)
	}
	m.t.Cleanup(func() { end.Close(); c.Wait() })
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		m.t.Fatalf("%s does not listen: %q, %v", name, line, err)
	}
}

// run runs a program in the pod with an input, and fails if it does.
func (m *mesh) run(input string, args ...string) string {
	m.t.Helper()
	c := m.command(m.pod, args...)
	c.Stdin = strings.NewReader(input)
	out, err := c.CombinedOutput()
	if err != nil {
		m.t.Fatalf("%s: %v: %s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// ameshRender runs the program in the pod and returns its streams and its exit code.
func (m *mesh) ameshRender(who string, env []string, args ...string) (stdout, stderr string, code int) {
	m.t.Helper()
	c := m.self(m.pod, who, append([]string{"amesh-render", "iptables"}, args...)...)
	var out, errs strings.Builder
	c.Stdout, c.Stderr, c.Env = &out, &errs, append(c.Env, env...)
	if err := c.Run(); c.ProcessState == nil {
		m.t.Fatal(err)
	}
	return out.String(), errs.String(), c.ProcessState.ExitCode()
}

var (
	counters = regexp.MustCompile(`\[\d+:\d+\]`)
	comments = regexp.MustCompile(`(?m)^#.*\n`)
)

// saved is all rules of the pod, of both families and back ends.
func (m *mesh) saved() string {
	m.t.Helper()
	var b strings.Builder
	for _, program := range []string{"iptables-nft-save", "ip6tables-nft-save", "iptables-legacy-save", "ip6tables-legacy-save"} {
		out, err := m.command(m.pod, program).Output()
		if err != nil {
			m.t.Fatalf("%s: %v", program, err)
		}
		fmt.Fprintf(&b, "== %s\n%s", program, comments.ReplaceAllString(counters.ReplaceAllString(string(out), "[]"), ""))
	}
	return b.String()
}
