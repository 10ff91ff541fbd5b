//go:build linux && !race

package netns

import (
	"fmt"
	"strings"
	"testing"
)

// A call is a connection that somebody opens, and what it should be told.
type call struct {
	in, who, network string
	from, to         string
	want             string
}

// Where calls are from.
const (
	pod    = "pod"
	client = "client"
)

const (
	tcp      = "tcp"
	anywhere = "any" // address
)

// The flags of the pod's rules.
var flags = []string{"-o", "25", "-d", "9100", "-x", clientIP + "/32," + clientIP6 + "/128",
	"--http-outbound-ports", "10.96.0.12:3306,[fd00:96::12]:3306", "--tcp-outbound-ports", "10.96.0.0/24:7000-7010", "--tcp-inbound-ports", "8080"}

// What becomes of connections by those rules.
var intercepted = []call{
	// What the pod opens.
	{pod, app, tcp, anywhere, "10.96.0.10:9080", "proxy 15001 for 10.96.0.10:9080 from " + podIP},
	{pod, app, tcp, anywhere, "10.96.0.11:3306", "proxy 15002 for 10.96.0.11:3306 from " + podIP},
	{pod, app, tcp, anywhere, "10.96.0.12:3306", "proxy 15001 for 10.96.0.12:3306 from " + podIP},
	{pod, app, tcp, anywhere, "10.96.0.10:7005", "proxy 15002 for 10.96.0.10:7005 from " + podIP},
	{pod, app, tcp, anywhere, "10.96.0.20:9080", "proxy 15001 for 10.96.0.20:9080 from " + podIP}, // where somebody would answer
	{pod, root, tcp, anywhere, otherIP + ":8080", "proxy 15001 for " + otherIP + ":8080 from " + podIP},
	{pod, app, tcp, anywhere, "[fd00:96::10]:9080", "proxy 15001 for [fd00:96::10]:9080 from " + podIP6},
	{pod, app, tcp, anywhere, "[fd00:96::11]:3306", "proxy 15002 for [fd00:96::11]:3306 from " + podIP6},
	{pod, app, tcp, anywhere, "[fd00:96::12]:3306", "proxy 15001 for [fd00:96::12]:3306 from " + podIP6},
	// What is excluded.
	{pod, app, tcp, anywhere, otherIP + ":25", "other 25 for itself from " + podIP},
	{pod, app, tcp, anywhere, clientIP + ":9080", "client 9080 for itself from " + podIP},
	{pod, app, tcp, anywhere, "[" + clientIP6 + "]:9080", "client 9080 for itself from " + podIP6},
	{pod, app, tcp, anywhere, otherIP + ":53", "other 53 for itself from " + podIP},
	{pod, app, tcp, anywhere, "[" + otherIP6 + "]:53", "other 53 for itself from " + podIP6},
	{pod, app, "udp", anywhere, otherIP + ":53", "other udp"},
	// What the proxy opens.
	{pod, proxy, tcp, anywhere, otherIP + ":9080", "other 9080 for itself from " + podIP},
	{pod, proxy, tcp, anywhere, "[" + otherIP6 + "]:3306", "other 3306 for itself from " + podIP6},
	{pod, "1337:1000", tcp, anywhere, otherIP + ":9080", "other 9080 for itself from " + podIP},
	{pod, "1000:1337", tcp, anywhere, otherIP + ":9080", "other 9080 for itself from " + podIP},
	// Within the pod.
	{pod, app, tcp, anywhere, "127.0.0.1:9080", "app 9080 for itself from 127.0.0.1"},
	{pod, app, tcp, anywhere, "[::1]:9080", "app 9080 for itself from ::1"},
	{pod, app, tcp, anywhere, podIP + ":9080", "app 9080 for itself from " + podIP},
	{pod, proxy, tcp, anywhere, "127.0.0.1:9080", "app 9080 for itself from 127.0.0.1"},
	// The proxy calls the pod for a service that the pod is part of; and then the pod's process for that connection.
	{pod, proxy, tcp, anywhere, podIP + ":9080", "proxy 15006 for " + podIP + ":9080 from " + podIP},
	{pod, proxy, tcp, anywhere, podIP + ":8080", "proxy 15007 for " + podIP + ":8080 from " + podIP},
	{pod, proxy, tcp, anywhere, "[" + podIP6 + "]:9080", "proxy 15006 for [" + podIP6 + "]:9080 from " + podIP6},
	{pod, proxy, tcp, anywhere, podIP + ":9100", "app 9100 for itself from " + podIP},
	{pod, proxy, tcp, "127.0.0.6", podIP + ":9080", "app 9080 for itself from 127.0.0.6"},
	{pod, proxy, tcp, "::6", "[" + podIP6 + "]:9080", "app 9080 for itself from ::6"},
	// What comes to the pod.
	{client, app, tcp, anywhere, podIP + ":9080", "proxy 15006 for " + podIP + ":9080 from " + clientIP},
	{client, app, tcp, anywhere, podIP + ":8080", "proxy 15007 for " + podIP + ":8080 from " + clientIP},
	{client, app, tcp, anywhere, podIP + ":3306", "proxy 15007 for " + podIP + ":3306 from " + clientIP},
	{client, app, tcp, anywhere, podIP + ":4000", "proxy 15006 for " + podIP + ":4000 from " + clientIP}, // where nobody listens
	{client, app, tcp, anywhere, "[" + podIP6 + "]:9080", "proxy 15006 for [" + podIP6 + "]:9080 from " + clientIP6},
	{client, app, tcp, anywhere, "[" + podIP6 + "]:3306", "proxy 15007 for [" + podIP6 + "]:3306 from " + clientIP6},
	{client, proxy, tcp, anywhere, podIP + ":9080", "proxy 15006 for " + podIP + ":9080 from " + clientIP}, // the user is another pod's
	{client, app, tcp, anywhere, podIP + ":15021", "app 15021 for itself from " + clientIP},
	{client, app, tcp, anywhere, podIP + ":9100", "app 9100 for itself from " + clientIP},
	{client, app, "udp", anywhere, podIP + ":53", "app udp"},
}

