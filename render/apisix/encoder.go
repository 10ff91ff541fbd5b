package apisix

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"
)

// encoder writes the values of one Go type. Encoders are made once for each type from its json tags, which mean what they
// mean to encoding/json, except that nothing is ever written as null: a nil slice is [], a nil map {}, and a struct
// field without a value is left out.
type encoder interface {
	// flow appends v on one line.
	flow(dst []byte, v reflect.Value, f Format) []byte
	// shape tells how v is laid out where lines may be broken.
	shape(v reflect.Value) shape
	// block writes v over several lines. It is called for no value whose shape is oneLine.
	block(w *writer, v reflect.Value)
}

// shape is how a value wants to be laid out in Block and JSON.
type shape int

const (
	oneLine shape = iota // always on one line
	leaf                 // on one line if it fits there
	tree                 // always over several lines
)

var encoders sync.Map // reflect.Type to encoder

// encoderOf returns the encoder for t.
func encoderOf(t reflect.Type) encoder {
	if e, ok := encoders.Load(t); ok {
		return e.(encoder)
	}
	e, _ := encoders.LoadOrStore(t, compile(t, map[reflect.Type]*structEncoder{}))
	return e.(encoder)
}

// compile makes the encoder for t; open holds the structs that are being compiled, for types that contain themselves.
func compile(t reflect.Type, open map[reflect.Type]*structEncoder) encoder {
	switch t.Kind() {
	case reflect.Struct:
		switch t {
		case reflect.TypeFor[Expr]():
			return exprEncoder{}
		case reflect.TypeFor[Node]():
			return nodeEncoder{compileStruct(t, open)}
		}
		return compileStruct(t, open)
	case reflect.Pointer:
		return pointerEncoder{compile(t.Elem(), open)}
	case reflect.Slice, reflect.Array:
		return sequenceEncoder{compile(t.Elem(), open)}
	case reflect.Map:
		if t.Key().Kind() == reflect.String {
			return mapEncoder{compile(t.Elem(), open)}
		}
	case reflect.Interface:
		return anyEncoder{}
	}
	return scalarEncoder{}
}

func compileStruct(t reflect.Type, open map[reflect.Type]*structEncoder) *structEncoder {
	if s := open[t]; s != nil {
		return s
	}
	s := &structEncoder{inline: -1, raw: -1, rest: mapEncoder{anyEncoder{}}}
	open[t] = s
	for i := range t.NumField() {
		if t.Field(i).Tag.Get("inline") != "" {
			s.inline = i
			continue
		}
		if t.Field(i).Tag.Get("raw") != "" {
			s.raw = i
			continue
		}
		tag, options, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if tag == "-" || !t.Field(i).IsExported() {
			continue
		}
		if tag == "" {
			tag = t.Field(i).Name
		}
		e := compile(t.Field(i).Type, open)
		s.fields = append(s.fields, newField(i, tag, options == "omitempty", e))
	}
	return s
}

// nodeEncoder writes a node as its struct is written, without reflection: a mesh has more nodes than all else.
type nodeEncoder struct{ *structEncoder }

func (e nodeEncoder) flow(dst []byte, v reflect.Value, f Format) []byte {
	if !v.CanAddr() {
		return e.structEncoder.flow(dst, v, f)
	}
	n, keys := v.Addr().Interface().(*Node), e.fields
	dst = appendString(append(append(dst, '{'), keys[0].keys[f]...), n.Host)
	for i, x := range [...]int{n.Port, n.Weight, n.Priority} {
		if key := &keys[1+i]; x != 0 || !key.omitEmpty {
			dst = strconv.AppendInt(append(append(dst, f.comma()...), key.keys[f]...), int64(x), 10)
		}
	}
	return append(dst, '}')
}

// scalarEncoder writes strings, booleans and numbers. Whatever has no JSON is written as its Go text: no type of ours
// holds such, and a raw plugin configuration comes from JSON.
type scalarEncoder struct{}

func (scalarEncoder) shape(reflect.Value) shape          { return oneLine }
func (e scalarEncoder) block(w *writer, v reflect.Value) { w.buf = e.flow(w.buf, v, w.format) }

func (scalarEncoder) flow(dst []byte, v reflect.Value, _ Format) []byte {
	switch {
	case v.Kind() == reflect.String:
		return appendString(dst, v.String())
	case v.Kind() == reflect.Bool:
		return strconv.AppendBool(dst, v.Bool())
	case v.CanInt():
		return strconv.AppendInt(dst, v.Int(), 10)
	case v.CanUint():
		return strconv.AppendUint(dst, v.Uint(), 10)
	case v.CanFloat():
		return appendFloat(dst, v.Float())
	}
	return appendString(dst, fmt.Sprint(v))
}

// pointerEncoder writes what a pointer points to, and {} for nil.
type pointerEncoder struct{ elem encoder }

func (e pointerEncoder) flow(dst []byte, v reflect.Value, f Format) []byte {
	if v.IsNil() {
		return append(dst, "{}"...)
	}
	return e.elem.flow(dst, v.Elem(), f)
}

func (e pointerEncoder) shape(v reflect.Value) shape {
	if v.IsNil() {
		return oneLine
	}
	return e.elem.shape(v.Elem())
}

func (e pointerEncoder) block(w *writer, v reflect.Value) { e.elem.block(w, v.Elem()) }

// anyEncoder writes what an interface holds, and "" for nil, because APISIX reads a YAML null as a table.
type anyEncoder struct{}

func (anyEncoder) flow(dst []byte, v reflect.Value, f Format) []byte {
	if v.IsNil() {
		return append(dst, `""`...)
	}
	return encoderOf(v.Elem().Type()).flow(dst, v.Elem(), f)
}

func (anyEncoder) shape(v reflect.Value) shape {
	if v.IsNil() {
		return oneLine
	}
	return encoderOf(v.Elem().Type()).shape(v.Elem())
}

func (anyEncoder) block(w *writer, v reflect.Value) { encoderOf(v.Elem().Type()).block(w, v.Elem()) }
