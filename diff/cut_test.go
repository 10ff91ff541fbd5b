package diff_test

import (
	"strings"
	"testing"

	"github.com/amesh-render/amesh-render/diff"
)

// However long two values are, the text forms show where they differ.
func TestLongValuesShowTheirDifference(t *testing.T) {
	side := func(end string) diff.Side {
		long := strings.Repeat("a", 500) + end + strings.Repeat("b", 500)
		return oddSide(t, "routes:\n  - {id: r, uri: /*, upstream_id: u, vars: [[http_x, ==, "+long+"]], plugins: {echo: {body: "+long+"}}}\n"+
			"upstreams:\n  - {id: u, type: roundrobin, nodes: []}")
	}
	f := diff.Compare(side("before"), side("after"), diff.Options{Traffic: true})
	r := diff.NewReport(f)
	for name, write := range map[string]func(*strings.Builder) error{
		"text":     func(b *strings.Builder) error { return r.WriteText(b, diff.Style{}) },
		"markdown": func(b *strings.Builder) error { return r.WriteMarkdown(b) },
	} {
		var b strings.Builder
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		if out := b.String(); strings.Count(out, "before") < 2 || strings.Count(out, "after") < 2 {
			t.Errorf("%s:\n%s", name, out)
		}
	}
}
