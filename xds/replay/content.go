package replay

import (
	"iter"

	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"github.com/envoyproxy/go-control-plane/pkg/cache/types"
	"google.golang.org/protobuf/proto"

	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// resources are by name.
type resources = map[string]types.Resource

// content is what is served of a snapshot, by kind, and how many resources of it are made up: like istiod, the server has
// an empty answer for each name that it has itself made a client ask for. Silence would keep the client waiting.
func content(s *snapshot.Snapshot, known *references) (all map[snapshot.Kind]resources, empty int) {
	all = map[snapshot.Kind]resources{
		snapshot.Cluster:            collect(s.Clusters().All()),
		snapshot.Endpoints:          collect(s.Endpoints().All()),
		snapshot.Listener:           collect(s.Listeners().All()),
		snapshot.RouteConfiguration: collect(s.RouteConfigurations().All()),
		snapshot.Secret:             collect(s.Secrets().All()),
	}
	for _, missing := range known.missing(all) {
		if _, ok := all[missing.Kind][missing.Name]; !ok {
			all[missing.Kind][missing.Name] = emptyResource(missing.Kind, missing.Name)
			empty++
		}
	}
	return all, empty
}

func collect[T proto.Message](set iter.Seq2[string, T]) resources {
	all := resources{}
	for name, m := range set {
		all[name] = m
	}
	return all
}

// emptyResource is nil for the kinds that are not asked for by name, and for secrets, which istiod does not answer either.
func emptyResource(k snapshot.Kind, name string) types.Resource {
	switch k {
	case snapshot.Endpoints:
		return &endpointv3.ClusterLoadAssignment{ClusterName: name}
	case snapshot.RouteConfiguration:
		return &routev3.RouteConfiguration{Name: name}
	}
	return nil
}

// difference is what turns old into next.
func difference(old, next resources) (update resources, remove []string) {
	update = resources{}
	for name, m := range next {
		if before, ok := old[name]; !ok || before != m && !proto.Equal(before, m) {
			update[name] = m
		}
	}
	for name := range old {
		if _, ok := next[name]; !ok {
			remove = append(remove, name)
		}
	}
	return update, remove
}
