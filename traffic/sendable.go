package traffic

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

// What clients can send so that it comes to APISIX as it is: a witness is a request that anybody can make.

var (
	sendableMethod = regexp.MustCompile(`^[A-Z_-]+$`) // nginx refuses others
	sendableHost   = regexp.MustCompile(`^[0-9a-z._-]+$`)
	sendableTarget = regexp.MustCompile(`^/[!-"$-~]*$`) // without "#", which begins what clients keep to themselves
	sendableName   = regexp.MustCompile(`^[0-9a-z-]+$`) // nginx drops others
	sendableValue  = regexp.MustCompile(`^(?:[!-~](?:[ -~]*[!-~])?)?$`)
)

// ownHeaders are those that the client's software writes by what it sends, and those that nginx replaces before APISIX looks
// at them.
var ownHeaders = []string{
	"connection", "content-length", "expect", "forwarded", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade",
	"x-forwarded-host", "x-forwarded-port", "x-forwarded-proto",
}

// sendable says whether a client can send the draft.
func (d *draft) sendable() bool {
	for _, h := range d.headers {
		if !sendableName.MatchString(h.Name) || !sendableValue.MatchString(h.Value) || slices.Contains(ownHeaders, h.Name) {
			return false
		}
	}
	return (d.method == "" || sendableMethod.MatchString(d.method) && d.method != "CONNECT") &&
		isSendableHost(d.host) && sendableTarget.MatchString(d.target())
}

// isSendableHost takes names, and IPv6 addresses in brackets as clients write them.
func isSendableHost(host string) bool {
	if inner, ok := strings.CutPrefix(host, "["); ok {
		addr, err := netip.ParseAddr(strings.TrimSuffix(inner, "]"))
		return err == nil && "["+addr.String()+"]" == host
	}
	return sendableHost.MatchString(host)
}
