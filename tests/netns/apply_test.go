//go:build linux && !race

package netns

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// Those who apply rules at the same time do not disturb each other.
func TestConcurrent(t *testing.T) {
	m := newMesh(t)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			m.must("", "--apply", "-o", []string{"1", "2"}[i%2])
		})
	}
	all.Wait()
	m.must("", "--apply")
	want := m.saved()
	if n := strings.Count(want, "-j AMESH_OUTPUT"); n != 2 {
		t.Errorf("%d rules lead to our chain, for two families:\n%s", n, want)
	}
	m.must("removed", "--cleanup")
	m.must("applied", "--apply")
	m.same("after all of them", want)
}

// Rules that have been applied with one back end go when another is asked for.
func TestOtherBackend(t *testing.T) {
	m := newMesh(t)
	m.must("applied", "--apply", "--backend", "legacy")
	m.must("nothing is changed", "--apply") // those that are there are found
	m.must("applied", "--apply", "--backend", "nft")
	parts := strings.Split(m.saved(), "== iptables-legacy")
	if !strings.Contains(parts[0], "AMESH_") || strings.Contains(parts[1], "AMESH_") {
		t.Errorf("%s", m.saved())
	}
	m.expect([]call{{pod, app, tcp, anywhere, "10.96.0.10:9080", "proxy 15001 for 10.96.0.10:9080 from " + podIP}})
}

func TestCheckAndDryRun(t *testing.T) {
	m := newMesh(t)
	before := m.saved()
	if _, stderr, code := m.ameshRender(root, nil, "--check"); code != 1 || !strings.Contains(stderr, "not as asked: IPv4, iptables-nft: the chain AMESH_OUTPUT is missing") {
		t.Errorf("%d, %s", code, stderr)
	}
	script, _, _ := m.ameshRender(root, nil, "--apply", "--dry-run")
	m.same("after a dry run", before)
	m.run(script, "sh", "-e")
	m.must("", "--check")
	m.must("nothing is changed", "--apply")
	m.run("", "iptables-nft", "-t", "nat", "-D", "AMESH_INBOUND", "1")
	if _, stderr, code := m.ameshRender(root, nil, "--check"); code != 1 || !strings.Contains(stderr, `in the place of "-A AMESH_INBOUND`) {
		t.Errorf("%d, %s", code, stderr)
	}
	m.must("applied", "--apply")
	m.must("", "--check")
	script, _, _ = m.ameshRender(root, nil, "--cleanup", "-n")
	m.must("", "--check")
	m.run(script, "sh", "-e")
	m.must("nothing is changed", "--cleanup")
}

// A pod whose annotations switch interception off has no rules, also if it had some.
func TestModeNone(t *testing.T) {
	m := newMesh(t)
	m.must("applied", "--apply")
	m.must("applied", "--apply", "-m", "NONE")
	m.expect(direct)
	m.mustBeClean()
}

// Where IPv6 is switched off, it gets no rules.
func TestWithoutIPv6(t *testing.T) {
	m := newMesh(t)
	m.run("", "sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6")
	m.must("applied", "--apply")
	if n := strings.Count(m.saved(), "-j AMESH_OUTPUT"); n != 1 {
		t.Error(m.saved())
	}
	m.must("removed", "--cleanup")
}

func TestTrouble(t *testing.T) {
	m := newMesh(t)
	_, stderr, code := m.ameshRender(app, nil, "--apply")
	if code != 2 || !strings.HasPrefix(stderr, "amesh-render: iptables: the capability NET_ADMIN is missing\nin a pod: securityContext:") {
		t.Errorf("without NET_ADMIN: %d, %s", code, stderr)
	}
	_, stderr, code = m.ameshRender(root, []string{"PATH=" + t.TempDir()}, "--apply")
	if code != 2 || !strings.HasPrefix(stderr, "amesh-render: iptables: neither iptables-nft-restore nor iptables-restore is installed\n") {
		t.Errorf("without iptables: %d, %s", code, stderr)
	}
	_, stderr, code = m.ameshRender(root, []string{"PATH=" + brokenIPv6(t)}, "--apply")
	if code != 2 || stderr != "amesh-render: iptables: ip6tables-nft-restore: there is none; at all (exit code 3)\n" {
		t.Errorf("with ip6tables broken: %d, %s", code, stderr)
	}
	m.mustBeClean()
	m.must("applied", "--apply")
	want := m.saved()
	if _, _, code := m.ameshRender(root, []string{"PATH=" + brokenIPv6(t)}, "--apply", "-o", "99"); code != 2 {
		t.Errorf("exit code %d", code)
	}
	m.same("after a change that failed", want)
}

// mustBeClean expects that nothing of ours is there.
func (m *mesh) mustBeClean() {
	m.t.Helper()
	if got := m.saved(); strings.Contains(got, "AMESH_") || strings.Contains(got, "-A ") {
		m.t.Errorf("rules are left over:\n%s", got)
	}
	if lo := m.run("", "ip", "-6", "addr", "show", "dev", "lo"); strings.Contains(lo, "::6/128") {
		m.t.Errorf("an address is left over:\n%s", lo)
	}
}

// One family at a time: the other is as it was.
func TestFamilies(t *testing.T) {
	m := newMesh(t)
	m.must("applied", "--apply", "--family", "ipv6", "--backend", "legacy")
	m.must("applied", "--apply", "--family", "ipv4", "--backend", "nft")
	m.expect([]call{
		{pod, app, tcp, anywhere, "10.96.0.10:9080", "proxy 15001 for 10.96.0.10:9080 from " + podIP},
		{pod, app, tcp, anywhere, "[fd00:96::10]:9080", "proxy 15001 for [fd00:96::10]:9080 from " + podIP6},
	})
	m.must("removed", "--cleanup")
	m.mustBeClean()
}

// brokenIPv6 is a directory of programs, of which one does not work.
func brokenIPv6(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"iptables-nft-save", "iptables-nft-restore", "ip6tables-nft-save", "ip"} {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	broken := "#!/bin/sh\necho there is none >&2\necho at all >&2\nexit 3\n"
	if err := os.WriteFile(filepath.Join(dir, "ip6tables-nft-restore"), []byte(broken), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}
