package diff_test

import (
	"strings"
	"testing"

	"github.com/amesh-render/amesh-render/diff"
)

// An endpoint of weight 0 gets no requests, unless all have that weight.
func TestSameEndpointsByWeight(t *testing.T) {
	const upstreams = `
upstreams:
  - {id: a, name: a, type: roundrobin, nodes: [{host: 10.0.0.1, port: 80, weight: 1}]}
  - {id: b, name: b, type: roundrobin, nodes: [{host: 10.0.0.1, port: 80, weight: 5}, {host: 10.0.0.2, port: 80, weight: 0}]}
  - {id: c, name: c, type: roundrobin, nodes: [{host: 10.0.0.1, port: 80, weight: 0}]}
  - {id: d, name: d, type: roundrobin, nodes: [{host: 10.0.0.1, port: 80, weight: 0}, {host: 10.0.0.2, port: 80, weight: 0}]}
`
	for to, same := range map[string]bool{"b": true, "c": true, "d": false} {
		side := func(id string) diff.Side {
			return oddSide(t, "routes:\n  - {id: r, uri: /*, upstream_id: "+id+"}\n"+strings.TrimSpace(upstreams))
		}
		f := diff.Compare(side("a"), side(to), diff.Options{Traffic: true})
		if len(f.Traffic.Witnesses) != 1 || f.Traffic.Witnesses[0].SameEndpoints != same {
			t.Errorf("from a to %s: got %+v, want the same endpoints: %t", to, f.Traffic.Witnesses, same)
		}
	}
}

func TestSentenceNamesTheDestination(t *testing.T) {
	const route = `routes:
  - {id: r, uri: /*, vars: [[server_port, ==, "15001"], [connection_original_dst, ==, "10.96.0.7:9080"]], plugins: {fault-injection: {abort: {http_status: 418}}}}`
	f := diff.Compare(diff.Side{}, oddSide(t, route), diff.Options{Traffic: true})
	want := "GET http://any.invalid:9080/, dialled to 10.96.0.7:9080"
	if w := f.Traffic.Witnesses; len(w) != 1 || w[0].Sentence() != want || w[0].Destination != "10.96.0.7:9080" {
		t.Errorf("got %+v, want %q", w, want)
	}
}
