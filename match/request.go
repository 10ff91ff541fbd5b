package match

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/amesh-render/amesh-render/model"
)

// clientPort is the port from which the client calls. Nothing is known to look at it.
const clientPort = 40000

// request is the query as the proxy receives it; LocalPort is Envoy's. assumed says what the query left open and the mesh
// does not know. It is an error if query and mesh do not go together.
func (m *Mesh) request(q Query) (r *model.Request, assumed []string, err error) {
	r = &model.Request{Method: q.Method, Scheme: q.URL.Scheme, Target: q.URL.Target}
	host, given := "", false
	if r.Headers, host, given = split(q.Headers); !given {
		host = q.URL.authority()
	}
	r.Authority = host
	if q.Random != nil {
		r.Random = *q.Random
	}
	if q.HTTP2 {
		r.Protocol = "h2c"
	}
	if q.URL.Scheme == "https" {
		r.TLS = handshake(q.URL.Host)
	}
	note := func(text string) {
		if text != "" {
			assumed = append(assumed, text)
		}
	}
	port := cmp.Or(q.Port, q.URL.Port)
	client := standInClient
	switch {
	case m.gateway && q.Direction != "":
		return nil, nil, errors.New("a direction was given, and the proxy is a gateway, which has none")
	case m.gateway:
		r.LocalPort = port
		if q.Port == 0 {
			var text string
			r.LocalPort, text = m.gatewayPort(port)
			note(text)
		}
		r.Destination = q.Destination
	case q.Direction == Inbound:
		r.LocalPort = m.envoyPorts[1]
		r.Destination = netip.AddrPortFrom(m.pod, port)
		if !m.pod.IsValid() {
			r.Destination = netip.AddrPortFrom(standIn, port)
		}
	default:
		r.LocalPort = m.envoyPorts[0]
		if m.pod.IsValid() {
			client = m.pod
		}
		addr, known := m.address(q.URL.Host, port)
		r.Destination = netip.AddrPortFrom(addr, port)
		if !known && !q.Destination.IsValid() {
			note(fmt.Sprintf("the address of %s is not known: %s stands for it", q.URL.Host, addr))
		}
	}
	if q.Destination.IsValid() {
		r.Destination = q.Destination
	}
	if q.Remote.IsValid() {
		client = q.Remote
	}
	r.Remote = netip.AddrPortFrom(client, clientPort)
	return r, assumed, nil
}

// handshake is what a usual client says in a TLS handshake. Addresses are no server names.
func handshake(host string) *model.TLS {
	tls := &model.TLS{ALPN: []string{"h2", "http/1.1"}}
	if _, err := netip.ParseAddr(host); err != nil {
		tls.ServerName = strings.ToLower(host)
	}
	return tls
}

// forAPISIX is the request as it arrives at APISIX, whose ports may be others.
func (m *Mesh) forAPISIX(r *model.Request) *model.Request {
	out := *r
	for i, port := range m.envoyPorts {
		if !m.gateway && r.LocalPort == port {
			out.LocalPort = m.apisixPorts[i]
		}
	}
	return &out
}
