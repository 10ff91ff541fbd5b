package xds

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/amesh-render/amesh-render/xds/encoded"
	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// entry is what is known of one resource: that the builder holds it, a refusal, or a refusal of what was to replace it.
type entry struct {
	held    bool           // the builder holds the resource: a version was accepted
	version string         // of the resource, in the delta protocol
	digest  encoded.Digest // of its encoded form
	refers  []string       // names of what it makes the client ask for
	round   int            // the response that mentioned the resource last

	refused *refusal // the latest version; nil if it was not
}

// refusal is why a version was refused.
type refusal struct {
	why    string
	digest encoded.Digest // of that version
}

// take takes over one resource of a response and returns its name, "" if that cannot be told.
func (s *state) take(sub *subscription, r resource) (name string, err error) {
	if name, err = r.identify(sub.kind); r.body != nil {
		sub.settle(name, r.name)
		sub.settle(r.aliases...)
	}
	e := sub.entries[name]
	if e == nil {
		e = new(entry)
	}
	e.round = sub.round
	if err != nil || r.body == nil || !sub.wants(name) {
		return name, err
	}
	return name, s.update(sub, e, name, r)
}

// identify returns the name of a resource. It is an error if it is not of that kind, or came under a name that is not its
// own. A resource without a body is said to be as before: servers send it to prolong a time to live, and we give resources
// all the time they want.
func (r resource) identify(k snapshot.Kind) (name string, err error) {
	if r.body == nil {
		return r.name, nil
	}
	if got, ok := snapshot.KindOfTypeURL(r.body.GetTypeUrl()); !ok || got != k {
		return r.name, fmt.Errorf("it is of type %q, expected %q", r.body.GetTypeUrl(), k.TypeURL())
	}
	name = cmp.Or(nameIn(r.body.GetValue()), r.name)
	if r.name != "" && r.name != name && !slices.Contains(r.aliases, name) {
		return name, fmt.Errorf("it came under the name %q", r.name)
	}
	return name, nil
}

// update brings an entry up to date with what has come, unless the same has come before.
func (s *state) update(sub *subscription, e *entry, name string, r resource) error {
	wire := encoded.Of(r.body.GetValue())
	switch {
	case e.refused != nil && e.refused.digest == wire.Digest:
		return errors.New(e.refused.why)
	case e.refused == nil && e.held && e.digest == wire.Digest:
		e.version = r.version
		return nil
	}
	refers, err := s.read(sub.kind, name, r.body)
	if err != nil {
		s.refuse(sub, e, name, refusal{err.Error(), wire.Digest})
		return err
	}
	s.accept(sub, e, name, wire, refers)
	e.version, e.digest = r.version, wire.Digest
	return nil
}

// read finds out whether a resource can be decoded, and the names of what the client asks for because of it.
func (s *state) read(k snapshot.Kind, name string, body *anypb.Any) (refers []string, err error) {
	if refers, ok := s.validator.sound(k, name, body.GetValue()); ok {
		return refers, nil
	}
	m, err := decode(body)
	if err != nil {
		return nil, err
	}
	return referredBy(m), nil
}

// accept gives the builder a resource in its encoded form. One that says the same as before keeps its handle.
func (s *state) accept(sub *subscription, e *entry, name string, wire encoded.Message, refers []string) {
	sub.moved = sub.moved || !slices.Equal(refers, e.refers)
	e.held, e.refers, e.refused = true, refers, nil
	sub.entries[name] = e
	_ = s.builder.PutWire(sub.kind, name, wire) // it has a kind, and read has seen to it that it has a name
}

// refuse notes in the snapshot why the latest version of a resource is not used.
func (s *state) refuse(sub *subscription, e *entry, name string, now refusal) {
	before := e.refused
	e.refused = &now
	if name == "" {
		return
	}
	sub.entries[name] = e
	if before != nil && before.why == now.why {
		return
	}
	if before != nil {
		s.builder.Forget(sub.kind, name)
	}
	s.builder.Note(snapshot.Note{
		Resource: sub.kind.String() + "/" + name,
		Message:  "a version that the control plane sent is left out, for it cannot be decoded: " + now.why,
	})
}

// referredBy are the names of the resources that the client asks for because of m: the endpoints of a cluster, the route
// configurations of a listener.
func referredBy(m proto.Message) (names []string) {
	switch m := m.(type) {
	case *clusterv3.Cluster:
		if name := snapshot.EndpointsName(m); name != "" {
			names = []string{name}
		}
	case *listenerv3.Listener:
		for _, r := range snapshot.ReferencesOf(m) {
			if r.Kind == snapshot.RouteConfiguration {
				names = append(names, r.Name)
			}
		}
	}
	return names
}

// The fields of a cluster that say where its endpoints come from.
const (
	clusterType      protowire.Number = 2 // type
	edsClusterConfig protowire.Number = 3
	serviceName      protowire.Number = 2 // of eds_cluster_config
)

// endpointsNameIn is snapshot.EndpointsName of a sound cluster of that name, in its encoded form.
func endpointsNameIn(wire []byte, name string) string {
	eds, service := false, []byte(nil)
	for len(wire) > 0 {
		f, n := encoded.Consume(wire)
		if n < 0 {
			return ""
		}
		switch {
		case f.Is(clusterType, protowire.VarintType):
			eds = clusterv3.Cluster_DiscoveryType(f.Varint) == clusterv3.Cluster_EDS
		case f.Is(edsClusterConfig, protowire.BytesType):
			service = encoded.Last(f.Value, serviceName)
		}
		wire = wire[n:]
	}
	switch {
	case !eds:
		return ""
	case len(service) == 0 || string(service) == name:
		return name
	}
	return string(service)
}
