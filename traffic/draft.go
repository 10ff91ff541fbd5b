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
	method, host, path, query string
	headers                   []model.Header
	local                     uint16
	destination               netip.AddrPort
	remote                    netip.Addr
	random                    uint64
}

// edit changes a draft so that it meets, or misses, a condition.
type edit func(*draft)

// Stand-ins where no condition asks for another address: of the ranges that RFC 5737 keeps for examples, which no mesh uses.
var (
	// Client is the address from which requests come.
	Client = netip.MustParseAddr("198.51.100.1")
	// Destination is the one that they are dialled to, if they are intercepted.
	Destination = netip.MustParseAddr("203.0.113.1")
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

// target is the path and the query as they are sent.
func (d *draft) target() string {
	if d.query == "" {
		return d.path
	}
	return d.path + "?" + d.query
}

// request is the finished request: one by plain HTTP. Clients leave the port 80 out of the Host header.
func (d *draft) request() *model.Request {
	r := &model.Request{
		Method: d.method, Authority: d.host, Target: d.target(), Headers: d.headers,
		LocalPort: d.local, Destination: d.destination, Remote: netip.AddrPortFrom(d.remote, 40000), Random: d.random,
	}
	if port := d.destination.Port(); d.local == model.OutboundPort && port != httpPort {
		r.Authority = fmt.Sprintf("%s:%d", d.host, port)
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
	fmt.Fprintf(&b, "%s %s %s %d %v %v %x", r.Method, r.Authority, r.Target, r.LocalPort, r.Destination, r.Remote, r.Random)
	for _, h := range r.Headers {
		fmt.Fprintf(&b, "\n%s: %s", h.Name, h.Value)
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
