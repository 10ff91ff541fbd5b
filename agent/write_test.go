package agent

import (
	"log/slog"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/amesh-render/amesh-render/render/apisix"
	"github.com/amesh-render/amesh-render/watch"
	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// From a configuration in which one of 6,000 upstreams has changed to the file, and where none has. CPU is in user mode: what
// the system takes to write is not ours.
func BenchmarkOneUpstreamChanged(b *testing.B) {
	for _, changes := range []bool{true, false} {
		b.Run(map[bool]string{true: "changed", false: "unchanged"}[changes], func(b *testing.B) {
			a := &Agent{File: &watch.File{Path: filepath.Join(b.TempDir(), "apisix.yaml"), Generation: true}, Format: apisix.Lines,
				Log: slog.New(slog.DiscardHandler), Metrics: NewMetrics()}
			c := largeConfig()
			commit := func() {
				_, err := a.planner.Commit(Document{c}, func(d Document) error { return a.write(new(snapshot.Snapshot), d.Config) })
				if err != nil {
					b.Fatal(err)
				}
			}
			commit()
			var before, after syscall.Rusage
			_ = syscall.Getrusage(syscall.RUSAGE_SELF, &before)
			b.ReportAllocs()
			for n := 0; b.Loop(); n++ {
				if changes {
					c = changed(c, n*7%6000, false)
				}
				commit()
			}
			_ = syscall.Getrusage(syscall.RUSAGE_SELF, &after)
			b.ReportMetric(float64(after.Utime.Nano()-before.Utime.Nano())/float64(b.N)/1e6, "user-ms/op")
		})
	}
}
