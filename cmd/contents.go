package cmd

import (
	"strings"

	"github.com/amesh-render/amesh-render/internal/printable"
	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// contents counts what a snapshot holds: "2 clusters, 1 listener, …".
func contents(s *snapshot.Snapshot) string {
	parts := []string{
		printable.Count(s.Clusters().Len(), "cluster"),
		printable.Count(s.Listeners().Len(), "listener"),
		printable.Count(s.RouteConfigurations().Len(), "route configuration"),
		printable.Count(s.Endpoints().Len(), "load assignment"),
	}
	if n := s.Secrets().Len(); n > 0 {
		parts = append(parts, printable.Count(n, "secret"))
	}
	return strings.Join(parts, ", ")
}
