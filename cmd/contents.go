package cmd

import (
	"fmt"
	"strings"

	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// contents counts what a snapshot holds: "2 clusters, 1 listener, …".
func contents(s *snapshot.Snapshot) string {
	parts := []string{
		count(s.Clusters().Len(), "cluster"),
		count(s.Listeners().Len(), "listener"),
		count(s.RouteConfigurations().Len(), "route configuration"),
		count(s.Endpoints().Len(), "load assignment"),
	}
	if n := s.Secrets().Len(); n > 0 {
		parts = append(parts, count(n, "secret"))
	}
	return strings.Join(parts, ", ")
}

// count is "1 cluster" or "2 clusters".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
