package snapshot

import (
	"encoding/json"
	"slices"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	"google.golang.org/protobuf/proto"
)

// scope is where an object stands; it decides which of its keys mean something.
type scope int

const (
	inDocument  scope = iota // a document, or an element of an array that is one
	inConfigs                // an element of a config_dump's configs
	inBootstrap              // Envoy's bootstrap
	inStatic                 // the bootstrap's static_resources
)

// object is what reading one JSON object has found out so far.
type object struct {
	begin int64
	// known is set by the first key that tells what the object is. Until then it may be a resource, and text holds it.
	known bool
	text  []byte
	// unread are the lists and objects among its members that nothing here understands.
	unread   []string
	response response
}

// object decodes an object whose opening brace has been read.
func (r *reader) object(in scope) error {
	o := &object{begin: r.json.offset() - 1, text: []byte{'{'}, known: in >= inBootstrap}
	for r.json.more() {
		token, err := r.token()
		if err != nil {
			return err
		}
		key, _ := token.(string)
		if err := r.member(o, key, in); err != nil {
			return err
		}
	}
	if _, err := r.token(); err != nil {
		return err
	}
	return r.finish(o, in)
}

// member decodes the member whose key has been read.
func (r *reader) member(o *object, key string, in scope) error {
	name := snake(key)
	if l, ok := lists[name]; ok && l.standsIn(in) {
		o.known = true
		return r.list(name, l)
	}
	switch {
	case name == "configs" && in == inDocument:
		o.known = true
		return r.arrayAt(name, func() error { return r.element(inConfigs) })
	case name == "bootstrap" && in <= inConfigs:
		o.known = true
		return r.objectAt(name, inBootstrap)
	case name == "static_resources" && (in == inDocument || in == inBootstrap):
		o.known = true
		return r.objectAt(name, inStatic)
	case name == "node" && (in == inDocument || in == inBootstrap):
		o.known = true
		return r.node()
	case in == inDocument && slices.Contains(responseKeys, name):
		o.known = true
		return r.responseMember(&o.response, name)
	}
	return r.hold(o, key)
}

// hold reads the value of a member that does not tell what the object is. It is kept where it stood in the source, among
// spaces, so that offsets in o.text are offsets in the source.
func (r *reader) hold(o *object, key string) error {
	keyEnd := r.json.offset()
	value, err := r.next()
	if err != nil {
		return err
	}
	o.response.hint(snake(key), value)
	if (value.is('[') || value.is('{')) && !value.empty() {
		o.unread = append(o.unread, snake(key))
	}
	if o.known {
		o.text = nil
		return nil
	}
	if value.at+int64(len(value.json))-o.begin > maxValue {
		return r.tooLarge(o.begin)
	}
	quoted, _ := json.Marshal(key) // a string always has a JSON form
	if len(o.text) > 1 {
		o.text = append(o.text, ',')
	}
	o.text = append(padTo(o.text, keyEnd-int64(len(quoted))-o.begin), quoted...)
	o.text = append(padTo(append(o.text, ':'), value.at-o.begin), value.json...)
	return nil
}

func padTo(b []byte, length int64) []byte {
	for int64(len(b)) < length {
		b = append(b, ' ')
	}
	return b
}

// objectAt decodes the object that is the value of a member; null is an empty one.
func (r *reader) objectAt(key string, in scope) error {
	token, err := r.token()
	if err != nil || token == nil {
		return err
	}
	if token != json.Delim('{') {
		return r.unexpected(token, ", expected the object "+key)
	}
	return r.object(in)
}

// finish acts on an object as a whole, once all of it has been read.
func (r *reader) finish(o *object, in scope) error {
	switch {
	case o.response.present:
		return r.respond(o)
	case !o.known:
		return r.alone(o, in)
	case in == inConfigs:
		r.noteUnread(o)
	}
	return nil
}

// noteUnread tells of the lists in a part of a config_dump that are not among what a snapshot holds.
func (r *reader) noteUnread(o *object) {
	for _, key := range o.unread {
		r.note(key, "%s: %s is not read", r.source, key)
	}
}

// alone decodes an object that consists of one resource, or of one item of a config_dump's list (which is what Envoy's
// config_dump?resource= gives).
func (r *reader) alone(o *object, in scope) error {
	t := text{append(o.text, '}'), o.begin}
	url, ok := t.cutType()
	if !ok {
		k, ok := kindOfShape(t)
		if !ok {
			return r.failf(o.begin, "found an object with %s; %s", keysOf(t), expected)
		}
		return r.define(definition{kind: k, rank: active, observed: true, text: t})
	}
	if k, ok := KindOfTypeURL(url); ok {
		return r.define(definition{kind: k, rank: active, observed: true, text: t})
	}
	name := url[strings.LastIndexByte(url, '/')+1:]
	if l, ok := listOfItem(name); ok {
		return r.item(l, t)
	}
	switch {
	case strings.HasPrefix(name, "envoy.admin.v3."):
		r.noteUnread(o)
	case in == inConfigs:
		r.note("configs", "%s: a part of type %q is not read", r.source, url)
	default:
		return r.failf(o.begin, "found an object of type %q; %s", url, expected)
	}
	return nil
}

// node decodes the proxy's identity. One that says nothing is none.
func (r *reader) node() error {
	t, err := r.next()
	if err != nil || t.empty() {
		return err
	}
	n := &corev3.Node{}
	notes, err := r.unmarshal(t, n, func() string { return "node" })
	if err != nil {
		return err
	}
	if proto.Size(n) > 0 {
		r.builder.SetNode(n)
	}
	for _, note := range notes {
		r.builder.Note(note)
	}
	return nil
}
