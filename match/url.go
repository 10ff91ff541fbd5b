package match

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// A URL is what a person types, taken apart and otherwise left as it is: proxies see paths as clients send them.
type URL struct {
	Scheme string // http or https
	Host   string // a name, or an address without brackets
	Port   uint16 // that of the scheme if none is given
	Target string // path and query as typed, "/" if there is none
}

// ParseURL reads "scheme://host:port/path?query". The scheme may be left out and is then http. A fragment, which clients
// never send, is left out of the target. An error says what is wrong with the text.
func ParseURL(text string) (URL, error) {
	bad := func(format string, args ...any) (URL, error) {
		return URL{}, fmt.Errorf("URL %q: %s", text, fmt.Sprintf(format, args...))
	}
	if i := strings.IndexFunc(text, func(c rune) bool { return c <= ' ' || c == 0x7f }); i >= 0 {
		return bad("it holds %q, which must be percent-encoded", text[i])
	}
	u := URL{Scheme: "http"}
	scheme, rest, found := strings.Cut(text, "://")
	if !found || strings.ContainsAny(scheme, "/?#") { // "://" may stand in a query
		scheme, rest = "http", text
	}
	switch u.Scheme = strings.ToLower(scheme); u.Scheme {
	case "http", "https":
	default:
		return bad("the scheme %q is not http or https", scheme)
	}
	authority := rest
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		authority, u.Target = rest[:i], rest[i:]
	}
	u.Target, _, _ = strings.Cut(u.Target, "#")
	if !strings.HasPrefix(u.Target, "/") {
		u.Target = "/" + u.Target
	}
	if strings.Contains(authority, "@") {
		return bad("a user name in a URL is not part of a request: leave it out")
	}
	var err error
	if u.Host, u.Port, err = parseAuthority(authority); err != nil {
		return bad("%v", err)
	}
	if u.Port == 0 {
		u.Port = defaultPort(u.Scheme)
	}
	return u, nil
}

// parseAuthority reads "host" or "host:port"; port is 0 where there is none.
func parseAuthority(text string) (host string, port uint16, err error) {
	host, given := text, ""
	if end := strings.IndexByte(text, ']'); strings.HasPrefix(text, "[") {
		addr, err := netip.ParseAddr(text[1:max(end, 1)])
		if err != nil || !addr.Is6() || addr.Zone() != "" {
			return "", 0, fmt.Errorf("%q is not an IPv6 address in brackets", text)
		}
		host, given = addr.String(), text[end+1:]
	} else if colon := strings.IndexByte(text, ':'); colon >= 0 {
		host, given = text[:colon], text[colon:]
	}
	switch {
	case host == "":
		return "", 0, errors.New("it has no host")
	case !strings.Contains(host, ":") && strings.ContainsFunc(host, notInHost):
		return "", 0, fmt.Errorf("%q is not a host name", host)
	case given == "":
		return host, 0, nil
	}
	port, err = ParsePort(strings.TrimPrefix(given, ":"))
	return host, port, err
}

// notInHost says whether a character cannot stand in the name of a host, as proxies meet it.
func notInHost(c rune) bool {
	return !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.ContainsRune("-._~", c))
}

// ParsePort reads a port from 1 to 65535.
func ParsePort(text string) (uint16, error) {
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil || n == 0 {
		return 0, fmt.Errorf("port %q is not a number from 1 to 65535", text)
	}
	return uint16(n), nil
}

func defaultPort(scheme string) uint16 {
	if scheme == "https" {
		return 443
	}
	return 80
}

// authority is the Host header as clients send it: without the port if the scheme implies it.
func (u URL) authority() string {
	host := u.Host
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if u.Port == defaultPort(u.Scheme) {
		return host
	}
	return host + ":" + strconv.Itoa(int(u.Port))
}
