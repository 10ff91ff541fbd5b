package envoy

import (
	"net/netip"
	"strings"

	"github.com/amesh-render/amesh-render/model"
)

// request is a model.Request as Envoy routes it, and as filters and routes change it.
type request struct {
	*model.Request
	authority string
	target    string         // :path, with the query
	path      string         // without query and fragment
	headers   []model.Header // in lower case; changed by replacing the slice, never in place
	local     netip.AddrPort // the connection's local address, which is the original destination where it is restored
	client    netip.AddrPort // whom Envoy takes for the client: the peer, or an address of X-Forwarded-For
}

func newRequest(r *model.Request) *request {
	q := &request{Request: r, authority: r.Authority, headers: r.Headers, local: r.Destination, client: r.Remote}
	q.setTarget(r.Target)
	return q
}

// Values are the values of the header called name (lower case) as it now is.
func (r *request) Values(name string) []string { return values(r.headers, name) }

// remove removes headers.
func (r *request) remove(names ...string) {
	for _, name := range names {
		r.headers = removed(r.headers, foldASCII(name))
	}
}

func (r *request) setTarget(target string) {
	r.target = target
	r.path = withoutQuery(target)
}

func withoutQuery(target string) string {
	if i := strings.IndexAny(target, "?#"); i >= 0 {
		return target[:i]
	}
	return target
}

// header is the value of a header or pseudo-header, the values of a repeated one joined with ",", and whether there is
// one. Envoy keeps Host as :authority.
func (r *request) header(name string) (string, bool) {
	switch name {
	case ":method":
		return r.MethodOrDefault(), true
	case ":scheme":
		return r.SchemeOrDefault(), true
	case ":path":
		return r.target, true
	case ":authority", "host":
		return r.authority, r.authority != ""
	}
	values := r.Values(name)
	return strings.Join(values, ","), len(values) > 0
}

// query is the first value of a query parameter, undecoded ("" for one without "="), and whether there is one.
func (r *request) query(name string) (string, bool) {
	_, query, _ := strings.Cut(r.target, "?")
	for parameter := range strings.SplitSeq(query, "&") {
		if key, value, _ := strings.Cut(parameter, "="); parameter != "" && key == name {
			return value, true
		}
	}
	return "", false
}

// cookie is the first value of a cookie, without the quotes around it, and whether there is one.
func (r *request) cookie(name string) (string, bool) {
	for _, line := range r.Values("cookie") {
		for pair := range strings.SplitSeq(line, ";") {
			key, value, found := strings.Cut(strings.Trim(pair, " \t"), "=")
			if found && key == name {
				return unquote(value), true
			}
		}
	}
	return "", false
}

func unquote(s string) string {
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		return s[1 : len(s)-1]
	}
	return s
}
