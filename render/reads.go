package render

import (
	"hash/maphash"
	"slices"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"google.golang.org/protobuf/proto"

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

// A footprint stands for reads, or for changes: where two share no bit, the one does not touch the other. Side by side, those
// of all parts of a mesh are gone through at no cost.
type footprint uint64

const everyCluster footprint = 1 << 63 // the last bit; names have the others

var footprintSeed = maphash.MakeSeed() // what it decides is only whether to look more closely

func (f *footprint) add(names []string) {
	for _, name := range names {
		*f |= 1 << (maphash.String(footprintSeed, name) % 63)
	}
}

func (r *reads) footprint() (f footprint) {
	f.add(r.clusters)
	f.add(r.endpoints)
	f.add(r.routes)
	f.add(r.secrets)
	if r.everyCluster {
		f |= everyCluster
	}
	return f
}

// changes are the names of resources that have come, gone or changed since the rendering before.
type changes struct {
	clusters, endpoints, routes, secrets map[string]bool

	everyCluster bool // which clusters there are
	listeners    bool // any of them

	footprint footprint // of all but listeners
}

func changesBetween(before, after *snapshot.Snapshot) *changes {
	c := &changes{
		listeners:    len(snapshot.Changed(before.Listeners(), after.Listeners())) > 0,
		everyCluster: !sameNames(before.Clusters(), after.Clusters()),
	}
	c.clusters = c.set(snapshot.Changed(before.Clusters(), after.Clusters()))
	c.endpoints = c.set(snapshot.Changed(before.Endpoints(), after.Endpoints()))
	c.routes = c.set(snapshot.Changed(before.RouteConfigurations(), after.RouteConfigurations()))
	c.secrets = c.set(snapshot.Changed(before.Secrets(), after.Secrets()))
	if c.everyCluster {
		c.footprint |= everyCluster
	}
	return c
}

func (c *changes) set(names []string) map[string]bool {
	c.footprint.add(names)
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

// mayTouch reports whether anything of what has this footprint may have changed. If not, touch need not be asked.
func (c *changes) mayTouch(f footprint) bool { return c.footprint&f != 0 }

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
	return r.lastClusters.get(&r.reader, r.snapshot.Clusters().Resource(name))
}

// byEDS are the endpoints of that name that came by EDS.
func (r *renderer) byEDS(name string) (*endpointv3.ClusterLoadAssignment, bool) {
	note(&r.reads.endpoints, name)
	endpoints := r.snapshot.Endpoints().Resource(name)
	return r.lastEndpoints.get(&r.reader, endpoints), endpoints != nil
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

// A decoding decodes resources while one snapshot is rendered. It keeps those that were decoded last, which are often asked
// for several times in a row; to keep all would take much memory.
type decoding struct {
	reader        snapshot.Reader
	lastClusters  latest[*clusterv3.Cluster]
	lastEndpoints latest[*endpointv3.ClusterLoadAssignment]
	lastOptions   decodedOptions
}

func newDecoding() *decoding {
	return &decoding{lastClusters: make(latest[*clusterv3.Cluster], 0, 64), lastEndpoints: make(latest[*endpointv3.ClusterLoadAssignment], 0, 2)}
}

// latest are as many resources as it has room for: those that were decoded last, in that order.
type latest[T proto.Message] []struct {
	resource *snapshot.Resource[T]
	message  T
}

func (d *latest[T]) get(reader *snapshot.Reader, r *snapshot.Resource[T]) (m T) {
	if r == nil {
		return m
	}
	for _, one := range slices.Backward(*d) {
		if one.resource == r {
			return one.message
		}
	}
	m = snapshot.Read(reader, r)
	if len(*d) == cap(*d) {
		*d = slices.Delete(*d, 0, 1)
	}
	*d = append(*d, struct {
		resource *snapshot.Resource[T]
		message  T
	}{r, m})
	return m
}
