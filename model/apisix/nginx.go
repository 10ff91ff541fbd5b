package apisix

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/amesh-render/amesh-render/model"
)

// request is a model.Request with what nginx makes of it.
type request struct {
	*model.Request
	host   string // $host
	uri    string // $uri
	args   string // $args, "" without one
	asked  bool   // the target has a "?"
	isArgs string // $is_args
}

// newRequest reads a request as nginx does. A status other than 0 is nginx's own answer, and why its reason.
func newRequest(r *model.Request) (q *request, status int, why string) {
	own := *r
	own.Headers = slices.DeleteFunc(slices.Clone(r.Headers), func(h model.Header) bool { return !validName(h.Name) })
	q = &request{Request: &own}
	var ok bool
	if q.host, ok = hostOf(r.Authority); !ok {
		return nil, http.StatusBadRequest, "invalid host"
	}
	path, args, found := r.PathAndQuery()
	if i := strings.IndexByte(path, '#'); i >= 0 {
		path, args, found = path[:i], "", false
	}
	if q.uri, ok = normalise(path); !ok {
		return nil, http.StatusBadRequest, "invalid path"
	}
	switch method := r.MethodOrDefault(); {
	case !validMethod(method):
		return nil, http.StatusBadRequest, "invalid method"
	case method == http.MethodTrace || method == http.MethodConnect:
		return nil, http.StatusMethodNotAllowed, "method " + method
	}
	if name := repeatedHeader(own.Headers); name != "" {
		return nil, http.StatusBadRequest, "repeated header " + name
	}
	q.args, _, _ = strings.Cut(args, "#")
	q.asked = found
	if found && q.args != "" {
		q.isArgs = "?"
	}
	return q, 0, ""
}

// validMethod says whether nginx takes a method: capital letters, "_" and "-".
func validMethod(method string) bool {
	return !strings.ContainsFunc(method, func(c rune) bool { return !('A' <= c && c <= 'Z' || c == '_' || c == '-') })
}

// onceOnly are the headers that nginx takes once, beside Host.
var onceOnly = []string{
	"host", "authorization", "expect", "content-length", "content-range", "transfer-encoding",
	"if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range",
}

// repeatedHeader is the name of a header that is there twice and must not be; "" if there is none. Host is there already.
func repeatedHeader(headers []model.Header) string {
	seen := map[string]bool{"host": true}
	for _, h := range headers {
		name := strings.ToLower(h.Name)
		if seen[name] && slices.Contains(onceOnly, name) {
			return name
		}
		seen[name] = true
	}
	return ""
}

// validName says whether nginx takes a header of that name: others it drops (ignore_invalid_headers).
func validName(name string) bool {
	return !strings.ContainsFunc(name, func(c rune) bool {
		return !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_')
	})
}

// hostOf is $host: the Host header in lower case, without its port and without one trailing dot. It is false for what
// nginx refuses: an empty host, two dots in a row, a slash or a control character. The port begins at the first colon, but
// for an IPv6 address in brackets.
func hostOf(authority string) (string, bool) {
	if strings.Contains(authority, "..") || strings.ContainsFunc(authority, func(c rune) bool {
		return c <= ' ' || c == 0x7f || c == '/'
	}) {
		return "", false
	}
	host := authority
	if end := strings.IndexByte(host, ']'); end > 0 && host[0] == '[' {
		host = host[:end+1]
	} else if !strings.HasPrefix(host, "[") {
		host, _, _ = strings.Cut(host, ":")
	}
	host = strings.TrimSuffix(host, ".")
	return strings.ToLower(host), host != ""
}

// normalise is $uri: the path decoded once, without double slashes and dot segments, as they stand after decoding. It is
// false for what nginx refuses: no leading slash, a bad escape, a NUL or another control character, ".." above the root.
func normalise(path string) (string, bool) {
	decoded, ok := decodePath(path)
	if !ok || !strings.HasPrefix(path, "/") {
		return "", false
	}
	var out []string
	segments := strings.Split(decoded[1:], "/")
	for i, s := range segments {
		last := i == len(segments)-1
		switch s {
		case "", ".":
			if last {
				out = append(out, "")
			}
		case "..":
			if len(out) == 0 {
				return "", false
			}
			out = out[:len(out)-1]
			if last {
				out = append(out, "")
			}
		default:
			out = append(out, s)
		}
	}
	return "/" + strings.Join(out, "/"), true
}

func decodePath(path string) (string, bool) {
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		c := path[i]
		switch {
		case c <= ' ' || c == 0x7f:
			return "", false
		case c == '%':
			value, ok := escaped(path[i:])
			if !ok || value == 0 {
				return "", false
			}
			c, i = value, i+2
		}
		b.WriteByte(c)
	}
	return b.String(), true
}

// escaped is the byte that the escape %XX at the start of s stands for.
func escaped(s string) (byte, bool) {
	if len(s) < 3 || s[0] != '%' {
		return 0, false
	}
	const digits = "0123456789abcdef"
	high, low := strings.IndexByte(digits, s[1]|0x20), strings.IndexByte(digits, s[2]|0x20)
	return byte(high<<4 | low), high >= 0 && low >= 0
}

// argument is the value of the first query parameter called name, both decoded, "+" being a space: Lua's true for one
// without "=". Parameters without a name do not count.
func (q *request) argument(name string) value {
	for part := range strings.SplitSeq(q.args, "&") {
		key, text, hasValue := strings.Cut(part, "=")
		switch {
		case part == "" || key == "" || decodeArgument(key) != name:
		case hasValue:
			return str(decodeArgument(text))
		default:
			return value{kind: isTrue}
		}
	}
	return value{}
}

// decodeArgument decodes as ngx.req.get_uri_args does: bad escapes stay.
func decodeArgument(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if v, ok := escaped(s[i:]); ok {
			b.WriteByte(v)
			i += 2
		} else if s[i] == '+' {
			b.WriteByte(' ')
		} else {
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// header is $http_<name>: the headers whose name, with "-" as "_", is name, joined with ", ". So X-A and X_A are one.
func (q *request) header(name string) value {
	if name == "host" {
		return str(q.Authority)
	}
	var values []string
	for _, h := range q.Headers {
		if strings.ReplaceAll(strings.ToLower(h.Name), "-", "_") == name {
			values = append(values, h.Value)
		}
	}
	if len(values) == 0 {
		return value{}
	}
	separator := ", "
	if name == "cookie" {
		separator = "; "
	}
	return str(strings.Join(values, separator))
}

// cookie is the last cookie called name.
func (q *request) cookie(name string) value {
	var found value
	for pair := range strings.SplitSeq(q.header("cookie").text, ";") {
		if key, text, ok := strings.Cut(strings.Trim(pair, " \t"), "="); ok && key == name {
			found = str(text)
		}
	}
	return found
}

// dialled is the variable of the plugin amesh-destination, which knows IPv6 too.
func (q *request) dialled() value {
	if !q.Destination.IsValid() {
		return value{}
	}
	return str(netip.AddrPortFrom(q.Destination.Addr().Unmap(), q.Destination.Port()).String())
}

// originalDestination is $connection_original_dst. It exists for IPv4 only, and without interception is absent.
func (q *request) originalDestination() value {
	addr := q.Destination.Addr().Unmap()
	if !addr.Is4() {
		return value{}
	}
	return str(netip.AddrPortFrom(addr, q.Destination.Port()).String())
}
