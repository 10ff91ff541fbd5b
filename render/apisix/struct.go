package apisix

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// structEncoder writes a struct as a mapping, in the order of its fields. One field may be inline: a map[string]any, whose
// entries come after the fields as if they were fields too, and win over those. Another may be raw: an object that, if it
// is there, is written in place of the struct.
type structEncoder struct {
	fields []field
	inline int // the index of that field, or -1
	raw    int // the index of the field that is written in place of the struct, or -1
	rest   mapEncoder
}

// whole is what is written in place of the struct, if anything is.
func (s *structEncoder) whole(v reflect.Value) (raw reflect.Value, ok bool) {
	if s.raw < 0 || v.Field(s.raw).IsNil() {
		return raw, false
	}
	return v.Field(s.raw), true
}

// others are the entries of the inline field.
func (s *structEncoder) others(v reflect.Value) []entry {
	if s.inline < 0 || v.Field(s.inline).Len() == 0 {
		return nil
	}
	return entries(v.Field(s.inline), nil)
}

// omits tells whether a field of v is left out: it has no value, or the inline field has one of its name.
func (s *structEncoder) omits(fd *field, v reflect.Value) bool {
	if fd.omits(v.Field(fd.index)) {
		return true
	}
	return s.inline >= 0 && v.Field(s.inline).MapIndex(reflect.ValueOf(fd.name)).IsValid()
}

// field is one field of a struct.
type field struct {
	index     int
	name      string
	keys      [formats]string // the key as each format writes it, with the colon
	omitEmpty bool
	encoder   encoder
	scalar    bool // the encoder's, or that of what it points to
}

func newField(index int, name string, omitEmpty bool, e encoder) field {
	fd := field{index: index, name: name, omitEmpty: omitEmpty, encoder: e}
	if p, ok := e.(pointerEncoder); ok {
		e = p.elem
	}
	_, fd.scalar = e.(scalarEncoder)
	for f := range Format(formats) {
		key := string(appendString(nil, name))
		if f == Block && plainKey.MatchString(name) && !slices.Contains(yamlWords, name) {
			key = name
		}
		fd.keys[f] = key + f.colon()
	}
	return fd
}

// plainKey matches the names that Block leaves unquoted, yamlWords apart: YAML 1.1 reads those as something else.
var (
	plainKey  = regexp.MustCompile(`^[a-z][a-z0-9_-]*$`)
	yamlWords = strings.Fields("y n yes no on off true false null")
)

// omits tells whether the field is left out for the value v.
func (fd *field) omits(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		return v.IsNil()
	case reflect.Slice, reflect.Map, reflect.String, reflect.Array:
		return fd.omitEmpty && v.Len() == 0
	case reflect.Struct:
		return false
	}
	return fd.omitEmpty && v.IsZero()
}

func (s *structEncoder) flow(dst []byte, v reflect.Value, f Format) []byte {
	if raw, ok := s.whole(v); ok {
		return s.rest.flow(dst, raw, f)
	}
	dst = append(dst, '{')
	first := true
	for i := range s.fields {
		fd := &s.fields[i]
		x := v.Field(fd.index)
		if s.omits(fd, v) {
			continue
		}
		if !first {
			dst = append(dst, f.comma()...)
		}
		first = false
		dst = append(dst, fd.keys[f]...)
		dst = fd.encoder.flow(dst, x, f)
	}
	for _, x := range s.others(v) {
		if !first {
			dst = append(dst, f.comma()...)
		}
		first = false
		dst = append(appendString(dst, x.key), f.colon()...)
		dst = x.append(dst, s.rest.elem, f)
	}
	return append(dst, '}')
}

// shape keeps a struct of which only scalars have a value on one line if it fits.
func (s *structEncoder) shape(v reflect.Value) shape {
	if raw, ok := s.whole(v); ok {
		return s.rest.shape(raw)
	}
	if s.inline >= 0 && v.Field(s.inline).Len() > 0 {
		return tree
	}
	out := oneLine
	for i := range s.fields {
		fd := &s.fields[i]
		if fd.omits(v.Field(fd.index)) {
			continue
		}
		if !fd.scalar {
			return tree
		}
		out = leaf
	}
	return out
}

func (s *structEncoder) block(w *writer, v reflect.Value) {
	if raw, ok := s.whole(v); ok {
		s.rest.block(w, raw)
		return
	}
	w.open('{')
	first := true
	for i := range s.fields {
		fd := &s.fields[i]
		x := v.Field(fd.index)
		if s.omits(fd, v) {
			continue
		}
		w.entry(first)
		first = false
		w.key(fd.keys[w.format])
		w.value(fd.encoder, x)
	}
	for _, x := range s.others(v) {
		w.entry(first)
		first = false
		x.block(w, s.rest.elem)
	}
	w.close('}')
}
