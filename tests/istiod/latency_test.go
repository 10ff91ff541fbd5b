package istiod

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// BenchmarkLatency measures from a VirtualService that is applied to the file that does what it says, and the writes that
// a change costs. Istiod itself waits 100 ms for further changes. Run it with -benchtime 50x.
func BenchmarkLatency(b *testing.B) {
	for _, bench := range []struct {
		name   string
		pause  time.Duration // after the file of one change, before the next
		change func(n int) (manifest string, done func(*file) bool)
	}{
		{"quiet", 1500 * time.Millisecond, matchHeader},
		{"busy", 0, matchHeader},
		{"new upstream", 4 * time.Second, changeSubset},
	} {
		b.Run(bench.name, func(b *testing.B) {
			m, a := benchmarkMesh(b)
			writes := a.writes(b)
			var took []time.Duration
			for n := range b.N {
				time.Sleep(bench.pause) // the load, not a condition
				text, done := bench.change(n)
				start := time.Now()
				m.apply(b, text)
				a.await(b, "the change is in the file", done)
				took = append(took, time.Since(start))
			}
			slices.Sort(took)
			report(b, took[len(took)/2], "median-ms")
			report(b, took[len(took)-1], "worst-ms")
			b.ReportMetric(float64(a.writes(b)-writes)/float64(b.N), "writes/op")
		})
	}
}

// BenchmarkBurst measures changes that come so fast that the agent must gather them, but not so fast that istiod does: how
// many writes they cost, and how late the last is in the file.
func BenchmarkBurst(b *testing.B) {
	m, a := benchmarkMesh(b)
	writes := a.writes(b)
	var last time.Time
	for n := range b.N {
		time.Sleep(150 * time.Millisecond) // the load, not a condition
		text, _ := matchHeader(n)
		last = time.Now()
		m.apply(b, text)
	}
	_, done := matchHeader(b.N - 1)
	a.await(b, "the last change is in the file", done)
	report(b, time.Since(last), "last-ms")
	b.ReportMetric(float64(a.writes(b)-writes)/float64(b.N), "writes/op")
}

func benchmarkMesh(b *testing.B) (*mesh, *agent) {
	m := startMesh(b, "subsets.yaml", "all-v1.yaml")
	a := m.startAgent(b)
	a.await(b, "there is a file", func(*file) bool { return true })
	return m, a
}

func report(b *testing.B, d time.Duration, unit string) {
	b.ReportMetric(float64(d.Milliseconds()), unit)
	b.ReportMetric(0, "ns/op") // not shown: it would count the pauses
}

const reviewsService = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews, namespace: default}
spec:
  hosts: [reviews]
  http:
  - match: [{headers: {x-change: {exact: "change-%d"}}}]
    route: [{destination: {host: reviews, subset: v1}}]
  - route: [{destination: {host: reviews, subset: %s}}]
`

// matchHeader changes a route; its upstreams are in the file already.
func matchHeader(n int) (manifest string, done func(*file) bool) {
	return fmt.Sprintf(reviewsService, n, "v1"), func(f *file) bool {
		return strings.Contains(f.text, fmt.Sprintf(`"change-%d"`, n))
	}
}

// changeSubset changes a route to an upstream that is not in the file.
func changeSubset(n int) (manifest string, done func(*file) bool) {
	subset := []string{"v2", "v3"}[n%2]
	return fmt.Sprintf(reviewsService, n, subset), func(f *file) bool {
		return strings.Contains(f.text, fmt.Sprintf(`"change-%d"`, n)) &&
			slices.Contains(f.clusters(outbound, "reviews"), serviceCluster("reviews", subset))
	}
}
