package snapshot

import (
	"fmt"

	"google.golang.org/protobuf/proto"
)

// rank orders the versions of one resource that a config_dump may hold; the highest is the one that handles traffic.
type rank int

const (
	draining  rank = iota // a listener that takes no new connections
	bootstrap             // the bootstrap's own copy of a static resource
	static
	warming // not in use yet, for want of something that it refers to
	active
)

// definition is one version of a resource.
type definition struct {
	kind     Kind
	rank     rank
	observed bool // see session.observed
	text     text // until it is decoded
	message  proto.Message
	notes    []Note
}

// union collects what the current document defines by name alone. Its resources are added to the builder when the
// document ends, or when a response says how to go on.
type union struct {
	byPath map[string]definition
	order  []string
	notes  []Note
}

func newUnion() *union { return &union{byPath: map[string]definition{}} }

func (u *union) note(n Note) { u.notes = append(u.notes, n) }

// add keeps d unless a better version of the same resource is there.
func (u *union) add(d definition) {
	path := d.kind.path(NameOf(d.message))
	old, ok := u.byPath[path]
	if !ok {
		u.order = append(u.order, path)
		u.byPath[path] = d
		return
	}
	better, worse := d, old
	if old.rank > d.rank {
		better, worse = old, d
	}
	u.byPath[path] = better
	switch {
	case proto.Equal(better.message, worse.message):
	case better.rank == worse.rank:
		u.note(Note{Resource: path, Message: "it is defined twice in one dump; the later definition is used"})
	case worse.rank == warming:
		u.note(Note{Resource: path, Message: "a version that is still warming is left out; the active one is used"})
	}
}

// apply adds the union to the builder and empties it.
func (u *union) apply(r *reader) {
	for _, path := range u.order {
		d := u.byPath[path]
		switch {
		case d.rank == draining:
			u.note(Note{Resource: path, Message: "it is draining and takes no new connections: left out"})
			continue
		case waiting(d):
			u.note(Note{Resource: path, Message: "Envoy is still waiting for it: left out"})
			continue
		}
		r.keep(d)
	}
	for _, n := range u.notes {
		r.builder.Note(n)
	}
	*u = *newUnion()
}

// define decodes a resource and adds it to the union of the current document.
func (r *reader) define(d definition) error {
	r.found = true
	if err := r.decode(&d); err != nil || d.message == nil {
		return err
	}
	r.union.add(d)
	return nil
}

// decode turns the definition's text into its message. A resource without a name is noted, and gives no message.
func (r *reader) decode(d *definition) error {
	t := d.text
	d.text = text{} // the message must not keep it alive
	if !t.is('{') {
		return r.failf(t.at, "found %s, expected an object of type %s", t.describe(), d.kind.descriptor().FullName())
	}
	m := d.kind.new()
	notes, err := r.unmarshal(t, m, func() string { return d.kind.path(nameIn(d.kind, t)) })
	if err != nil {
		return err
	}
	r.decoded.Add(1)
	if NameOf(m) == "" {
		r.union.note(Note{
			Resource: d.kind.path(""),
			Message:  fmt.Sprintf("%s: a resource without a name is left out: nothing can refer to it", r.source),
		})
		return nil
	}
	d.message, d.notes = m, notes
	return nil
}

// keep puts a decoded resource into the builder, with its notes.
func (r *reader) keep(d definition) {
	name := NameOf(d.message)
	r.builder.put(d.kind, name, d.message)
	for _, n := range d.notes {
		r.builder.Note(n)
	}
	if d.kind == Endpoints {
		r.observed[name] = d.observed
	}
}
