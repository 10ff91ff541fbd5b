package render

import (
	"slices"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"

	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// reads are the resources that a part of rendering has looked at, by name, whether they were there or not. While none of
// them changes, the part comes out the same. All that reads resources by name goes through the methods below.
type reads struct {
	clusters, endpoints, routes, secrets []string

	everyCluster bool // the names of all clusters
}

func (r *reads) add(s reads) {
	r.clusters = append(r.clusters, s.clusters...)
	r.endpoints = append(r.endpoints, s.endpoints...)
	r.routes = append(r.routes, s.routes...)
	r.secrets = append(r.secrets, s.secrets...)
	r.everyCluster = r.everyCluster || s.everyCluster
}

// changes are the names of resources that have come, gone or changed since the rendering before.
type changes struct {
	clusters, endpoints, routes, secrets map[string]bool

	everyCluster bool // which clusters there are
	listeners    bool // any of them
}

func changesBetween(before, after *snapshot.Snapshot) *changes {
	return &changes{
		clusters:     nameSet(snapshot.Changed(before.Clusters(), after.Clusters())),
		endpoints:    nameSet(snapshot.Changed(before.Endpoints(), after.Endpoints())),
		routes:       nameSet(snapshot.Changed(before.RouteConfigurations(), after.RouteConfigurations())),
		secrets:      nameSet(snapshot.Changed(before.Secrets(), after.Secrets())),
		listeners:    len(snapshot.Changed(before.Listeners(), after.Listeners())) > 0,
		everyCluster: !sameNames(before.Clusters(), after.Clusters()),
	}
}

func nameSet(names []string) map[string]bool {
	set := make(map[string]bool, len(names))
	for _, name := range names {
		set[name] = true
	}
	return set
}

func sameNames(a, b snapshot.Set[*clusterv3.Cluster]) bool {
	if a.Len() != b.Len() {
		return false
	}
	for i, c := range a.Resources() {
		if d := b.Resources()[i]; c != d && c.Name() != d.Name() {
			return false
		}
	}
	return true
}

// touch reports whether anything that was read has changed.
func (c *changes) touch(r *reads) bool {
	return touches(c.clusters, r.clusters) || touches(c.endpoints, r.endpoints) || touches(c.routes, r.routes) ||
		touches(c.secrets, r.secrets) || c.everyCluster && r.everyCluster
}

func touches(set map[string]bool, names []string) bool {
	if len(set) == 0 {
		return false
	}
	for _, name := range names {
		if set[name] {
			return true
		}
	}
	return false
}

// note adds a name, unless it is one of the last.
func note(names *[]string, name string) {
	if list := *names; !slices.Contains(list[max(0, len(list)-4):], name) {
		*names = append(list, name)
	}
}

// cluster is the cluster of that name; nil when there is none.
func (r *renderer) cluster(name string) *clusterv3.Cluster {
	note(&r.reads.clusters, name)
	return r.clusters.get(r.snapshot.Clusters().Resource(name))
}

// byEDS are the endpoints of that name that came by EDS.
func (r *renderer) byEDS(name string) (*endpointv3.ClusterLoadAssignment, bool) {
	note(&r.reads.endpoints, name)
	return r.snapshot.Endpoints().Get(name)
}

// routeConfiguration is the route configuration of that name; nil when there is none.
func (r *renderer) routeConfiguration(name string) *snapshot.Resource[*routev3.RouteConfiguration] {
	note(&r.reads.routes, name)
	return r.snapshot.RouteConfigurations().Resource(name)
}

// secret is the secret of that name; nil when there is none.
func (r *renderer) secret(name string) *tlsv3.Secret {
	note(&r.reads.secrets, name)
	s, _ := r.snapshot.Secrets().Get(name)
	return s
}

// clusterNames are the names of all clusters.
func (r *renderer) clusterNames() []string {
	r.reads.everyCluster = true
	return r.snapshot.Clusters().Names()
}

// decodedClusters keeps the clusters that were decoded last: those of a route are asked for several times in a row, and all
// of them would take much memory.
type decodedClusters struct {
	ring [64]decodedCluster
	next int
}

type decodedCluster struct {
	resource *snapshot.Resource[*clusterv3.Cluster]
	message  *clusterv3.Cluster
}

func (d *decodedClusters) get(r *snapshot.Resource[*clusterv3.Cluster]) *clusterv3.Cluster {
	if r == nil {
		return nil
	}
	for i := range d.ring {
		if d.ring[i].resource == r {
			return d.ring[i].message
		}
	}
	m := r.Message()
	d.ring[d.next] = decodedCluster{r, m}
	d.next = (d.next + 1) % len(d.ring)
	return m
}
