package apisix_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/amesh-render/amesh-render/model"
	router "github.com/amesh-render/amesh-render/model/apisix"
)

// A tally counts requests by what they came to, and connections to stream routes.
type tally struct{ asked, agreed, differed, unknown, slow, streams int }

type verdict int

const (
	agreed verdict = iota
	differed
	unknown // the model does not know what becomes of it
	slow    // APISIX would wait first
)

func (c *tally) count(v verdict) {
	c.asked++
	switch v {
	case agreed:
		c.agreed++
	case differed:
		c.differed++
	case unknown:
		c.unknown++
	case slow:
		c.slow++
	}
}

func (c *tally) add(o *tally) {
	c.asked, c.agreed, c.differed = c.asked+o.asked, c.agreed+o.agreed, c.differed+o.differed
	c.unknown, c.slow, c.streams = c.unknown+o.unknown, c.slow+o.slow, c.streams+o.streams
}

func (c *tally) String() string {
	return fmt.Sprintf("%d requests: %d as the model says, %d otherwise; not asked: %d that it does not know, %d that are delayed; "+
		"%d connections to stream routes", c.asked, c.agreed, c.differed, c.unknown, c.slow, c.streams)
}

// sendable is the request as this machine can send it: from loopback, in plain text, and without spaces around the values of
// headers, which are no part of them.
func sendable(r *model.Request, port int) *model.Request {
	out := *r
	out.Scheme, out.TLS, out.Destination = "http", nil, netip.AddrPort{}
	out.Remote = netip.MustParseAddrPort("127.0.0.1:40000")
	out.Protocol = "http/1.1"
	out.Headers = nil
	for _, h := range r.Headers {
		out.Headers = append(out.Headers, model.Header{Name: h.Name, Value: strings.Trim(h.Value, " \t")})
	}
	if out.LocalPort < 1024 || out.LocalPort == 15001 || out.LocalPort == 15006 {
		out.LocalPort = uint16(port)
	}
	return &out
}

// draws are how many random numbers are tried to find all that may become of a request.
const draws = 2000

// possible are the outcomes of a request, each once.
func possible(m *router.Router, r *model.Request) (outcomes []model.Outcome) {
	seen := map[string]bool{}
	for n := range uint64(draws) {
		q := *r
		q.Random = n * 0x9e3779b97f4a7c15
		o := m.Route(&q, nil)
		if key := fmt.Sprint(o.Kind, o.Status, o.Cluster, o.Path, o.Host, o.Delay, o.ResponseHeaders); !seen[key] {
			seen[key] = true
			outcomes = append(outcomes, o)
		}
	}
	return outcomes
}

func tryRequest(t *testing.T, m *router.Router, nodes map[string][]string, r *model.Request) verdict {
	outcomes := possible(m, r)
	for _, o := range outcomes {
		switch {
		case o.Kind == model.Undecided || len(o.Unmodelled) > 0:
			return unknown
		case o.Delay > time.Second:
			return slow
		}
	}
	got, err := send(r)
	if err != nil {
		t.Errorf("%s: %v", shown(r), err)
		return differed
	}
	var wants []string
	for _, o := range outcomes {
		want := expected(o)
		if got.meets(want, nodes[o.Cluster]) {
			return agreed
		}
		wants = append(wants, want.String()+" by "+o.Route)
	}
	t.Errorf("%s:\n got %v\nwant %s", shown(r), got, strings.Join(wants, "\n  or "))
	return differed
}

func shown(r *model.Request) string {
	return fmt.Sprintf("%s %s, Host %q, port %d, headers %q", r.Method, r.Target, r.Authority, r.LocalPort, r.Headers)
}

// An answer is what the client sees, and what the upstream says that it has seen.
type answer struct {
	status           int
	location         string
	node, path, host string // "" if no upstream has answered
	peer             string // from which address it was called
	header           http.Header
}

func (a answer) String() string {
	if a.node != "" {
		return fmt.Sprintf("upstream %s, path %s, host %s", a.node, a.path, a.host)
	}
	return fmt.Sprintf("status %d, location %q", a.status, a.location)
}

// meets compares with what is expected; nodes are those of the upstream that is.
func (a answer) meets(want answer, nodes []string) bool {
	if want.node == "" {
		return a.node == "" && a.status == want.status && a.location == want.location
	}
	return slices.Contains(nodes, a.node) && a.path == want.path && a.host == want.host
}

// expected is what the model's outcome comes to; of an upstream, node is its name.
func expected(o model.Outcome) answer {
	if o.Kind == model.Routed && o.Status == 0 {
		return answer{node: o.Cluster, path: o.Path, host: o.Host}
	}
	out := answer{status: o.Status}
	for _, h := range o.ResponseHeaders {
		if strings.EqualFold(h.Name, "location") {
			out.location = h.Value
		}
	}
	return out
}

// send sends the request byte for byte as it stands.
func send(r *model.Request) (a answer, err error) {
	c, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", r.LocalPort), patience)
	if err != nil {
		return a, err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(c, wire(r)); err != nil {
		return a, err
	}
	response, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: r.Method})
	if err != nil {
		return a, err
	}
	response.Body.Close()
	return answer{
		status: response.StatusCode, location: response.Header.Get("Location"),
		node: response.Header.Get(nodeHeader), path: response.Header.Get(pathHeader), host: response.Header.Get(hostHeader),
		peer: response.Header.Get(peerHeader), header: response.Header,
	}, nil
}

func wire(r *model.Request) string {
	var b strings.Builder
	method := r.Method
	if method == "" {
		method = "GET"
	}
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\n", method, r.Target)
	if r.Authority != "" {
		fmt.Fprintf(&b, "Host: %s\r\n", r.Authority)
	}
	length := false
	for _, h := range r.Headers {
		fmt.Fprintf(&b, "%s: %s\r\n", h.Name, h.Value)
		length = length || h.Name == "content-length" || h.Name == "transfer-encoding"
	}
	if !length && method != "GET" && method != "HEAD" {
		b.WriteString("Content-Length: 0\r\n")
	}
	b.WriteString("\r\n")
	return b.String()
}
