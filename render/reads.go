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
	resources []read

	everyCluster bool // the names of all clusters
}

type read struct {
	kind snapshot.Kind
	name string
}

func (r *reads) add(s reads) {
	r.resources = append(r.resources, s.resources...)
	r.everyCluster = r.everyCluster || s.everyCluster
}

// note adds a resource, unless it is one of the last.
func (r *reads) note(kind snapshot.Kind, name string) {
	if now := (read{kind, name}); !slices.Contains(r.resources[max(0, len(r.resources)-8):], now) {
		r.resources = append(r.resources, now)
	}
}

// A footprint stands for reads, or for changes: where two share no bit, the one does not touch the other. Side by side, those
// of all parts of a mesh are gone through at no cost.
type footprint uint64

const everyCluster footprint = 1 << 63 // the last bit; names have the others

var footprintSeed = maphash.MakeSeed() // what it decides is only whether to look more closely

func (f *footprint) add(name string) { *f |= 1 << (maphash.String(footprintSeed, name) % 63) }

func (r *reads) footprint() (f footprint) {
	for _, one := range r.resources {
		f.add(one.name)
	}
	if r.everyCluster {
		f |= everyCluster
	}
	return f
}

// changes are the resources that have come, gone or changed since the rendering before.
type changes struct {
	resources map[read]bool

	everyCluster bool // which clusters there are
	listeners    bool // any of them
	routes       bool // any route configuration

	footprint footprint // of all but listeners
}

func changesBetween(before, after *snapshot.Snapshot) *changes {
	c := &changes{
		resources:    map[read]bool{},
		listeners:    len(snapshot.Changed(before.Listeners(), after.Listeners())) > 0,
		everyCluster: !sameNames(before.Clusters(), after.Clusters()),
	}
	c.add(snapshot.Cluster, snapshot.Changed(before.Clusters(), after.Clusters()))
	c.add(snapshot.Endpoints, snapshot.Changed(before.Endpoints(), after.Endpoints()))
	routes := snapshot.Changed(before.RouteConfigurations(), after.RouteConfigurations())
	c.add(snapshot.RouteConfiguration, routes)
	c.routes = len(routes) > 0
	c.add(snapshot.Secret, snapshot.Changed(before.Secrets(), after.Secrets()))
	if c.everyCluster {
		c.footprint |= everyCluster
	}
	return c
}

func (c *changes) add(kind snapshot.Kind, names []string) {
	for _, name := range names {
		c.resources[read{kind, name}] = true
		c.footprint.add(name)
	}
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
	return c.everyCluster && r.everyCluster || slices.ContainsFunc(r.resources, func(one read) bool { return c.resources[one] })
}

// cluster is the cluster of that name; nil when there is none.
func (r *renderer) cluster(name string) *clusterv3.Cluster {
	r.reads.note(snapshot.Cluster, name)
	return r.lastClusters.get(&r.reader, r.snapshot.Clusters().Resource(name))
}

// byEDS are the endpoints of that name that came by EDS.
func (r *renderer) byEDS(name string) (*endpointv3.ClusterLoadAssignment, bool) {
	r.reads.note(snapshot.Endpoints, name)
	endpoints := r.snapshot.Endpoints().Resource(name)
	return r.lastEndpoints.get(&r.reader, endpoints), endpoints != nil
}

// routeConfiguration is the route configuration of that name; nil when there is none.
func (r *renderer) routeConfiguration(name string) *snapshot.Resource[*routev3.RouteConfiguration] {
	r.reads.note(snapshot.RouteConfiguration, name)
	return r.snapshot.RouteConfigurations().Resource(name)
}

// secret is the secret of that name; nil when there is none.
func (r *renderer) secret(name string) *tlsv3.Secret {
	r.reads.note(snapshot.Secret, name)
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
	lastLabels    [4]istioConfig
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
