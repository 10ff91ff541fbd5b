package xds

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	"google.golang.org/protobuf/proto"

	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// entry is what is known of one resource: a message, a refusal, or a refusal of what was to replace the message.
type entry struct {
	message proto.Message // as it is in the builder; nil if no version was ever accepted
	version string        // of the message, in the delta protocol
	digest  digest        // of the message
	refers  []string      // names of what the message makes the client ask for
	round   int           // the response that mentioned the resource last

	refusal string // why the latest version was refused, "" if it was not
	refused digest // of that version
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
	sum := digestOf(r.body)
	switch {
	case e.refusal != "" && e.refused == sum:
		return errors.New(e.refusal)
	case e.refusal == "" && e.message != nil && e.digest == sum:
		e.version = r.version
		return nil
	}
	m, err := decode(r.body)
	if err != nil {
		s.refuse(sub, e, name, err)
		e.refused = sum
		return err
	}
	s.accept(sub, e, name, m)
	e.version, e.digest = r.version, sum
	return nil
}

// accept gives an entry its message. An equal message keeps its old pointer.
func (s *state) accept(sub *subscription, e *entry, name string, m proto.Message) {
	if e.message == nil || !proto.Equal(e.message, m) {
		refers := referredBy(m)
		sub.moved = sub.moved || !slices.Equal(refers, e.refers)
		e.message, e.refers = m, refers
	}
	e.refusal = ""
	sub.entries[name] = e
	_ = s.builder.Put(e.message) // decode has seen to it that it has a kind and a name
}

// refuse notes in the snapshot why the latest version of a resource is not used.
func (s *state) refuse(sub *subscription, e *entry, name string, why error) {
	if name == "" {
		return
	}
	sub.entries[name] = e
	if e.refusal == why.Error() {
		return
	}
	if e.refusal != "" {
		s.forgetNote(sub, e, name)
	}
	e.refusal = why.Error()
	s.builder.Note(snapshot.Note{
		Resource: sub.kind.String() + "/" + name,
		Message:  "a version that the control plane sent is left out, for it cannot be decoded: " + e.refusal,
	})
}

// forgetNote takes back the note on a resource, as the builder does for those that are put or removed.
func (s *state) forgetNote(sub *subscription, e *entry, name string) {
	if e.message == nil {
		s.builder.Remove(sub.kind, name)
		return
	}
	_ = s.builder.Put(e.message)
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
