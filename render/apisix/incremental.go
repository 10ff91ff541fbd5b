package apisix

import (
	"reflect"
	"slices"
)

// Encoder encodes one Config after another and keeps the text of objects meanwhile: an object that has been encoded
// before, which its pointer tells, costs no more than to find it again. What neither of the last two calls has used is
// forgotten, and so are texts of which a [Piece] was told that they are kept elsewhere. Set Options first; a change of them
// forgets everything. An Encoder is for one goroutine at a time.
//
// Objects, and slices of them, must not be modified once they have been encoded.
type Encoder struct {
	Options EncodeOptions

	options   EncodeOptions // those of the last call
	routes    *memo[*Route]
	upstreams *memo[*Upstream]
	others    map[string]*memo[Object] // by section
}

// Encode returns the text of c. It is that of the function [Encode], byte for byte.
func (e *Encoder) Encode(c *Config) *Text {
	if e.routes == nil || e.options != e.Options {
		e.reset()
	}
	t := newJoiner(e.Options)
	t.section("routes", e.routes.list(c.Routes))
	t.section("upstreams", e.upstreams.list(c.Upstreams))
	for _, kind := range Sections {
		if objects := c.Others[kind]; len(objects) > 0 {
			t.section(kind, e.other(kind).list(objects))
			t.text.keys = t.text.keys || keySections[kind]
		} else {
			delete(e.others, kind)
		}
	}
	return t.end()
}

func (e *Encoder) reset() {
	o := e.Options
	e.options = o
	e.routes = memoOf((*Route).id, func(*Route) bool { return false }, o.Format)
	e.upstreams = memoOf((*Upstream).id, (*Upstream).holdsPrivateKey, o.Format)
	e.others = map[string]*memo[Object]{}
}

func (e *Encoder) other(section string) *memo[Object] {
	if e.others[section] == nil {
		e.others[section] = memoOfObjects(section, e.Options.Format)
	}
	return e.others[section]
}

// memoOf is the memo of a kind of objects that have a struct.
func memoOf[T any](id func(*T) string, key func(*T) bool, f Format) *memo[*T] {
	e, w := encoderOf(reflect.TypeFor[T]()), &writer{format: f}
	return &memo[*T]{
		separator: frames[f].comma,
		id:        id,
		key:       key,
		equal:     slices.Equal[[]*T],
		absent:    func(x *T) bool { return x == nil },
		sorted:    func(objects []*T) []*T { return sorted(objects, id) },
		append:    func(dst []byte, x *T) []byte { return w.object(dst, e, reflect.ValueOf(x).Elem()) },
	}
}

// memoOfObjects is the memo of a section of objects that have none.
func memoOfObjects(section string, f Format) *memo[Object] {
	e, w := mapEncoder{anyEncoder{}}, &writer{format: f}
	return &memo[Object]{
		separator: frames[f].comma,
		id:        func(o Object) string { return o.ID(section) },
		key:       func(Object) bool { return false }, // the section tells
		equal:     sameMaps,
		absent:    func(Object) bool { return false },
		sorted:    func(objects []Object) []Object { return sortedObjects(section, objects) },
		append:    func(dst []byte, o Object) []byte { return w.object(dst, e, reflect.ValueOf(o)) },
	}
}

func sameMaps(a, b []Object) bool {
	return slices.EqualFunc(a, b, func(a, b Object) bool { return reflect.ValueOf(a).Pointer() == reflect.ValueOf(b).Pointer() })
}
