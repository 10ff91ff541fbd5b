// Package snapshot holds what a control plane has told one proxy: an immutable, typed set of Envoy resources.
//
// In go dumps that a person holds in hand (Decode) or resources from a stream (Builder); out come a Snapshot, the
// references between its resources, notes on whatever could not be understood, and a dump of it all. The package never
// talks to the network, never opens a file, and knows nothing of APISIX.
package snapshot

import (
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
)

// Snapshot is an immutable set of Envoy resources, as one proxy holds them. Neither the snapshot nor the messages in it
// may be modified: snapshots share resources. The zero value is an empty snapshot. Build one with a Builder or Decode.
type Snapshot struct {
	node      *corev3.Node
	listeners Set[*listenerv3.Listener]
	routes    Set[*routev3.RouteConfiguration]
	clusters  Set[*clusterv3.Cluster]
	endpoints Set[*endpointv3.ClusterLoadAssignment]
	secrets   Set[*tlsv3.Secret]
	notes     []Note
}

// Node is the proxy's own identity (Envoy's bootstrap node), or nil when the source did not say. The getters of
// corev3.Node are safe on nil.
func (s *Snapshot) Node() *corev3.Node { return s.node }

// Listeners are the listeners, by Listener.name.
func (s *Snapshot) Listeners() Set[*listenerv3.Listener] { return s.listeners }

// RouteConfigurations are the route configurations that came by RDS or stand in a dump, by RouteConfiguration.name.
// Those that are inline in a listener's HTTP connection manager are not among them.
func (s *Snapshot) RouteConfigurations() Set[*routev3.RouteConfiguration] { return s.routes }

// Clusters are the clusters, by Cluster.name.
func (s *Snapshot) Clusters() Set[*clusterv3.Cluster] { return s.clusters }

// Endpoints are the load assignments that came by EDS, by ClusterLoadAssignment.cluster_name: the EDS service name of
// the cluster, or the cluster's name where it has none. A cluster's inline load_assignment is not among them.
func (s *Snapshot) Endpoints() Set[*endpointv3.ClusterLoadAssignment] { return s.endpoints }

// Secrets are the TLS secrets, by Secret.name.
func (s *Snapshot) Secrets() Set[*tlsv3.Secret] { return s.secrets }

// Notes says, in a fixed order, what decoding kept out or could not understand.
func (s *Snapshot) Notes() []Note { return s.notes }

// Note is one thing in the input that decoding could not understand, or left out on purpose. It is not an error: the
// rest of the resource is in the snapshot.
type Note struct {
	// Resource is where it was: "listener/virtualInbound", "cluster/outbound|80||x", "node", or "dump" for the input itself.
	Resource string
	// Field is Envoy's field path below the resource, "" for the whole of it.
	Field string
	// Message says what was found and what became of it, for a person.
	Message string
	// UnknownType is the message type, without the URL before it, of an Any of a type unknown here, whose content is kept;
	// "" in notes on anything else. Whoever knows what the type is for may pass the note over.
	UnknownType string
}