// What becomes of them without.
var direct = []call{
	{pod, app, tcp, anywhere, otherIP + ":9080", "other 9080 for itself from " + podIP},
	{pod, app, tcp, anywhere, "[" + otherIP6 + "]:9080", "other 9080 for itself from " + podIP6},
	{pod, proxy, tcp, anywhere, podIP + ":9080", "app 9080 for itself from " + podIP},
	{client, app, tcp, anywhere, podIP + ":9080", "app 9080 for itself from " + clientIP},
	{client, app, tcp, anywhere, "[" + podIP6 + "]:9080", "app 9080 for itself from " + clientIP6},
}

// expect makes calls, those of one user in one namespace by one process.
func (m *mesh) expect(calls []call) {
	m.t.Helper()
	type caller struct{ in, who string }
	by := map[caller][]call{}
	for _, c := range calls {
		by[caller{c.in, c.who}] = append(by[caller{c.in, c.who}], c)
	}
	for who, calls := range by {
		var input strings.Builder
		for _, c := range calls {
			fmt.Fprintln(&input, c.network, c.from, c.to)
		}
		process := m.self(map[string]string{pod: m.pod, client: m.client}[who.in], who.who, "dial")
		process.Stdin = strings.NewReader(input.String())
		out, err := process.CombinedOutput()
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		if err != nil || len(lines) != len(calls) {
			m.t.Fatalf("%v: %v: %s", who, err, out)
		}
		for i, c := range calls {
			if lines[i] != c.want {
				m.t.Errorf("%s in the %s to %s: %s\nwant: %s", c.who, c.in, c.to, lines[i], c.want)
			}
		}
	}
}

// TestPrinted puts in force what is printed.
func TestPrinted(t *testing.T) {
	for _, backend := range []string{"nft", "legacy"} {
		t.Run(backend, func(t *testing.T) {
			m := newMesh(t)
			m.expect(direct)
			for family, program := range map[string]string{"ipv4": "iptables-", "ipv6": "ip6tables-"} {
				text, stderr, code := m.ameshRender(root, nil, append(flags, "--print", "--family", family)...)
				if code != 0 {
					t.Fatal(stderr)
				}
				m.run(text, program+backend+"-restore", "--noflush")
			}
			m.run("", "ip", "-6", "addr", "add", "::6/128", "dev", "lo")
			m.expect(intercepted)
			m.must("nothing is changed", append(flags, "--apply")...)
		})
	}
}

