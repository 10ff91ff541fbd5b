package snapshot

import (
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// patch is what must change in a resource's JSON so that protojson accepts it: unknown fields and enum values go, Anys of
// unknown types become TypedStructs. It edits the text in place of a tree, so that positions can be told from the edits.
type patch struct {
	resource string
	edits    []edit
	notes    []Note
}

// edit replaces the bytes of the original text from one offset up to another.
type edit struct {
	from, to int64
	by       string
}

// part is a member of an object or an element of an array, and whether it stays.
type part struct {
	from, to int64
	keep     bool
}

func (p *patch) note(field, format string, args ...any) {
	p.notes = append(p.notes, Note{Resource: p.resource, Field: field, Message: fmt.Sprintf(format, args...)})
}

// message looks through the JSON form of a message. Values of the wrong kind are left for protojson to report.
func (p *patch) message(t text, md protoreflect.MessageDescriptor, path string) {
	switch {
	case md.FullName() == "google.protobuf.Any":
		p.any(t, path)
	case !hasOwnJSON(md):
		p.fields(t, md, path, false)
	}
}

// hasOwnJSON reports whether the message's JSON form is something else than its fields: Duration, Struct, wrappers, ….
func hasOwnJSON(md protoreflect.MessageDescriptor) bool {
	return md.FullName().Parent() == "google.protobuf" && md.FullName() != "google.protobuf.Empty"
}

// fields looks through an object whose members are the fields of a message. typed says that it is inside an Any and has
// an "@type" as well.
func (p *patch) fields(t text, md protoreflect.MessageDescriptor, path string, typed bool) {
	var parts []part
	for m := range t.members() {
		part := part{t.at + int64(m.from), t.at + int64(m.to), true}
		fd := fieldOf(md, m.key)
		switch {
		case typed && m.key == "@type":
		case fd == nil:
			part.keep = false
			p.note(join(path, snake(m.key)), "the field is unknown and left out")
		default:
			part.keep = p.field(m.value, fd, join(path, string(fd.Name())))
		}
		parts = append(parts, part)
	}
	p.drop(t, parts)
}

func fieldOf(md protoreflect.MessageDescriptor, key string) protoreflect.FieldDescriptor {
	if fd := md.Fields().ByJSONName(key); fd != nil {
		return fd
	}
	return md.Fields().ByTextName(key)
}

// field looks through the value of a field and reports whether it can stay.
func (p *patch) field(t text, fd protoreflect.FieldDescriptor, path string) bool {
	var parts []part
	switch {
	case fd.IsMap():
		for m := range t.members() {
			keep := p.value(m.value, fd.MapValue(), fmt.Sprintf("%s[%s]", path, m.key))
			parts = append(parts, part{t.at + int64(m.from), t.at + int64(m.to), keep})
		}
	case fd.IsList():
		i := 0
		for e := range t.elements() {
			keep := p.value(e, fd, fmt.Sprintf("%s[%d]", path, i))
			parts = append(parts, part{e.at, e.at + int64(len(e.json)), keep})
			i++
		}
	default:
		return p.value(t, fd, path)
	}
	p.drop(t, parts)
	return true
}

// value looks through one value of a field and reports whether it can stay.
func (p *patch) value(t text, fd protoreflect.FieldDescriptor, path string) bool {
	switch fd.Kind() {
	case protoreflect.MessageKind:
		p.message(t, fd.Message(), path)
	case protoreflect.EnumKind:
		if t.is('"') && fd.Enum().Values().ByName(protoreflect.Name(t.str())) == nil {
			p.note(path, "the value %q is unknown and left out, as if it were not set", t.str())
			return false
		}
	case protoreflect.BytesKind:
		if t.str() == redacted { // not base64, but unmistakable
			p.edits = append(p.edits, edit{t.at, t.at + int64(len(t.json)), `"` + redactedBase64 + `"`})
		}
	}
	return true
}

// any looks through the JSON form of an Any.
func (p *patch) any(t text, path string) {
	url, ok := t.member("@type")
	if !ok || !url.is('"') {
		return
	}
	mt, err := protoregistry.GlobalTypes.FindMessageByURL(url.str())
	if err != nil {
		p.note(path, "the type %q is unknown; its content is kept as an xds.type.v3.TypedStruct", url.str())
		p.notes[len(p.notes)-1].UnknownType = url.str()[strings.LastIndexByte(url.str(), '/')+1:]
		p.wrap(t)
		return
	}
	if md := mt.Descriptor(); !hasOwnJSON(md) {
		p.fields(t, md, path, true)
	} else if value, ok := t.member("value"); ok {
		p.message(value, md, path)
	}
}

// wrap turns {"@type": T, …} into {"@type": TypedStruct, "type_url": T, "value": {…}}.
func (p *patch) wrap(t text) {
	var parts []part
	for m := range t.members() {
		keep := m.key != "@type"
		if !keep {
			head := `"@type":"` + typedStructURL + `","type_url":` + string(m.value.json) + `,"value":{`
			p.edits = append(p.edits, edit{t.at + 1, t.at + 1, head})
		}
		parts = append(parts, part{t.at + int64(m.from), t.at + int64(m.to), keep})
	}
	p.drop(t, parts)
	end := t.at + int64(len(t.json)) - 1
	p.edits = append(p.edits, edit{end, end, "}"})
}

// drop cuts the parts that do not stay out of an object or array, with the commas between them.
func (p *patch) drop(t text, parts []part) {
	kept := t.at + 1 // end of the last part that stays
	first, gap := true, false
	for _, part := range parts {
		if !part.keep {
			gap = true
			continue
		}
		if gap && first {
			p.edits = append(p.edits, edit{kept, part.from, ""})
		} else if gap {
			p.edits = append(p.edits, edit{kept, part.from, ","})
		}
		kept, first, gap = part.to, false, false
	}
	if gap {
		p.edits = append(p.edits, edit{kept, t.at + int64(len(t.json)) - 1, ""})
	}
}

// apply returns the text as edited. It makes the edits relative to it.
func (p *patch) apply(t text) []byte {
	slices.SortStableFunc(p.edits, func(a, b edit) int { return int(a.from - b.from) })
	var out []byte
	at := int64(0)
	for i, e := range p.edits {
		e.from, e.to = e.from-t.at, e.to-t.at
		p.edits[i] = e
		out = append(append(out, t.json[at:e.from]...), e.by...)
		at = e.to
	}
	return append(out, t.json[at:]...)
}

// source is the offset in the original text of what is at an offset in the edited one.
func (p *patch) source(edited int) int {
	shift := int64(0) // original less edited
	for _, e := range p.edits {
		if int64(edited)+shift < e.from {
			break
		}
		if int64(edited)+shift < e.from+int64(len(e.by)) {
			return int(e.from) // within what was put in
		}
		shift += e.to - e.from - int64(len(e.by))
	}
	return edited + int(shift)
}

func join(path, field string) string { return strings.TrimPrefix(path+"."+field, ".") }
