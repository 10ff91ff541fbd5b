package cmd

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/amesh-render/amesh-render/match"
	"github.com/amesh-render/amesh-render/model"
)

var matchCommand = command{
	name:    "match",
	args:    "FILE METHOD URL",
	summary: "explains what becomes of a request, with Envoy and with APISIX",
	help: `
Explains what becomes of one request: which route takes it and why the earlier ones did not, the upstream and its nodes,
path, host and headers as the upstream receives them, and the plugins that have a part in it.

FILE is an xDS dump, of which Envoy's answer is shown beside that of APISIX with what is rendered from the dump, with a
mark where they differ and the findings that announce it; or an apisix.yaml or apisix.json, rendered or written by hand.
"-" is standard input. URL may be without a scheme, which is then http.

Nothing is sent anywhere. The answers are those of two models of how the proxies route; what they do not know is told as
undecided. Where random numbers decide, all outcomes are shown with their shares, or with --random the one that a number
leads to.

A request through a sidecar is dialled to the service's own address, where FILE knows it, and to the URL's port; one to a
gateway arrives on the URL's port, or on 8080 for 80 and 8443 for 443, if it is there that the gateway listens.
`,
	examples: []example{
		{"A request through a sidecar, by a dump of it:",
			"amesh-render match config_dump.json GET reviews:9080/reviews/1 -H 'end-user: jason'"},
		{"A request to the pod:", "amesh-render match config_dump.json GET productpage:9080/health --direction inbound"},
		{"By a file of APISIX's, for a program:", "amesh-render match apisix.yaml POST http://shop.example.com/cart -o json"},
	},
	environment: []variable{{"NO_COLOR", "if not empty, no colours on a terminal"}},
	exits: exits{
		exitOK:      "a route takes the request, even one that answers by itself",
		exitNo:      "none does, or with --strict the proxies differ",
		exitTrouble: "the file or the request makes no sense, or the models cannot tell",
	},
	seeAlso: []string{"diff", "once", "docs/match.md", "docs/limits.md"},
	flags: func(set *pflag.FlagSet) func(Streams, []string) error {
		f := new(matchFlags)
		set.StringArrayVarP(&f.headers, "header", "H", nil, "a `HEADER` of the request, 'name: value'; may be repeated. Host replaces the URL's host")
		set.StringVar(&f.direction, "direction", "", "`WAY` through a sidecar (default outbound)")
		choices(set, "direction", "outbound: from the pod", "inbound: to the pod")
		set.StringVar(&f.port, "port", "", "`PORT` that the client dials, or on which the gateway receives the request (default: the URL's)")
		set.StringVar(&f.destination, "destination", "", "`IP:PORT` that the client dials (default: the service's, if FILE knows it)")
		set.StringVar(&f.remote, "remote", "", "`IP` of the client (default: the pod's own for outbound requests)")
		set.BoolVar(&f.http2, "http2", false, "the request comes over HTTP/2")
		set.StringVar(&f.random, "random", "", "`NUMBER` that the request draws where a share of the requests decides (default: show all outcomes)")
		set.StringVarP(&f.output, "output", "o", "text", "`FORMAT` of the output")
		choices(set, "output", "text: for people", "json: for programs")
		set.BoolVar(&f.all, "all", false, "show all routes that were tried, all nodes and all findings")
		set.BoolVar(&f.strict, "strict", false, "exit with code 1 if the proxies differ")
		markCommandLineOnly(set)
		f.declareInput(set)
		return f.run
	},
}

type matchFlags struct {
	headers                                      []string
	direction, port, destination, remote, random string
	output                                       string
	http2, all, strict                           bool
	inputFlags
}

func (f *matchFlags) run(s Streams, args []string) error {
	if len(args) != 3 {
		return usageError{fmt.Errorf("%d arguments given, and it takes three: FILE METHOD URL", len(args))}
	}
	q, err := f.query(args[1], args[2])
	if err != nil {
		return usageError{err}
	}
	mesh, err := f.loadMesh(args[0], s)
	if err != nil {
		return err
	}
	answer, err := mesh.Explain(q)
	if err != nil {
		return usageError{err}
	}
	if err := f.write(answer, s.Out); err != nil {
		return err
	}
	return f.verdict(answer)
}

// verdict is the error that stands for the exit code.
func (f *matchFlags) verdict(a *match.Answer) error {
	routed, decided := a.Routed()
	switch {
	case !decided:
		return errors.New("undecided: the model of APISIX does not know what becomes of the request")
	case !routed, f.strict && a.Comparison != match.Same && a.Envoy != nil:
		return errNo
	}
	return nil
}

// query is what the flags and arguments say about the request.
func (f *matchFlags) query(method, url string) (q match.Query, err error) {
	if q.Method, err = match.ParseMethod(method); err != nil {
		return q, err
	}
	if q.URL, err = match.ParseURL(url); err != nil {
		return q, err
	}
	if q.Headers, err = parseHeaders(f.headers); err != nil {
		return q, err
	}
	if q.Direction, err = match.ParseDirection(f.direction); err != nil {
		return q, err
	}
	if f.port != "" {
		if q.Port, err = match.ParsePort(f.port); err != nil {
			return q, err
		}
	}
	if f.destination != "" {
		if q.Destination, err = netip.ParseAddrPort(f.destination); err != nil {
			return q, fmt.Errorf("destination %q is not of the form IP:PORT", f.destination)
		}
	}
	if f.remote != "" {
		if q.Remote, err = netip.ParseAddr(f.remote); err != nil {
			return q, fmt.Errorf("remote address %q is not an IP address", f.remote)
		}
	}
	if f.random != "" {
		n, err := parseRandom(f.random)
		if err != nil {
			return q, fmt.Errorf("random number %q is not a whole number from 0 to 2^64-1, decimal or with 0x", f.random)
		}
		q.Random = &n
	}
	q.HTTP2 = f.http2
	return q, nil
}

// parseRandom reads a random number: decimal, or, as diff --traffic tells it, hexadecimal after 0x.
func parseRandom(text string) (uint64, error) {
	if digits, hexadecimal := strings.CutPrefix(text, "0x"); hexadecimal {
		return strconv.ParseUint(digits, 16, 64)
	}
	return strconv.ParseUint(text, 10, 64)
}

func parseHeaders(texts []string) (headers []model.Header, err error) {
	for _, text := range texts {
		h, err := match.ParseHeader(text)
		if err != nil {
			return nil, err
		}
		headers = append(headers, h)
	}
	return headers, nil
}

// write writes the answer in the format that was asked for.
func (f *matchFlags) write(a *match.Answer, w io.Writer) error {
	if f.output == "json" {
		return writeJSON(w, a)
	}
	t := &matchText{palette: colours(w, os.Getenv), all: f.all}
	t.answer(a)
	_, err := io.WriteString(w, t.String())
	return err
}
