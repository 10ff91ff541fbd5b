package apisix

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// value is what a variable holds. The zero value is absent, Lua's nil.
type value struct {
	kind valueKind
	text string // of isString
}

type valueKind uint8

const (
	isAbsent valueKind = iota
	isString
	isTrue // Lua's true: a query parameter without "="
)

func str(s string) value { return value{isString, s} }

func (v value) absent() bool { return v.kind == isAbsent }

// String is Lua's tostring.
func (v value) String() string {
	switch v.kind {
	case isAbsent:
		return "nil"
	case isTrue:
		return "true"
	}
	return v.text
}

// number is Lua's tonumber.
func (v value) number() (float64, bool) {
	if v.kind != isString {
		return 0, false
	}
	return toNumber(v.text)
}

// variable is the variable called name; known is false if the model does not know such variables.
func (q *request) variable(name string) (v value, known bool) {
	family, rest, _ := strings.Cut(name, "_")
	switch family {
	case "arg":
		return q.argument(rest), true
	case "cookie":
		return q.cookie(rest), true
	case "http":
		return q.header(strings.ReplaceAll(strings.ToLower(rest), "-", "_")), true
	}
	if get := variables[name]; get != nil {
		return get(q), true
	}
	return value{}, false
}

// variables are those of nginx and APISIX that have no parameter.
var variables = map[string]func(*request) value{
	"uri":                     func(q *request) value { return str(q.uri) },
	"host":                    func(q *request) value { return str(q.host) },
	"args":                    (*request).arguments,
	"query_string":            (*request).arguments,
	"is_args":                 func(q *request) value { return str(q.isArgs) },
	"request_uri":             func(q *request) value { return str(q.uri + q.isArgs + q.args) },
	"real_request_uri":        func(q *request) value { return str(q.Target) },
	"request_method":          func(q *request) value { return str(q.MethodOrDefault()) },
	"request":                 func(q *request) value { return str(q.MethodOrDefault() + " " + q.Target + " HTTP/1.1") },
	"scheme":                  func(q *request) value { return str(q.SchemeOrDefault()) },
	"server_protocol":         func(q *request) value { return str(serverProtocol(q.ProtocolOrDefault())) },
	"server_port":             func(q *request) value { return str(strconv.Itoa(int(q.LocalPort))) },
	"remote_addr":             func(q *request) value { return address(q.Remote.Addr()) },
	"realip_remote_addr":      func(q *request) value { return address(q.Remote.Addr()) },
	"remote_port":             func(q *request) value { return str(strconv.Itoa(int(q.Remote.Port()))) },
	"connection_original_dst": (*request).originalDestination,
	"amesh_original_dst":      (*request).dialled,
	// 32 hexadecimal digits, random: here the request's own random number, so that it is repeatable.
	"request_id":        func(q *request) value { return str(fmt.Sprintf("%016x%016x", q.Random, ^q.Random)) },
	"ssl_server_name":   func(q *request) value { return q.serverName() },
	"ssl_client_verify": func(q *request) value { return q.clientVerify() },
	"mesh_nil":          func(*request) value { return value{} }, // by convention never set, like the next
	"amesh_absent":      func(*request) value { return value{} },
}

// address is absent for a request without one.
func address(a netip.Addr) value {
	if !a.IsValid() {
		return value{}
	}
	return str(a.Unmap().String())
}

func (q *request) serverName() value {
	if q.TLS == nil || q.TLS.ServerName == "" {
		return value{}
	}
	return str(q.TLS.ServerName)
}

// clientVerify is SUCCESS or NONE on a TLS connection.
func (q *request) clientVerify() value {
	switch {
	case q.TLS == nil:
		return value{}
	case q.TLS.Certificate:
		return str("SUCCESS")
	}
	return str("NONE")
}

// arguments is $args, which is absent when the target has no "?".
func (q *request) arguments() value {
	if !q.asked {
		return value{}
	}
	return str(q.args)
}

// serverProtocol is the protocol of a request as nginx names it.
func serverProtocol(protocol string) string {
	if protocol == "h2c" {
		return "HTTP/2.0"
	}
	return strings.ToUpper(protocol)
}
