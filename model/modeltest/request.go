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

// WideRequest draws a request as Request does, and makes some of them odd: paths that are spelt in many ways, headers that
// are there twice or named with "_", addresses of all kinds, tokens, origins.
func WideRequest(rng *rand.Rand, m *Mesh) *model.Request {
	r := Request(rng, m)
	r.Remote = netip.AddrPortFrom(netip.MustParseAddr(pick(rng, Clients...)), 40000)
	for range pick(rng, 0, 0, 1) {
		r.Target = oddPath(rng, r.Target)
	}
	add := func(n int, name string, values ...string) {
		if oneIn(rng, n) {
			r.Headers = append(r.Headers, model.Header{Name: name, Value: pick(rng, values...)})
		}
	}
	add(8, "x-a", headerValues...)
	add(8, "x_a", headerValues...)
	add(12, "x.a", headerValues...)
	add(3, "x-forwarded-for", "10.3.0.1", "1.2.3.4, 10.3.0.77", "10.3.0.77,1.2.3.4", "192.0.2.200 , 10.3.0.1", "nobody", "2001:db8::1", "::ffff:10.3.0.1", "10.3.0.999", "010.3.0.1", "")
	add(6, "authorization", "Bearer a.b.c", "Bearer abc", "Basic abc")
	add(6, "x-token", "Token a.b.c", "a")
	add(8, "cookie", "c=1", "d=c")
	add(8, "x-payload", "forged")
	add(2, "origin", append([]string{"", "http://c.test"}, Origins...)...)
	if oneIn(rng, 4) {
		r.Method = "OPTIONS"
		add(1, "access-control-request-method", "GET", "GET", "")
	}
	for _, name := range []string{"x-a", "x-b", "server"} {
		if oneIn(rng, 3) {
			r.Response = append(r.Response, model.Header{Name: name, Value: pick(rng, "1", "2", "")})
		}
	}
	return r
}

// oddPath spells a path in another way, or changes it by one that looks like it.
func oddPath(rng *rand.Rand, target string) string {
	at := rng.IntN(len(target) + 1)
	if q := strings.IndexByte(target, '?'); q >= 0 {
		at = min(at, q)
	}
	at = max(at, 1)
	odd := pick(rng, "/", "//", "/./", "/../", "/..", "/.", "%2f", "%2F..%2f", "%61", "%41", "%20", "%2e", `\`, "%5c", ";x=1", "..", "%25", "~", "%7e", "%0a")
	return target[:at] + odd + target[at:]
}
