package xds

import (
	"fmt"
	"net/url"
	"path"
	"strconv"
)

// Address is where a control plane listens, and whether the way there is encrypted. Get one from ParseAddress.
type Address struct {
	scheme string // grpc, grpcs or unix
	host   string // without port; "" for a Unix socket
	target string // the same in gRPC's own notation
	text   string // as it was given
}

// ParseAddress reads the address of a control plane:
//
//   - grpc://HOST:PORT, in plain text: istiod's port 15010;
//   - grpcs://HOST:PORT, by TLS: istiod's port 15012;
//   - unix:///PATH, a Unix socket, as a proxy's agent offers it.
//
// A host may be a name, an IPv4 address or an IPv6 address in brackets.
func ParseAddress(s string) (Address, error) {
	fail := func(why string) (Address, error) {
		return Address{}, fmt.Errorf("address %q: %s; expected grpc://HOST:PORT, grpcs://HOST:PORT or unix:///PATH", s, why)
	}
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Opaque != "":
		return fail("not a URL")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return fail("it has more than a scheme and a place")
	}
	switch u.Scheme {
	case "grpc", "grpcs":
		port, err := strconv.ParseUint(u.Port(), 10, 16)
		switch {
		case u.Hostname() == "":
			return fail("no host")
		case err != nil || port == 0:
			return fail("no port between 1 and 65535")
		case u.Path != "" && u.Path != "/":
			return fail("a path")
		}
		target := url.URL{Scheme: "dns", Path: "/" + u.Host}
		return Address{u.Scheme, u.Hostname(), target.String(), s}, nil
	case "unix":
		if u.Host != "" || !path.IsAbs(u.Path) {
			return fail("the path of a Unix socket must be absolute")
		}
		target := url.URL{Scheme: "unix", Path: u.Path}
		return Address{"unix", "", target.String(), s}, nil
	}
	return fail("unknown scheme")
}

// String is the address as it was given to ParseAddress.
func (a Address) String() string { return a.text }

// Encrypted reports whether the connection is made by TLS.
func (a Address) Encrypted() bool { return a.scheme == "grpcs" }

// private reports whether what is sent stays on this machine or is encrypted.
func (a Address) private() bool { return a.scheme == "grpcs" || a.scheme == "unix" }
