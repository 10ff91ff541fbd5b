package render

import (
	"slices"
	"strconv"

	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// A calling is a transport that APISIX can call endpoints by.
type calling struct {
	context *tlsv3.UpstreamTlsContext // nil for plain text
	client  *apisix.UpstreamTLS       // the certificate that APISIX shows, if any
}

// callings are those of the endpoints' transports that APISIX can call them by. The others are refused, and reported.
func (r *renderer) callings(counts map[transport]int, grpc bool, at *place) map[transport]calling {
	usable := map[transport]calling{}
	for t := range counts {
		switch t.kind {
		case plainText, meshTLS:
			usable[t] = calling{}
		case serverTLS:
			if one, ok := r.serverTLS(t, grpc, at); ok {
				usable[t] = one
			}
		default:
			r.findings.denied(at, t.field(), "APISIX cannot call endpoints by the transport %q: they get no requests", t.socket.GetName())
		}
	}
	return usable
}

// alike reports whether endpoints of two transports can be nodes of one upstream. The proxies of the mesh are called in
// plain text.
func alike(a, b transport) bool {
	plain := func(t transport) bool { return t.kind == plainText || t.kind == meshTLS }
	return a == b || plain(a) && plain(b)
}

// mutual are the endpoints that expect mTLS of the mesh: "*" for all of them, "" for none.
func (g *gathering) mutual() string {
	expects := func(t target) bool { return t.transport.kind == meshTLS }
	switch first := slices.IndexFunc(g.targets, expects); {
	case first < 0:
		return ""
	case first == 0 && !slices.ContainsFunc(g.targets, func(t target) bool { return !expects(t) }):
		return "*"
	}
	var list []byte
	for _, t := range g.targets {
		if expects(t) {
			list = strconv.AppendInt(append(append(append(list, ' '), t.host...), ':'), int64(t.port), 10)
		}
	}
	return string(list[1:])
}

// transport chooses how the nodes of an upstream are called, which in APISIX is one way for all: in plain text where any
// endpoint is, else by the TLS that most of them want. Others get no requests, rather than requests in plain text.
func (r *renderer) transport(up *apisix.Upstream, g *gathering, at *place) (chosen transport, ok bool) {
	if g.cluster.GetTransportSocketMatcher() != nil {
		r.findings.denied(at, "transport_socket_matcher", "endpoints whose transport a matcher chooses get no requests")
		return chosen, false
	}
	counts := map[transport]int{}
	for _, t := range g.targets {
		counts[t.transport]++
	}
	if mutual := g.mutual(); mutual != "" {
		r.findings.dropped(at, "endpoints["+mutual+"]",
			"mesh mTLS is not rendered yet: endpoints that expect it are called in plain text")
	}
	usable := r.callings(counts, up.Scheme == "grpc" || up.Scheme == "tcp", at)
	for _, t := range g.targets { // in the order of the endpoints, so that ties are broken alike
		u, can := usable[t.transport]
		if can && (!ok || better(t.transport, counts[t.transport], chosen, counts[chosen])) {
			chosen, ok = t.transport, true
			up.TLS = u.client
		}
	}
	for t := range usable {
		if !alike(t, chosen) {
			r.findings.dropped(at, t.field(), "APISIX calls all endpoints of an upstream in one way: "+
				"those that are to be called by this (%d) get no requests", counts[t])
		}
	}
	if chosen.kind == serverTLS {
		up.Scheme = map[string]string{"": "https", "grpc": "grpcs", "tcp": "tls"}[up.Scheme]
		r.serverName(usable[chosen].context, up.Scheme, at, chosen.field())
	}
	return chosen, ok
}

// better reports whether transport a, of so many endpoints, is to be preferred to b.
func better(a transport, countA int, b transport, countB int) bool {
	if alike(a, transport{}) != alike(b, transport{}) {
		return alike(a, transport{})
	}
	return countA > countB
}
