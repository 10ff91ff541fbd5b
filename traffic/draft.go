package traffic

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/amesh-render/amesh-render/model"
)

// draft is a request in the making.
type draft struct {
	method, scheme, host, path, query string
	headers                           []model.Header
	local                             uint16
	destination                       netip.AddrPort
	remote                            netip.Addr
	serverName                        string
	certificate                       bool
	random                            uint64
}

// edit changes a draft so that it meets, or misses, a condition.
type edit func(*draft)

// Client is the address from which requests come where no condition asks for another.
var Client = netip.MustParseAddr("198.51.100.1")

// Stand-ins where a condition leaves the address open: of the ranges that RFC 5737 keeps for examples, which no mesh uses.
var (
	somewhere = netip.MustParseAddr("203.0.113.1")
	someone   = Client
)

func (d *draft) apply(edits []edit) {
	for _, e := range edits {
		e(d)
	}
}

// setHeader replaces the headers of that name.
func (d *draft) setHeader(name, value string) {
	d.dropHeader(name)
	d.headers = append(slices.Clip(d.headers), model.Header{Name: name, Value: value})
}

func (d *draft) dropHeader(name string) {
	d.headers = slices.DeleteFunc(slices.Clone(d.headers), func(h model.Header) bool { return h.Name == name })
}

// setArgument replaces the query's parameters of that name; absent removes them.
func (d *draft) setArgument(name string, s sample) {
	var parts []string
	for part := range strings.SplitSeq(d.query, "&") {
		if key, _, _ := strings.Cut(part, "="); key != encodeArgument(name) && part != "" {
			parts = append(parts, part)
		}
	}
	if !s.absent {
		parts = append(parts, encodeArgument(name)+"="+encodeArgument(s.text))
	}
	d.query = strings.Join(parts, "&")
}

func (d *draft) setCookie(name string, s sample) {
	var parts []string
	for _, h := range d.headers {
		if h.Name != "cookie" {
			continue
		}
		for part := range strings.SplitSeq(h.Value, "; ") {
			if key, _, _ := strings.Cut(part, "="); key != name {
				parts = append(parts, part)
			}
		}
	}
	if !s.absent {
		parts = append(parts, name+"="+s.text)
	}
	d.dropHeader("cookie")
	if len(parts) > 0 {
		d.setHeader("cookie", strings.Join(parts, "; "))
	}
}

// setTarget takes a path as it is sent, with its query.
func (d *draft) setTarget(target string) { d.path, d.query, _ = strings.Cut(target, "?") }

// request is the finished request.
func (d *draft) request() *model.Request {
	r := &model.Request{
		Method: d.method, Scheme: d.scheme, Authority: d.host, Target: d.path, Headers: d.headers,
		LocalPort: d.local, Destination: d.destination, Remote: netip.AddrPortFrom(d.remote, 40000), Random: d.random,
	}
	if port := d.destination.Port(); port != 0 && d.local != model.InboundPort && !strings.Contains(d.host, ":") {
		r.Authority = fmt.Sprintf("%s:%d", d.host, port)
	}
	if d.query != "" {
		r.Target += "?" + d.query
	}
	if d.scheme == "https" || d.serverName != "" {
		r.Scheme, r.TLS = "https", &model.TLS{ServerName: d.serverName, Certificate: d.certificate}
	}
	return r
}

// weight is how much there is to read: of witnesses that show the same, the lightest is shown.
func (d *draft) weight() int {
	w := hostWeight(d.host) + len(d.path) + 10*len(d.query)
	for _, h := range d.headers {
		w += 100 + len(h.Value)
	}
	if d.method != "" {
		w += 50
	}
	if d.random != 0 {
		w++
	}
	return w
}

// requestKey is the same text for requests that are the same.
func requestKey(r *model.Request) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %s %s %d %v %v %x",
		r.Method, r.Scheme, r.Authority, r.Target, r.LocalPort, r.Destination, r.Remote, r.Random)
	for _, h := range r.Headers {
		fmt.Fprintf(&b, "\n%s: %s", h.Name, h.Value)
	}
	if r.TLS != nil {
		fmt.Fprintf(&b, "\n%s %t", r.TLS.ServerName, r.TLS.Certificate)
	}
	return b.String()
}

// encodePath is a decoded path as a client sends it.
func encodePath(path string) string {
	return escape(path, func(c byte) bool { return strings.IndexByte("%?#\\\"<>^`{|}", c) >= 0 })
}

func encodeArgument(s string) string {
	return escape(s, func(c byte) bool { return strings.IndexByte("%&=+#\"<>", c) >= 0 })
}

func escape(s string, special func(byte) bool) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || special(c) {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
