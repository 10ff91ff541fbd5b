package match

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/amesh-render/amesh-render/model"
)

// A Direction is which way a request goes through a sidecar. The zero value leaves it to the proxy's role.
type Direction string

// The directions.
const (
	Outbound Direction = "outbound" // from the pod to the mesh
	Inbound  Direction = "inbound"  // to the pod
)

// ParseDirection reads a Direction; "" is allowed and leaves the choice to the role.
func ParseDirection(text string) (Direction, error) {
	switch d := Direction(text); d {
	case "", Outbound, Inbound:
		return d, nil
	}
	return "", fmt.Errorf("unknown direction %q: it is outbound or inbound", text)
}

// A Query is what a person says about a request. Only Method and URL must be set.
type Query struct {
	Method string
	URL    URL
	// Headers are those that the client sends, names in lower case. One named host is the authority instead of the URL's.
	Headers []model.Header
	// Port is the port that the client dials, or on which a gateway listens, where it is not the URL's; 0 is the URL's.
	Port uint16
	// Direction through a sidecar; "" is outbound. A gateway has none.
	Direction Direction
	// Destination is the address that the client dials. The zero value: it is found in the mesh.
	Destination netip.AddrPort
	// Remote is the client's address. The zero value: the pod's own for outbound requests, else a stand-in.
	Remote netip.Addr
	// HTTP2 is a request over HTTP/2.
	HTTP2 bool
	// Random is the random number that the request draws, where a share of the requests decides; nil is to show them all.
	Random *uint64
}

// methods are those that everybody knows.
var methods = []string{"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PURGE"}

// ParseMethod reads the method of a request. Methods are case sensitive: a known one in lower case is taken for a mistake.
func ParseMethod(text string) (string, error) {
	switch upper := strings.ToUpper(text); {
	case !isToken(text):
		return "", fmt.Errorf("method %q is not one word of letters, such as GET", text)
	case text == "CONNECT":
		return "", fmt.Errorf("method CONNECT asks for a tunnel to a host, and has no URL")
	case text != upper && slices.Contains(methods, upper):
		return "", fmt.Errorf("method %q: methods are case sensitive, and this one is %s", text, upper)
	}
	return text, nil
}

// ParseHeader reads "name: value". The name becomes lower case, and spaces around the value do not count.
func ParseHeader(text string) (model.Header, error) {
	name, value, found := strings.Cut(text, ":")
	value = strings.Trim(value, " \t")
	switch {
	case !found || !isToken(name):
		return model.Header{}, fmt.Errorf("header %q is not of the form 'name: value'", text)
	case strings.ContainsFunc(value, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }):
		return model.Header{}, fmt.Errorf("header %q: the value holds a control character", text)
	}
	return model.Header{Name: strings.ToLower(name), Value: value}, nil
}

// isToken says whether text is a token of RFC 9110, as methods and names of headers are.
func isToken(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(c rune) bool {
		return !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.ContainsRune("!#$%&'*+-.^_`|~", c))
	})
}

// split is the headers without those called host, and the value of the last of these.
func split(headers []model.Header) (others []model.Header, host string, found bool) {
	for _, h := range headers {
		if h.Name == "host" {
			host, found = h.Value, true
		} else {
			others = append(others, h)
		}
	}
	return others, host, found
}
