package lua

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// world is a client and a pod, each in a network namespace of its own, with redirecting rules in the pod. Whatever the
// client connects to, it reaches the pod.
type world struct{ client, pod string }

// addresses are the pod's, beside the destinations behind it, which it has itself so that it can connect to them, too.
var addresses = []string{"10.96.0.10", "10.96.0.11", "10.96.0.12", "10.96.0.13", "fd96::10", "fd96::11", "fd96::13",
	"10.97.0.10", "10.97.0.11", "fd97::10"}

// rules redirect everything to 15001, but what is for the stream listener or for those of special cases to them, and 18080
// nowhere.
const rules = `*nat
-A PREROUTING -p tcp --dport 18080 -j RETURN
-A PREROUTING -p tcp -d SELF --dport 15002 -j RETURN
-A PREROUTING -p tcp -d STREAM -j REDIRECT --to-ports 15002
-A PREROUTING -p tcp -d DUAL -j REDIRECT --to-ports 15008
-A PREROUTING -p tcp -d HTTP2 -j REDIRECT --to-ports 15009
-A PREROUTING -p tcp -j REDIRECT --to-ports 15001
COMMIT
`

// newWorld makes the namespaces, and skips the test where that is not possible.
func newWorld(t *testing.T) world {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root can make network namespaces")
	}
	for _, program := range []string{"ip", "iptables-restore", "ip6tables-restore"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not installed", program)
		}
	}
	w := world{client: fmt.Sprintf("amesh-client-%d", os.Getpid()), pod: fmt.Sprintf("amesh-pod-%d", os.Getpid())}
	for _, name := range []string{w.client, w.pod} {
		if out, err := exec.Command("ip", "netns", "add", name).CombinedOutput(); err != nil {
			t.Skipf("no network namespaces here: %s", out)
		}
		t.Cleanup(func() { exec.Command("ip", "netns", "del", name).Run() })
	}
	w.connect(t)
	for _, family := range []struct{ restore, self, stream, dual, http2 string }{
		{"iptables-restore", "10.99.0.2", "10.97.0.0/16", "10.96.0.13", "10.96.0.12"},
		{"ip6tables-restore", "fd99::2", "fd97::/16", "fd96::13", "fd96::12"},
	} {
		cmd := exec.Command("ip", "netns", "exec", w.pod, family.restore)
		cmd.Stdin = strings.NewReader(strings.NewReplacer("SELF", family.self, "STREAM", family.stream,
			"DUAL", family.dual, "HTTP2", family.http2).Replace(rules))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Skipf("no redirecting here: %s: %s", family.restore, out)
		}
	}
	return w
}

func (w world) connect(t *testing.T) {
	t.Helper()
	lines := []string{
		"link add eth0 netns " + w.client + " type veth peer name eth0 netns " + w.pod,
		"-n " + w.client + " addr add 10.99.0.1/24 dev eth0", "-n " + w.client + " addr add fd99::1/64 dev eth0 nodad",
		"-n " + w.pod + " addr add 10.99.0.2/24 dev eth0", "-n " + w.pod + " addr add fd99::2/64 dev eth0 nodad",
		"-n " + w.client + " link set eth0 up", "-n " + w.pod + " link set eth0 up",
		"-n " + w.client + " link set lo up", "-n " + w.pod + " link set lo up",
		"-n " + w.client + " route add default via 10.99.0.2", "-n " + w.client + " -6 route add default via fd99::2",
	}
	for _, address := range addresses {
		lines = append(lines, "-n "+w.pod+" addr add "+address+" dev lo")
	}
	for _, line := range lines {
		if out, err := exec.Command("ip", strings.Fields(line)...).CombinedOutput(); err != nil {
			t.Fatalf("ip %s: %s", line, out)
		}
	}
}

// within runs f with its thread in a network namespace. The sockets that it opens stay there.
func within(namespace string, f func() error) error {
	done := make(chan error)
	go func() {
		// Never unlocked: the thread ends with this goroutine, and with it its namespace.
		runtime.LockOSThread()
		fd, err := unix.Open("/run/netns/"+namespace, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err == nil {
			err = unix.Setns(fd, unix.CLONE_NEWNET)
			unix.Close(fd)
		}
		if err == nil {
			err = f()
		}
		done <- err
	}()
	return <-done
}

// listen opens a listener in the pod.
func (w world) listen(t *testing.T, address string) net.Listener {
	t.Helper()
	var listener net.Listener
	err := within(w.pod, func() (err error) {
		listener, err = net.Listen("tcp", address)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener
}

// dial connects from the client's namespace.
func (w world) dial(ctx context.Context, network, address string) (conn net.Conn, err error) {
	err = within(w.client, func() (err error) {
		conn, err = new(net.Dialer).DialContext(ctx, network, address)
		return err
	})
	return conn, err
}

// http is a client that connects from the client's namespace; protocols as in http.Transport, nil for HTTP/1.1.
func (w world) http(t *testing.T, protocols *http.Protocols) *http.Client {
	t.Helper()
	transport := &http.Transport{Protocols: protocols, DialContext: w.dial}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}
