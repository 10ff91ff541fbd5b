// Package model is two small executable specifications of how one HTTP request is routed: by Envoy (model/envoy) and by
// Apache APISIX (model/apisix). In go a configuration and a Request; out comes an Outcome and, on demand, a Trace of
// what was tried and why it did not match.
//
// The models are written from the proxies' documented and observed behaviour, independently of the renderer and of each
// other, so that comparing them over many requests tests the renderer. They cover where a request goes, what its upstream
// and its client receive, and the filters and plugins that refuse, delay or change it and that each model's package
// comment names. What a model cannot decide it reports as Undecided, never as a guess. Nothing here does I/O.
package model

import (
	"net/netip"
	"strings"
)

// The ports on which a sidecar receives intercepted connections: Istio's iptables rules redirect to them.
const (
	OutboundPort = 15001
	InboundPort  = 15006
)

// Request is one HTTP request as it arrives at the proxy. The zero value of each field is documented beside it.
type Request struct {
	Method string // upper case, as sent; "" is GET
	Scheme string // http or https; "" is http
	// Authority is the Host header (or :authority) as sent, with its port if it has one. "" is a request without one.
	Authority string
	// Target is the request target in origin form, as sent: the raw path, then "?" and the raw query if there is one.
	Target string
	// Headers are all others, in the order sent; a name may repeat. Names are lower case.
	Headers []Header
	// Protocol is http/1.0, http/1.1 or h2c, as Envoy's inspection of a plaintext connection calls it; "" is http/1.1.
	Protocol string
	// TLS is what the client said in its handshake; nil is a plaintext connection.
	TLS *TLS

	// LocalPort is the port on which the proxy received the connection: OutboundPort, InboundPort, or a gateway's own.
	LocalPort uint16
	// Destination is where the client meant to connect before interception. The zero value: it was not intercepted.
	Destination netip.AddrPort
	// Remote is the client's address.
	Remote netip.AddrPort

	// Random is the one random number that the request draws. It decides runtime fractions, weighted choices and faults,
	// so that outcomes are repeatable.
	Random uint64

	// Response is the headers with which the upstream would answer, in the order sent, names in lower case.
	Response []Header
}

// Header is one header field.
type Header struct{ Name, Value string }

// TLS is the part of a TLS handshake that routing can depend on.
type TLS struct {
	ServerName  string   // SNI, lower case
	ALPN        []string // in the client's order of preference
	Certificate bool     // the client presented a certificate, and it was verified
}

// Values are the values of the header called name (lower case), in the order sent.
func (r *Request) Values(name string) []string {
	var out []string
	for _, h := range r.Headers {
		if h.Name == name {
			out = append(out, h.Value)
		}
	}
	return out
}

// PathAndQuery splits the target at its first "?"; found says whether there was one.
func (r *Request) PathAndQuery() (path, query string, found bool) { return strings.Cut(r.Target, "?") }

// MethodOrDefault is the method, GET when it is empty.
func (r *Request) MethodOrDefault() string { return orDefault(r.Method, "GET") }

// SchemeOrDefault is the scheme, http when it is empty.
func (r *Request) SchemeOrDefault() string { return orDefault(r.Scheme, "http") }

// ProtocolOrDefault is the protocol, http/1.1 when it is empty.
func (r *Request) ProtocolOrDefault() string { return orDefault(r.Protocol, "http/1.1") }

func orDefault(s, def string) string {
	if s == "" {
		return def
	}
	return s
}
