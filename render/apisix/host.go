package apisix

import "strings"

// IsRouteHost reports whether a route's hosts can hold s and match with it. APISIX's schema wants
// ^\*?[0-9a-zA-Z-._\[\]:]+$; the router compares it, in lower case, with a host name without its port, and with the
// brackets of an IPv6 address.
func IsRouteHost(s string) bool {
	return isHost(s) && s != "*" && !colonOutsideBrackets(s)
}

// IsNodeHost reports whether a node's host can be s: an IPv4 address, a bracketed IPv6 address, or a name.
func IsNodeHost(s string) bool { return isHost(s) && s[0] != '*' }

// isHost tells whether APISIX's schema takes s for a host: ^\*$|^\*?[0-9a-zA-Z-._\[\]:]+$.
func isHost(s string) bool {
	if s == "*" {
		return true
	}
	s = strings.TrimPrefix(s, "*")
	for i := range len(s) {
		if !isIDByte(s[i]) && s[i] != '[' && s[i] != ']' && s[i] != ':' {
			return false
		}
	}
	return s != ""
}

func colonOutsideBrackets(host string) bool {
	return strings.Contains(host[strings.LastIndexByte(host, ']')+1:], ":")
}