// TestApplied has them applied, with the back end that has rules of others already, and removed.
func TestApplied(t *testing.T) {
	for _, backend := range []string{"nft", "legacy"} {
		t.Run(backend, func(t *testing.T) {
			m := newMesh(t)
			for _, program := range []string{"iptables-", "ip6tables-"} {
				m.run("", program+backend, "-t", "nat", "-A", "OUTPUT", "-p", "tcp", "--dport", "9", "-m", "comment", "--comment", "of  others", "-j", "RETURN")
				m.run("", program+backend, "-t", "nat", "-N", "OTHERS")
				m.run("", program+backend, "-A", "INPUT", "-s", map[bool]string{true: "192.0.2.1", false: "2001:db8::1"}[program == "iptables-"], "-j", "DROP")
			}
			before := m.saved()
			m.must("applied", append(flags, "--apply")...)
			m.expect(intercepted)
			applied := m.saved()
			for part := range strings.SplitSeq(applied, "== ") {
				if has := strings.Contains(part, "AMESH_"); has && !strings.Contains(part, backend) || !has && strings.Contains(part, "-"+backend) {
					t.Errorf("the wrong back end:\n%s", applied)
				}
			}
			m.must("nothing is changed", append(flags, "--apply")...)
			m.same("after they were applied twice", applied)
			m.must("applied", "--apply", "-c", "eth0")
			m.expect(direct[:2])
			m.expect(direct[3:])
			m.must("applied", append(flags, "--apply")...)
			m.same("after others were in force meanwhile", applied)
			m.must("removed", "--cleanup")
			m.same("after they were removed", before)
			m.expect(direct)
			m.must("nothing is changed", "--cleanup")
		})
	}
}

// TestIncluded names what is redirected, instead of what is not.
func TestIncluded(t *testing.T) {
	m := newMesh(t)
	m.must("applied", "--apply", "-b", "8080,9000-9090", "-i", "10.96.0.0/16,127.0.0.0/8", "-x", "10.96.0.99/32", "-q", "53,3306", "-d", "9080")
	m.expect([]call{
		{pod, app, tcp, anywhere, "10.96.0.20:9080", "proxy 15001 for 10.96.0.20:9080 from " + podIP},
		{pod, app, tcp, anywhere, otherIP + ":9080", "other 9080 for itself from " + podIP},
		{pod, app, tcp, anywhere, otherIP + ":3306", "proxy 15002 for " + otherIP + ":3306 from " + podIP},
		{pod, app, tcp, anywhere, otherIP + ":53", "proxy 15002 for " + otherIP + ":53 from " + podIP},
		{pod, app, tcp, anywhere, "[" + otherIP6 + "]:9080", "other 9080 for itself from " + podIP6},
		{pod, app, tcp, anywhere, "127.0.0.2:9080", "proxy 15001 for 127.0.0.2:9080 from 127.0.0.1"},
		{pod, app, tcp, anywhere, "127.0.0.1:9080", "app 9080 for itself from 127.0.0.1"},
		{pod, proxy, tcp, anywhere, "127.0.0.1:9080", "app 9080 for itself from 127.0.0.1"},
		{client, app, tcp, anywhere, podIP + ":9080", "proxy 15006 for " + podIP + ":9080 from " + clientIP},
		{client, app, tcp, anywhere, podIP + ":9100", "app 9100 for itself from " + clientIP},
		{client, app, tcp, anywhere, "[" + podIP6 + "]:8080", "proxy 15006 for [" + podIP6 + "]:8080 from " + clientIP6},
	})
	m.must("applied", "--apply", "-b", "", "-i", "")
	m.expect(direct)
}

// must runs the program and expects what it says.
func (m *mesh) must(says string, args ...string) {
	m.t.Helper()
	if _, stderr, code := m.ameshRender(root, nil, args...); code != 0 || !strings.Contains(stderr, says) {
		m.t.Errorf("%q: exit code %d, %s", args, code, stderr)
	}
}

func (m *mesh) same(when, want string) {
	m.t.Helper()
	if got := m.saved(); got != want {
		m.t.Errorf("%s, there is\n%swant\n%s", when, got, want)
	}
}
