package apisix

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
)

// EncodeOptions say how a Config is written. The zero value writes Block without a header.
type EncodeOptions struct {
	Format Format
	// Header is the text of the comment on the first line, such as the tool and its version; empty for none. JSON has
	// no comments.
	Header string
}

// Encode returns the text of c: the objects by kind, then by id, each with its keys in a fixed order; the same content is
// the same text. c is not modified. YAML ends with the line #END, without which APISIX ignores the file.
//
// Encode never fails. What APISIX could not read (NUL, bytes that are not UTF-8, NaN, over-long keys) is replaced, so that
// one bad string cannot cost the whole file; [Config.Validate] reports it. Nil objects are left out.
func Encode(c *Config, o EncodeOptions) []byte {
	sections := []Section{
		section("routes", c.Routes, (*Route).id, o.Format),
		section("upstreams", c.Upstreams, (*Upstream).id, o.Format),
	}
	for _, kind := range Sections {
		if objects := c.Others[kind]; len(objects) > 0 {
			sections = append(sections, otherSection(kind, objects, o.Format))
		}
	}
	return Join(sections, o)
}

// EncodeObjects returns the text of a file that holds the objects, by section, each object's keys in alphabetical order.
// It is for showing and comparing files whatever wrote them; like Encode it never fails.
func EncodeObjects(objects map[string][]Object, o EncodeOptions) []byte {
	var sections []Section
	for _, kind := range Sections {
		if len(objects[kind]) > 0 {
			sections = append(sections, otherSection(kind, objects[kind], o.Format))
		}
	}
	return Join(sections, o)
}

// otherSection is a section of objects that have no struct. An object is written as any map is: by its keys' order.
func otherSection(kind string, objects []Object, f Format) Section {
	objects = sortedObjects(kind, objects)
	e, w := mapEncoder{anyEncoder{}}, &writer{format: f}
	return Section{kind, len(objects), func(dst []byte, i int) []byte {
		return w.object(dst, e, reflect.ValueOf(objects[i]))
	}}
}

// sortedObjects returns the objects by id, those of one id in their order.
func sortedObjects(kind string, objects []Object) []Object {
	objects = slices.Clone(objects)
	slices.SortStableFunc(objects, func(a, b Object) int { return cmp.Compare(a.ID(kind), b.ID(kind)) })
	return objects
}

func (r *Route) id() string    { return r.ID }
func (u *Upstream) id() string { return u.ID }

// Section is all objects of one kind, for Join.
type Section struct {
	Kind string // the key in the file: "routes", "upstreams"
	Len  int
	// Append appends object i, in the order of ids, as [AppendObject] writes it.
	Append func(dst []byte, i int) []byte
}

func section[T any](kind string, objects []*T, id func(*T) string, f Format) Section {
	objects = sorted(objects, id)
	e, w := encoderOf(reflect.TypeFor[T]()), &writer{format: f}
	return Section{kind, len(objects), func(dst []byte, i int) []byte {
		return w.object(dst, e, reflect.ValueOf(objects[i]).Elem())
	}}
}

// sorted returns the objects by id, without the nil ones; objects itself stays as it is. Objects of one id keep their
// order, because APISIX takes the last of them.
func sorted[T any](objects []*T, id func(*T) string) []*T {
	byID := func(a, b *T) int { return cmp.Compare(id(a), id(b)) }
	if slices.Contains(objects, nil) {
		objects = slices.DeleteFunc(slices.Clone(objects), func(x *T) bool { return x == nil })
	}
	if slices.IsSortedFunc(objects, byID) {
		return objects
	}
	objects = slices.Clone(objects)
	slices.SortStableFunc(objects, byID)
	return objects
}

// AppendObject appends one object as it stands in its section: for Lines one line, for Block and JSON indented lines; in
// all formats without the comma or newline that follows. The same object is the same text.
func AppendObject[T any](dst []byte, object *T, f Format) []byte {
	w := &writer{format: f}
	return w.object(dst, encoderOf(reflect.TypeFor[T]()), reflect.ValueOf(object).Elem())
}

// Join returns the text of the file that holds the sections, in their order. Encode is Join of a Config's objects; a
// caller that has kept the text of objects can join that instead.
//
// A section without objects is written as an empty list: it empties the kind, whereas APISIX would take a file without
// any content for no file at all and keep what it has.
func Join(sections []Section, o EncodeOptions) []byte {
	size := 256
	for _, s := range sections {
		size += s.Len * 1024 // more than most objects take: growing a large buffer costs more than spare room
	}
	dst := appendHeader(make([]byte, 0, size), o)
	frame := frames[o.Format]
	dst = append(dst, frame.open...)
	for i, s := range sections {
		if i > 0 {
			dst = append(dst, frame.next...)
		}
		dst = frame.appendSection(dst, s)
	}
	return append(dst, frame.close...)
}

// frame is the text around sections and objects in one format.
type frame struct {
	open, next, close string // of the file: before, between and after the sections
	key, list         string // before a section's name; between the name and its first object
	comma, end        string // between two objects, after the last
	empty             string // a list without objects
}

var frames = [formats]frame{
	Block: {next: "\n", close: "\n#END\n", list: ":\n", comma: "\n", empty: ": []"},
	Lines: {
		open: "{\n", next: ",\n", close: "\n}\n#END\n",
		key: `"`, list: "\":[\n", comma: ",\n", end: "\n]", empty: "\":[\n]",
	},
	JSON: {
		open: "{\n", next: ",\n", close: "\n}\n",
		key: `  "`, list: "\": [\n", comma: ",\n", end: "\n  ]", empty: `": []`,
	},
}

func (t *frame) appendSection(dst []byte, s Section) []byte {
	dst = append(append(dst, t.key...), s.Kind...)
	if s.Len == 0 {
		return append(dst, t.empty...)
	}
	dst = append(dst, t.list...)
	for i := range s.Len {
		if i > 0 {
			dst = append(dst, t.comma...)
		}
		dst = s.Append(dst, i)
	}
	return append(dst, t.end...)
}

// appendHeader appends the header as a comment of one line. Only printable ASCII without '$' gets there: nothing that
// ends a line, that libyaml refuses, or that APISIX takes for ${{…}}, which it replaces in comments too.
func appendHeader(dst []byte, o EncodeOptions) []byte {
	if o.Header == "" || o.Format == JSON {
		return dst
	}
	text := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '$' {
			return '?'
		}
		return r
	}, o.Header)
	return append(append(append(dst, "# "...), text...), '\n')
}
