package istiod

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// BenchmarkLatency measures from a VirtualService that is applied to the file that does what it says: the median and the
// worst, and the writes that a change costs. Istiod itself waits 100 ms for further changes. Run it with -benchtime 50x.
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
			m := startMesh(b, "subsets.yaml", "all-v1.yaml")
			a := m.startAgent(b)
			a.await(b, "there is a file", func(*file) bool { return true })
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
			b.ReportMetric(float64(took[len(took)/2].Milliseconds()), "median-ms")
			b.ReportMetric(float64(took[len(took)-1].Milliseconds()), "worst-ms")
			b.ReportMetric(float64(a.writes(b)-writes)/float64(b.N), "writes/op")
			b.ReportMetric(0, "ns/op")
		})
	}
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
