package snapshot

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	tcpv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/tcp_proxy/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/anypb"
)

// Reference says that one resource needs another.
type Reference struct {
	// From is the path of the resource that refers, like Note.Resource: "listener/virtualInbound".
	From string
	// Field is Envoy's path of the field that does, below From:
	// "filter_chains[0].filters[1].typed_config.rds.route_config_name".
	Field string
	// Kind and Name are those of the resource that is referred to. Secrets are often not in a snapshot, and that is
	// normal: on Istio the proxy's agent serves them, not the control plane.
	Kind Kind
	Name string
}

// References lists what refers to what, sorted by From, Field, Kind and Name:
//
//   - the route configurations that a listener's HTTP connection managers take by RDS, also by scope;
//   - the clusters of routes, weighted clusters, mirrors and TCP proxies, inline or in route configurations. Clusters that
//     are chosen at run time (cluster_header, cluster_specifier_plugin) or used by other filters are not among them;
//   - the endpoints of clusters of type EDS;
//   - the secrets of TLS contexts.
func (s *Snapshot) References() []Reference {
	var all []Reference
	for _, m := range s.listeners.All() {
		all = append(all, ReferencesOf(m)...)
	}
	for _, m := range s.routes.All() {
		all = append(all, ReferencesOf(m)...)
	}
	for _, m := range s.clusters.All() {
		all = append(all, ReferencesOf(m)...)
	}
	slices.SortFunc(all, compareReferences)
	return all
}

// Missing lists the references to resources that the snapshot does not hold, in the same order.
func (s *Snapshot) Missing() []Reference {
	return slices.DeleteFunc(s.References(), func(r Reference) bool { return s.has(r.Kind, r.Name) })
}

// ReferencesOf lists what one resource refers to, in the same order. It depends on nothing but the message, so that a
// caller who sees many snapshots may keep the result for as long as the pointer of the resource's handle stays.
func ReferencesOf(m proto.Message) []Reference {
	k, ok := KindOf(m)
	if !ok {
		return nil
	}
	f := finder{from: k.path(NameOf(m))}
	f.message(m.ProtoReflect())
	slices.SortFunc(f.found, compareReferences)
	return f.found
}

func compareReferences(a, b Reference) int {
	return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.Field, b.Field), cmp.Compare(a.Kind, b.Kind),
		cmp.Compare(a.Name, b.Name))
}

func (s *Snapshot) has(k Kind, name string) bool {
	switch k {
	case Cluster:
		return s.clusters.Resource(name) != nil
	case Endpoints:
		return s.endpoints.Resource(name) != nil
	case Listener:
		return s.listeners.Resource(name) != nil
	case RouteConfiguration:
		return s.routes.Resource(name) != nil
	case Secret:
		return s.secrets.Resource(name) != nil
	}
	return false
}

// finder walks through a resource, also within Anys, in search of the messages that hold a reference.
type finder struct {
	from  string
	path  []step
	found []Reference
}

// step is a field on the way to a message: with an index in a list, or a key in a map.
type step struct {
	field string
	index int
	key   string
}

func (f *finder) message(m protoreflect.Message) {
	f.references(m.Interface())
	if a, ok := m.Interface().(*anypb.Any); ok {
		if inner, err := a.UnmarshalNew(); err == nil {
			f.message(inner.ProtoReflect())
		}
		return
	}
	if m.Descriptor().FullName().Parent() == "google.protobuf" {
		return // Structs and such hold no references, and much text
	}
	m.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		f.field(fd, v)
		return true
	})
}

func (f *finder) field(fd protoreflect.FieldDescriptor, v protoreflect.Value) {
	name := string(fd.Name())
	switch {
	case fd.IsMap():
		if fd.MapValue().Message() != nil {
			v.Map().Range(func(k protoreflect.MapKey, v protoreflect.Value) bool {
				f.descend(step{name, -1, k.String()}, v.Message())
				return true
			})
		}
	case fd.Message() == nil:
	case fd.IsList():
		for i, l := 0, v.List(); i < l.Len(); i++ {
			f.descend(step{name, i, ""}, l.Get(i).Message())
		}
	default:
		f.descend(step{name, -1, ""}, v.Message())
	}
}

func (f *finder) descend(s step, m protoreflect.Message) {
	f.path = append(f.path, s)
	f.message(m)
	f.path = f.path[:len(f.path)-1]
}

// references adds what the message itself refers to.
func (f *finder) references(m proto.Message) {
	switch m := m.(type) {
	case *hcmv3.Rds:
		f.add("route_config_name", RouteConfiguration, m.GetRouteConfigName())
	case *routev3.ScopedRouteConfiguration:
		f.add("route_configuration_name", RouteConfiguration, m.GetRouteConfigurationName())
	case *routev3.RouteAction:
		f.add("cluster", Cluster, m.GetCluster())
	case *routev3.WeightedCluster_ClusterWeight:
		f.add("name", Cluster, m.GetName())
	case *routev3.RouteAction_RequestMirrorPolicy:
		f.add("cluster", Cluster, m.GetCluster())
	case *tcpv3.TcpProxy:
		f.add("cluster", Cluster, m.GetCluster())
	case *tcpv3.TcpProxy_WeightedCluster_ClusterWeight:
		f.add("name", Cluster, m.GetName())
	case *tlsv3.SdsSecretConfig:
		f.add("name", Secret, m.GetName())
	case *clusterv3.Cluster:
		field := "name"
		if m.GetEdsClusterConfig().GetServiceName() != "" {
			field = "eds_cluster_config.service_name"
		}
		f.add(field, Endpoints, EndpointsName(m))
	}
}

func (f *finder) add(field string, k Kind, name string) {
	if name == "" {
		return
	}
	var b strings.Builder
	for _, s := range f.path {
		b.WriteString(s.field)
		switch {
		case s.index >= 0:
			fmt.Fprintf(&b, "[%d]", s.index)
		case s.key != "":
			fmt.Fprintf(&b, "[%s]", s.key)
		}
		b.WriteByte('.')
	}
	b.WriteString(field)
	f.found = append(f.found, Reference{From: f.from, Field: b.String(), Kind: k, Name: name})
}
