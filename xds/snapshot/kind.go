package snapshot

import (
	"fmt"
	"strings"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Kind is a kind of resource that a Snapshot holds. The zero value is no kind.
type Kind int

// The kinds, in the order in which Envoy needs them: what is referred to comes before what refers to it.
const (
	Cluster            Kind = iota + 1 // CDS: envoy.config.cluster.v3.Cluster
	Endpoints                          // EDS: envoy.config.endpoint.v3.ClusterLoadAssignment
	Listener                           // LDS: envoy.config.listener.v3.Listener
	RouteConfiguration                 // RDS: envoy.config.route.v3.RouteConfiguration
	Secret                             // SDS: envoy.extensions.transport_sockets.tls.v3.Secret
)

// kinds says what the code needs to know of each Kind, which is the index.
var kinds = [...]struct {
	name      string // in Note.Resource and Reference.From
	prototype proto.Message
	nameField string // the field that holds the resource's name
}{
	Cluster:            {"cluster", (*clusterv3.Cluster)(nil), "name"},
	Endpoints:          {"endpoints", (*endpointv3.ClusterLoadAssignment)(nil), "cluster_name"},
	Listener:           {"listener", (*listenerv3.Listener)(nil), "name"},
	RouteConfiguration: {"route_config", (*routev3.RouteConfiguration)(nil), "name"},
	Secret:             {"secret", (*tlsv3.Secret)(nil), "name"},
}

// String is the kind as it stands in resource paths: cluster, endpoints, listener, route_config, secret.
func (k Kind) String() string {
	if !k.valid() {
		return fmt.Sprintf("Kind(%d)", int(k))
	}
	return kinds[k].name
}

// TypeURL is the kind's type URL in discovery requests and responses, "" for an invalid kind.
func (k Kind) TypeURL() string {
	if !k.valid() {
		return ""
	}
	return typePrefix + string(k.descriptor().FullName())
}

// KindOfTypeURL is the kind whose resources have that type URL. Only what follows the last slash counts, as for any Any.
func KindOfTypeURL(url string) (Kind, bool) {
	for k := Cluster; k <= Secret; k++ {
		if k.hasTypeURL(url) {
			return k, true
		}
	}
	return 0, false
}

// KindOf is the kind of a message, and whether it is one that a Snapshot can hold.
func KindOf(m proto.Message) (Kind, bool) {
	switch m.(type) {
	case *clusterv3.Cluster:
		return Cluster, true
	case *endpointv3.ClusterLoadAssignment:
		return Endpoints, true
	case *listenerv3.Listener:
		return Listener, true
	case *routev3.RouteConfiguration:
		return RouteConfiguration, true
	case *tlsv3.Secret:
		return Secret, true
	}
	return 0, false
}

// NameOf is the name of a resource, by which others refer to it; "" for a message of no kind.
func NameOf(m proto.Message) string {
	switch m := m.(type) {
	case *clusterv3.Cluster:
		return m.GetName()
	case *endpointv3.ClusterLoadAssignment:
		return m.GetClusterName()
	case *listenerv3.Listener:
		return m.GetName()
	case *routev3.RouteConfiguration:
		return m.GetName()
	case *tlsv3.Secret:
		return m.GetName()
	}
	return ""
}

// EndpointsName is the name under which a cluster's load assignment comes by EDS: eds_cluster_config.service_name, or
// the cluster's own name where that is empty. It is "" for a cluster that is not of type EDS.
func EndpointsName(c *clusterv3.Cluster) string {
	if c.GetType() != clusterv3.Cluster_EDS || c.GetClusterType() != nil {
		return ""
	}
	if name := c.GetEdsClusterConfig().GetServiceName(); name != "" {
		return name
	}
	return c.GetName()
}

// typePrefix is what Envoy, istiod and protobuf put before a message's full name in a type URL.
const typePrefix = "type.googleapis.com/"

func (k Kind) valid() bool { return k >= Cluster && k <= Secret }

func (k Kind) new() proto.Message { return kinds[k].prototype.ProtoReflect().New().Interface() }

func (k Kind) descriptor() protoreflect.MessageDescriptor {
	return kinds[k].prototype.ProtoReflect().Descriptor()
}

func (k Kind) hasTypeURL(url string) bool {
	return url[strings.LastIndexByte(url, '/')+1:] == string(k.descriptor().FullName())
}

// path is how notes and references name a resource.
func (k Kind) path(name string) string { return k.String() + "/" + name }
