package cmd

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/amesh-render/amesh-render/render"
	"github.com/amesh-render/amesh-render/templates"
)

// defaultShutdown is below the 30 seconds that Kubernetes gives a pod.
const defaultShutdown = 25 * time.Second

type configFlags struct {
	role, dir, mountedAt, owner     string
	init                            bool
	set                             []string
	outboundPort, inboundPort       int
	outboundTCPPort, inboundTCPPort int
	listen, tcpListen               []int
	ipv6, workers                   string
	errorLogLevel, accessLog        string
	buffering                       string
	shutdownTimeout                 time.Duration
	resolvers                       []string
	upstreamTLS, trustStore         string
	lua, plugins                    string
	custom                          []string
}

// settings are what the flags come to. The error is a mistake of the user's.
func (f *configFlags) settings() (s templates.Settings, err error) {
	s = templates.Settings{
		Gateway:         f.role == string(render.Gateway),
		OutboundPort:    f.outboundPort,
		InboundPort:     f.inboundPort,
		OutboundTCPPort: f.outboundTCPPort,
		InboundTCPPort:  f.inboundTCPPort,
		Listen:          f.listen,
		TCPListen:       f.tcpListen,
		IPv6:            f.speaksIPv6(),
		Lua:             f.lua == "on",
		LuaPath:         path.Join(f.mountedAt, luaDir, "?.lua"),
		StreamPlugins:   f.streamPluginList(),
		Resolvers:       f.resolvers,
		BufferAnswers:   f.buffering == "on",
		ErrorLogLevel:   f.errorLogLevel,
		AccessLog:       f.accessLog == "on",
		TrustStore:      f.trustStore,
		VerifyUpstreams: f.upstreamTLS == string(render.UpstreamTLSVerified),
	}
	var problems []error
	note := func(err error) { problems = append(problems, err) }
	s.Plugins, err = f.pluginList()
	note(err)
	s.Workers, err = parseWorkers(f.workers, s.Gateway)
	note(err)
	s.ShutdownTimeout, err = nginxTime(f.shutdownTimeout)
	note(err)
	note(checkPorts(s))
	note(checkResolvers(f.resolvers))
	note(checkPath("--mounted-at", f.mountedAt))
	if f.trustStore != "" {
		note(checkPath("--trusted-certificate", f.trustStore))
	}
	return s, errors.Join(problems...)
}

func (f *configFlags) speaksIPv6() bool {
	switch {
	case f.ipv6 == "auto", f.ipv6 == "" && f.init:
		return hostSpeaksIPv6()
	}
	return f.ipv6 != "off"
}

// hostSpeaksIPv6 reports whether nginx could listen on IPv6 here: it does not start where the kernel cannot.
func hostSpeaksIPv6() bool {
	l, err := net.Listen("tcp6", "[::]:0")
	if err != nil {
		return false
	}
	l.Close()
	return true
}

func parseWorkers(s string, gateway bool) (string, error) {
	switch {
	case s == "" && gateway, s == "auto":
		return "auto", nil
	case s == "":
		return "2", nil
	}
	if n, err := strconv.Atoi(s); err != nil || n < 1 || n > 1024 {
		return "", fmt.Errorf("--workers %q is neither auto nor a number from 1 to 1024", s)
	}
	return s, nil
}

// nginxTime writes a duration for nginx, which knows milliseconds.
func nginxTime(d time.Duration) (string, error) {
	if d < time.Millisecond {
		return "", fmt.Errorf("--shutdown-timeout %v is less than 1ms", d)
	}
	if d%time.Second == 0 {
		return fmt.Sprintf("%ds", d/time.Second), nil
	}
	return fmt.Sprintf("%dms", d/time.Millisecond), nil
}

// APISIX's own ports, all on loopback. It does not start when another has one of them, whatever the address.
var reservedPorts = map[int]string{7085: "APISIX's status page", 9090: "APISIX's control API", 9091: "Prometheus's metrics"}

func checkPorts(s templates.Settings) error {
	if s.Gateway && len(s.Listen)+len(s.TCPListen) == 0 {
		return errors.New("a gateway needs a port: --listen or --tcp-listen")
	}
	users := map[int]string{}
	for port, user := range reservedPorts {
		users[port] = user
	}
	check := func(ports []int, user string) error {
		for _, port := range ports {
			if port < 1 || port > 65535 {
				return fmt.Errorf("port %d is not between 1 and 65535", port)
			}
			other, taken := users[port]
			switch {
			case taken && other == user:
				return fmt.Errorf("port %d is given twice for %s", port, user)
			case taken:
				return fmt.Errorf("port %d for %s is also that of %s", port, user, other)
			}
			users[port] = user
		}
		return nil
	}
	if err := check(s.HTTPPorts(), "HTTP"); err != nil {
		return err
	}
	return check(s.TCPPorts(), "TCP")
}

func checkResolvers(addresses []string) error {
	for _, a := range addresses {
		if _, err := netip.ParseAddr(strings.Trim(a, "[]")); err == nil {
			continue
		}
		if _, err := netip.ParseAddrPort(a); err != nil {
			return fmt.Errorf("--dns-resolver %q is not an IP address, with a port or without", a)
		}
	}
	return nil
}

// checkPath refuses paths that would mean something else in nginx.conf, or in Lua's list of paths, than what they say.
func checkPath(flag, p string) error {
	if !path.IsAbs(p) || strings.ContainsAny(p, "\"'`;?${}\\ \t\r\n\x00") {
		return fmt.Errorf("%s %q is not an absolute path of plain characters", flag, p)
	}
	return nil
}
