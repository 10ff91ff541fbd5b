package tests

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"strconv"
	"testing"

	"github.com/amesh-render/amesh-render/diff"
	"github.com/amesh-render/amesh-render/match"
	"github.com/amesh-render/amesh-render/model"
	"github.com/amesh-render/amesh-render/model/modeltest"
	"github.com/amesh-render/amesh-render/render"
	config "github.com/amesh-render/amesh-render/render/apisix"
	"github.com/amesh-render/amesh-render/traffic"
)

// What diff --traffic tells of a request is all that it takes to ask match about it, and the answers are those that diff
// tells of, on both sides.
func TestWitnessesCanBeAskedAbout(t *testing.T) {
	witnesses := 0
	for seed := range uint64(8) {
		rng := rand.New(rand.NewPCG(seed, 6))
		mesh := modeltest.NewMesh(rng)
		if seed == 0 { // which takes its time
			mesh = modeltest.NewWideMesh(rng)
		}
		old := rendered(t, mesh)
		for range 12 {
			editRoute(rng, mesh)
		}
		witnesses += askAbout(t, old, rendered(t, mesh))
	}
	t.Logf("%d witnesses", witnesses)
	if witnesses < 30 {
		t.Errorf("%d witnesses: too few to mean anything", witnesses)
	}
}

// The same of what people write by hand: gateways, conditions on what clients cannot choose, odd values.
func TestWitnessesOfHandWrittenRoutes(t *testing.T) {
	sendable := map[string]bool{"a gateway's port": true, "no port": true, "a sidecar": true, "inbound": true, "a client": true}
	for name, vars := range map[string][]config.Expr{
		"a gateway's port":     {config.Compare("server_port", "==", "9080")},
		"no port":              {config.Compare("server_port", "~=", "9080")},
		"a sidecar":            {config.Compare("server_port", "==", "15001"), config.Compare("connection_original_dst", "==", "10.0.0.1:80")},
		"no destination":       {config.Compare("server_port", "==", "15001"), config.Not(config.Present("connection_original_dst"))},
		"inbound":              {config.Compare("server_port", "==", "15006"), config.Compare("connection_original_dst", "~~", `:8080\z`)},
		"https":                {config.Compare("scheme", "==", "https")},
		"a header by nginx":    {config.Compare("http_x_forwarded_proto", "==", "https")},
		"a value with a break": {config.Compare("http_x_a", "==", "a\nb")},
		"a value with a space": {config.Compare("http_x_a", "==", " b")},
		"no name of a header":  {config.Compare("http_x.a", "==", "b")},
		"letters beyond ASCII": {config.Compare("http_x_a", "==", "ü")},
		"an odd method":        {config.Compare("request_method", "==", "get2")},
		"a path without slash": {config.Compare("uri", "==", "x")},
		"a client":             {config.Compare("remote_addr", "ipmatch", []any{"10.0.0.0/33"})},
		"a query with a hash":  {config.Compare("args", "==", "a#b c")},
	} {
		upstreams := []*config.Upstream{{ID: "u", Nodes: []config.Node{{Host: "10.0.0.9", Port: 80, Weight: 1}}}}
		all := &config.Route{ID: "all", URI: "/*", Hosts: []string{"A.test"}, UpstreamID: "u"}
		special := &config.Route{ID: "special", URI: "/*", Hosts: []string{"a.test"}, Priority: 1, Vars: vars, Plugins: &config.Plugins{
			FaultInjection: &config.FaultInjection{Abort: &config.Abort{HTTPStatus: 418}}}}
		other := &config.Route{ID: "other", URI: "/other", Vars: vars[:1], UpstreamID: "u"} // so that both serve the same ports
		old := &config.Config{Routes: []*config.Route{all, other}, Upstreams: upstreams}
		new := &config.Config{Routes: []*config.Route{all, other, special}, Upstreams: upstreams}
		t.Run(name, func(t *testing.T) {
			if n := askAbout(t, old, new); (n > 0) != sendable[name] {
				t.Errorf("%d witnesses", n)
			}
		})
	}
}

// askAbout asks match about all that diff tells of, and returns how much that is.
func askAbout(t *testing.T, old, new *config.Config) int {
	t.Helper()
	changes := traffic.Compare(old, new).Changes
	told := diff.Compare(diff.Side{Config: old}, diff.Side{Config: new}, diff.Options{Traffic: true}).Traffic.Witnesses
	if len(told) != len(changes) {
		t.Fatalf("%d witnesses of %d changes", len(told), len(changes))
	}
	before, after := match.OfConfig(old, render.Options{}), match.OfConfig(new, render.Options{})
	for i, w := range told {
		q := askedBy(t, w)
		check := func(mesh *match.Mesh, want model.Outcome) {
			answer, err := mesh.Explain(q)
			if err != nil {
				t.Fatalf("%+v: %v", w, err)
			}
			if !slices.ContainsFunc(answer.APISIX.Outcomes, func(o match.Outcome) bool { return isOutcome(o, want) }) {
				t.Errorf("%+v\nmatch says  %+v\ndiff says   %v", w, answer.APISIX.Outcomes, want)
			}
		}
		check(before, changes[i].Old)
		check(after, changes[i].New)
	}
	return len(told)
}

// isOutcome says whether match's outcome is that of a change, of which an upstream without nodes is an answer.
func isOutcome(o match.Outcome, want model.Outcome) bool {
	kind, path := want.Kind.String(), want.Path
	if want.Kind == model.Answered && len(want.Clusters) > 0 {
		kind = model.Routed.String()
	}
	if len(want.Clusters) == 1 && o.Upstream != nil && o.Upstream.Name != want.Clusters[0].Cluster {
		return false
	}
	return o.Kind == kind && o.Status == want.Status && o.Path == path && o.Host == want.Host && o.Body == want.Body &&
		(o.Route == nil) == (want.Route == "") && (o.Route == nil || o.Route.Path == want.Route)
}

// askedBy is what a person would type after match FILE.
func askedBy(t *testing.T, w diff.Witness) match.Query {
	t.Helper()
	var q match.Query
	must := func(err error) {
		if err != nil {
			t.Fatalf("%+v: %v", w, err)
		}
	}
	var err error
	q.Method, err = match.ParseMethod(w.Method)
	must(err)
	q.URL, err = match.ParseURL(w.URL)
	must(err)
	for _, h := range w.Headers {
		header, err := match.ParseHeader(h.Name + ": " + h.Value)
		must(err)
		q.Headers = append(q.Headers, header)
	}
	q.Direction, err = match.ParseDirection(w.Direction)
	must(err)
	q.Port = w.Port
	if w.Destination != "" {
		q.Destination, err = netip.ParseAddrPort(w.Destination)
		must(err)
	}
	if w.Client != "" {
		q.Remote, err = netip.ParseAddr(w.Client)
		must(err)
	}
	if w.Draw != "" {
		random, err := strconv.ParseUint(w.Draw, 16, 64)
		must(err)
		q.Random = &random
	}
	return q
}
