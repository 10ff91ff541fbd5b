package xds

import (
	"context"
	"fmt"
	"testing"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/envoyproxy/go-control-plane/pkg/cache/types"
	"github.com/envoyproxy/go-control-plane/pkg/cache/v3"
	resourcev3 "github.com/envoyproxy/go-control-plane/pkg/resource/v3"
	serverv3 "github.com/envoyproxy/go-control-plane/pkg/server/v3"

	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// controlPlane is go-control-plane's server.
type controlPlane struct {
	address string
	cache   cache.SnapshotCache
}

func newControlPlane(t *testing.T) *controlPlane {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	t.Cleanup(stop)
	c := &controlPlane{cache: cache.NewSnapshotCache(true, cache.IDHash{}, nil)}
	l := listen(t, "tcp", "127.0.0.1:0")
	c.address = l.Addr().String()
	start(t, l, struct {
		discoveryv3.AggregatedDiscoveryServiceServer
	}{serverv3.NewServer(ctx, c.cache, nil)})
	return c
}

// set gives the node me n clusters, each with an endpoint on that port, and a listener with a route of that number.
func (c *controlPlane) set(t *testing.T, port uint32, n int) {
	t.Helper()
	number := fmt.Sprint(port)
	resources := map[resourcev3.Type][]types.Resource{
		resourcev3.ListenerType: {listener("l", number)},
		resourcev3.RouteType:    {route(number)},
	}
	for i := range n {
		name := fmt.Sprintf("cluster-%d", i)
		resources[resourcev3.ClusterType] = append(resources[resourcev3.ClusterType], cluster(name))
		resources[resourcev3.EndpointType] = append(resources[resourcev3.EndpointType], endpoints(name, port))
	}
	s, err := cache.NewSnapshot(fmt.Sprintf("%d/%d", port, n), resources)
	if err == nil {
		err = c.cache.SetSnapshot(context.Background(), "me", s)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// holds reports whether a snapshot is what set has set.
func (c *controlPlane) holds(s *snapshot.Snapshot, port uint32, n int) bool {
	_, ok := s.RouteConfigurations().Get(fmt.Sprint(port))
	if !ok || s.RouteConfigurations().Len() != 1 || s.Clusters().Len() != n || s.Endpoints().Len() != n {
		return false
	}
	for _, a := range s.Endpoints().All() {
		if portOf(a) != port {
			return false
		}
	}
	return true
}

func TestGoControlPlane(t *testing.T) {
	for _, mode := range []Mode{Auto, Delta, StateOfTheWorld} {
		t.Run(mode.String(), func(t *testing.T) {
			plane := newControlPlane(t)
			p := newProxy(t, plane.address, nil)
			f := follow(t, Config{Address: p.address(t), Mode: mode})
			steps := []struct {
				port uint32
				n    int
			}{{1, 1}, {2, 1}, {2, 50}, {3, 50}, {3, 10}, {4, 0}, {5, 20}}
			for i, step := range steps {
				if i%2 == 1 {
					p.cut()
				}
				plane.set(t, step.port, step.n)
				f.until(t, fmt.Sprint(step), func(s *snapshot.Snapshot) bool { return plane.holds(s, step.port, step.n) })
			}
		})
	}
}
