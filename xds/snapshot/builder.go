package snapshot

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"google.golang.org/protobuf/proto"

	"github.com/amesh-render/amesh-render/xds/encoded"
)

// Builder collects resources and yields immutable snapshots of them. It is meant to live as long as a connection's
// state does: change it with every response, then call Snapshot. The zero value is ready for use. A Builder is not safe
// for concurrent use; the snapshots are.
type Builder struct {
	node      *corev3.Node
	listeners collection[*listenerv3.Listener]
	routes    collection[*routev3.RouteConfiguration]
	clusters  collection[*clusterv3.Cluster]
	endpoints collection[*endpointv3.ClusterLoadAssignment]
	secrets   collection[*tlsv3.Secret]
	notes     map[string][]Note // by Note.Resource
	last      *Snapshot         // nil when something has changed since
}

// NewBuilder returns an empty Builder.
func NewBuilder() *Builder { return new(Builder) }

// Put adds a resource, or replaces the one of its kind and name. A resource that equals the one held changes nothing,
// so that its handle keeps its pointer. Notes on the resource that it replaces are dropped. The builder keeps the message, which
// must not be modified afterwards. It is an error if the message is of no Kind or has no name.
func (b *Builder) Put(m proto.Message) error {
	k, name, err := identify(m)
	if err != nil {
		return err
	}
	b.put(k, name, m)
	return nil
}

// PutWire is Put for the encoded form of a resource, which the builder does not keep. The caller has seen to it that it is that
// of a valid message of the kind with that name. Other bytes that say the same as those held
// change nothing either. It is an error if the kind is invalid or the name empty.
func (b *Builder) PutWire(k Kind, name string, wire encoded.Message) error {
	switch c := b.of(k); {
	case c == nil:
		return fmt.Errorf("put: %v is not a kind of resource", k)
	case name == "":
		return fmt.Errorf("%s without a name", k)
	case c.putWire(name, wire):
		b.last = nil
	}
	b.Forget(k, name)
	return nil
}

// Forget drops the notes on a resource.
func (b *Builder) Forget(k Kind, name string) {
	resource := k.path(name)
	if _, ok := b.notes[resource]; ok {
		delete(b.notes, resource)
		b.last = nil
	}
}

// Remove drops a resource and the notes on it. Removing what is not there changes nothing.
func (b *Builder) Remove(k Kind, name string) {
	if c := b.of(k); c != nil && c.remove(name) {
		b.last = nil
	}
	b.Forget(k, name)
}

// Replace makes the messages the whole set of their kind, as a state-of-the-world CDS or LDS response does; those that
// equal what is held keep their handles. It is an error, and nothing changes, if a message is of another kind or has no
// name. Of two messages with one name the later wins.
func (b *Builder) Replace(k Kind, ms []proto.Message) error {
	c := b.of(k)
	if c == nil {
		return fmt.Errorf("replace: %v is not a kind of resource", k)
	}
	keep := make(map[string]bool, len(ms))
	for i, m := range ms {
		kind, name, err := identify(m)
		if err == nil && kind != k {
			err = fmt.Errorf("%s among resources of kind %s", kind.path(name), k)
		}
		if err != nil {
			return fmt.Errorf("resource %d: %w", i, err)
		}
		keep[name] = true
	}
	for _, name := range c.names() {
		if !keep[name] {
			b.Remove(k, name)
		}
	}
	for _, m := range ms {
		b.put(k, NameOf(m), m)
	}
	return nil
}

// Load makes the builder hold what a snapshot holds, and nothing else. What says the same as before keeps its handle, so that
// a caller who decodes one input again and again sees what has changed in it.
func (b *Builder) Load(s *Snapshot) {
	b.SetNode(s.node)
	changed := b.listeners.load(s.listeners)
	changed = b.routes.load(s.routes) || changed
	changed = b.clusters.load(s.clusters) || changed
	changed = b.endpoints.load(s.endpoints) || changed
	changed = b.secrets.load(s.secrets) || changed
	if changed || !slices.Equal(sortedNotes(b.notes), s.notes) {
		b.notes, b.last = nil, nil
		for _, n := range s.notes {
			b.Note(n)
		}
	}
}

// SetNode says whose resources these are. The builder keeps the message, which must not be modified afterwards.
func (b *Builder) SetNode(n *corev3.Node) {
	if !proto.Equal(b.node, n) {
		b.node, b.last = n, nil
	}
}

// Note adds a note, once. Notes whose Resource is a resource's path stay until that resource is put anew or removed.
func (b *Builder) Note(n Note) {
	if slices.Contains(b.notes[n.Resource], n) {
		return
	}
	if b.notes == nil {
		b.notes = map[string][]Note{}
	}
	b.notes[n.Resource] = append(b.notes[n.Resource], n)
	b.last = nil
}

// Snapshot returns what the builder holds now. It is the same pointer as the last time if nothing has changed, and shares
// resources, and the sets of the kinds that have not changed, with earlier snapshots. Later changes never show in it.
func (b *Builder) Snapshot() *Snapshot {
	if b.last == nil {
		b.last = &Snapshot{
			node:      b.node,
			listeners: b.listeners.freeze(),
			routes:    b.routes.freeze(),
			clusters:  b.clusters.freeze(),
			endpoints: b.endpoints.freeze(),
			secrets:   b.secrets.freeze(),
			notes:     sortedNotes(b.notes),
		}
	}
	return b.last
}

func (b *Builder) put(k Kind, name string, m proto.Message) {
	if b.of(k).put(name, m) {
		b.last = nil
	}
	b.Forget(k, name)
}

// of returns the collection of a kind, nil for an invalid one.
func (b *Builder) of(k Kind) resources {
	switch k {
	case Cluster:
		return &b.clusters
	case Endpoints:
		return &b.endpoints
	case Listener:
		return &b.listeners
	case RouteConfiguration:
		return &b.routes
	case Secret:
		return &b.secrets
	}
	return nil
}

func identify(m proto.Message) (Kind, string, error) {
	k, ok := KindOf(m)
	if !ok {
		return 0, "", fmt.Errorf("%T is not a resource that a snapshot holds", m)
	}
	name := NameOf(m)
	if name == "" {
		return 0, "", fmt.Errorf("%s without a name", k)
	}
	return k, name, nil
}

func sortedNotes(byResource map[string][]Note) []Note {
	var all []Note
	for _, resource := range slices.Sorted(maps.Keys(byResource)) {
		notes := slices.Clone(byResource[resource])
		slices.SortFunc(notes, func(a, b Note) int {
			return cmp.Or(cmp.Compare(a.Field, b.Field), cmp.Compare(a.Message, b.Message))
		})
		all = append(all, notes...)
	}
	return all
}
