//go:build linux && !race

package netns

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/amesh-render/amesh-render/cmd"
)

// The test program runs itself in the namespaces, as the process that this variable names.
const roleVariable = "NETNS_TEST_ROLE"

func TestMain(m *testing.M) {
	role, args := os.Getenv(roleVariable), os.Args[1:]
	if role == "" {
		os.Exit(m.Run())
	}
	os.Unsetenv(roleVariable)
	become(role)
	switch args[0] {
	case "amesh-render":
		os.Exit(cmd.Run(args[1:], cmd.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
	case "listen":
		listen(args[1], args[2:])
	case "dial":
		dialAll()
	}
}

// become gives up root for a user and a group, "1337:1337".
func become(role string) {
	uid, gid, _ := strings.Cut(role, ":")
	u, err := strconv.Atoi(uid)
	check(err)
	g, err := strconv.Atoi(gid)
	check(err)
	check(syscall.Setgroups(nil))
	check(syscall.Setgid(g))
	check(syscall.Setuid(u))
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
}

// listen tells everybody who connects: its name, the port, where the connection was meant for, and from where it comes.
// It ends with its standard input.
func listen(name string, ports []string) {
	for _, port := range ports {
		for network, address := range map[string]string{"tcp4": "0.0.0.0", "tcp6": "::"} {
			l, err := net.Listen(network, net.JoinHostPort(address, port))
			check(err)
			go answer(l, name+" "+port)
		}
	}
	if slices.Contains(ports, "53") {
		udp, err := net.ListenPacket("udp4", "0.0.0.0:53")
		check(err)
		go answerPackets(udp, name)
	}
	fmt.Println("ready")
	io.Copy(io.Discard, os.Stdin)
}

func answer(l net.Listener, text string) {
	for {
		c, err := l.Accept()
		check(err)
		from, _ := netip.ParseAddrPort(c.RemoteAddr().String())
		fmt.Fprintf(c, "%s for %s from %s", text, originalDestination(c.(*net.TCPConn)), from.Addr())
		c.Close()
	}
}

func answerPackets(c net.PacketConn, name string) {
	buffer := make([]byte, 512)
	for {
		_, from, err := c.ReadFrom(buffer)
		check(err)
		c.WriteTo([]byte(name+" udp"), from)
	}
}

// originalDestination is where a connection was going to before it was redirected, "itself" if it was not. The kernel then
// knows of none, or says the socket's own address.
func originalDestination(c *net.TCPConn) string {
	const soOriginalDst = 80 // SO_ORIGINAL_DST, IP6T_SO_ORIGINAL_DST
	raw, err := c.SyscallConn()
	check(err)
	own, dst := c.LocalAddr().String(), ""
	check(raw.Control(func(fd uintptr) {
		if c.LocalAddr().(*net.TCPAddr).IP.To4() != nil {
			// A sockaddr_in is 16 bytes, as this structure is.
			if got, err := syscall.GetsockoptIPv6Mreq(int(fd), syscall.IPPROTO_IP, soOriginalDst); err == nil {
				b := got.Multiaddr
				dst = netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[4:8])), binary.BigEndian.Uint16(b[2:])).String()
			}
			return
		}
		// A sockaddr_in6 is 28 bytes, and the first part of this structure. Its port is in the order of the network.
		if got, err := syscall.GetsockoptIPv6MTUInfo(int(fd), syscall.IPPROTO_IPV6, soOriginalDst); err == nil {
			port := binary.BigEndian.Uint16(binary.NativeEndian.AppendUint16(nil, got.Addr.Port))
			dst = netip.AddrPortFrom(netip.AddrFrom16(got.Addr.Addr), port).String()
		}
	}))
	if dst == "" || dst == own {
		return "itself"
	}
	return dst
}

// dialAll connects as each line of standard input says, "NETWORK FROM TO", and prints a line of what it is told. FROM is the
// address to connect from, "any" for any.
func dialAll() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		text, err := dial(words[0], words[1], words[2])
		if err != nil {
			text = err.Error()
		}
		fmt.Println(text)
	}
}

func dial(network, from, to string) (string, error) {
	d := net.Dialer{Timeout: 10 * time.Second}
	if from != "any" {
		d.LocalAddr = &net.TCPAddr{IP: net.ParseIP(from)}
	}
	c, err := d.Dial(network, to)
	if err != nil {
		return "", err
	}
	defer c.Close()
	check(c.SetDeadline(time.Now().Add(10 * time.Second)))
	if network == "tcp" {
		text, err := io.ReadAll(c)
		return string(text), err
	}
	buffer := make([]byte, 512)
	if _, err := c.Write([]byte("?")); err != nil {
		return "", err
	}
	n, err := c.Read(buffer)
	return string(buffer[:n]), err
}
