package traffic

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// editOf gives the variable of APISIX called name a value; nil if no request can.
func editOf(name string, s sample) edit {
	family, rest, _ := strings.Cut(name, "_")
	switch family {
	case "arg":
		return func(d *draft) { d.setArgument(rest, s) }
	case "cookie":
		return func(d *draft) { d.setCookie(rest, s) }
	case "http":
		return header(strings.ReplaceAll(strings.ToLower(rest), "_", "-"), s)
	}
	if s.absent {
		return withoutValue[name]
	}
	if set := withValue[name]; set != nil {
		return set(s.text)
	}
	return nil
}

func header(name string, s sample) edit {
	switch {
	case slices.Contains(ownHeaders, name):
		return nil
	case s.absent:
		return func(d *draft) { d.dropHeader(name) }
	}
	return func(d *draft) { d.setHeader(name, s.text) }
}

// withoutValue are the edits that leave a variable without a value.
var withoutValue = map[string]edit{
	"args":                    func(d *draft) { d.query = "" },
	"query_string":            func(d *draft) { d.query = "" },
	"connection_original_dst": func(d *draft) { d.destination = netip.AddrPort{} },
}

// withValue makes the edits that give a variable a value. The host is not among them: each class has its own.
var withValue = map[string]func(string) edit{
	"uri":                     func(s string) edit { return func(d *draft) { d.path = encodePath(s) } },
	"request_uri":             func(s string) edit { return func(d *draft) { d.setTarget(s) } },
	"real_request_uri":        func(s string) edit { return func(d *draft) { d.setTarget(s) } },
	"args":                    func(s string) edit { return func(d *draft) { d.query = s } },
	"query_string":            func(s string) edit { return func(d *draft) { d.query = s } },
	"request_method":          func(s string) edit { return func(d *draft) { d.method = s } },
	"server_port":             localPort,
	"connection_original_dst": originalDestination,
	"remote_addr":             remoteAddress,
	"realip_remote_addr":      remoteAddress,
}

func localPort(s string) edit {
	port, err := strconv.ParseUint(s, 10, 16)
	if err != nil {
		return nil
	}
	return func(d *draft) { d.local = uint16(port) }
}

// originalDestination takes an address and a port, or what a pattern asks for that names a port alone.
func originalDestination(s string) edit {
	if strings.HasPrefix(s, ":") {
		s = Destination.String() + s
	}
	at, err := netip.ParseAddrPort(s)
	if err != nil {
		return nil
	}
	return func(d *draft) { d.destination = at }
}

func remoteAddress(s string) edit {
	a, err := netip.ParseAddr(s)
	if err != nil {
		return nil
	}
	return func(d *draft) { d.remote = a }
}
