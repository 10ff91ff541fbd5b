package modeltest

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"

	"github.com/amesh-render/amesh-render/model"
)

// Request draws a request for the mesh: to a host of one of its virtual hosts, with the path of one of its routes, each
// perhaps changed a little, and headers and parameters that its matchers look at.
func Request(rng *rand.Rand, m *Mesh) *model.Request {
	port := pick(rng, Ports...)
	rc, ip, local := m.Outbound[port], ServiceIP, uint16(model.OutboundPort)
	if oneIn(rng, 4) {
		rc, ip, local = m.Inbound[port], PodIP, model.InboundPort
	}
	vh := pick(rng, rc.GetVirtualHosts()...)
	r := &model.Request{
		Method:      pick(rng, "GET", "GET", "POST", "DELETE", "FOO"),
		Authority:   host(rng, pick(rng, vh.GetDomains()...), port),
		Target:      target(rng, vh),
		LocalPort:   local,
		Destination: netip.AddrPortFrom(netip.MustParseAddr(ip), port),
		Remote:      netip.MustParseAddrPort("10.3.0.1:40000"),
		Random:      rng.Uint64(),
	}
	for _, name := range headerNames {
		if !oneIn(rng, 3) {
			r.Headers = append(r.Headers, model.Header{Name: name, Value: pick(rng, headerValues...)})
		}
	}
	return r
}

// host draws a host that the domain matches, or nearly: with something in the place of the wildcard, in other letters,
// with a port.
func host(rng *rand.Rand, domain string, port uint16) string {
	h := strings.Replace(domain, "*", pick(rng, "a", "x-a", "b", "a.b", "test"), 1)
	if oneIn(rng, 10) {
		h = pick(rng, "c.test", "test", "z")
	}
	if oneIn(rng, 6) {
		h = strings.ToUpper(h)
	}
	if oneIn(rng, 3) {
		h = fmt.Sprintf("%s:%d", h, pick(rng, port, 80, 9999))
	}
	return h
}

// target draws a path at or near that of one of the virtual host's routes, and a query.
func target(rng *rand.Rand, vh *routev3.VirtualHost) string {
	p := path(rng)
	if routes := vh.GetRoutes(); len(routes) > 0 && !oneIn(rng, 3) {
		match := pick(rng, routes...).GetMatch()
		p = match.GetPrefix() + match.GetPath() + match.GetPathSeparatedPrefix() // at most one is set
		if p == "" {
			p = path(rng)
		}
	}
	switch rng.IntN(6) {
	case 0:
		p = strings.TrimRight(p, "/") + path(rng)
	case 1:
		p += pick(rng, "a", "b", "B", ".")
	case 2:
		p = strings.ToUpper(p)
	case 3:
		p = strings.TrimRight(p[:len(p)-1], "/")
	}
	if p == "" {
		p = "/"
	}
	if strings.HasSuffix(p, "/.") {
		p += "a" // not a dot segment
	}
	return p + queryString(rng)
}

// queryString draws no query, or one or two parameters, of which the first of a name counts.
func queryString(rng *rand.Rand) string {
	var parameters []string
	for range pick(rng, 0, 0, 1, 2) {
		p := pick(rng, queryNames...)
		if !oneIn(rng, 4) {
			p += "=" + pick(rng, queryValues...)
		}
		parameters = append(parameters, p)
	}
	if len(parameters) == 0 {
		return pick(rng, "", "", "", "?")
	}
	return "?" + strings.Join(parameters, "&")
}
