package apisix

import (
	"reflect"
	"slices"
	"strings"
)

// sequenceEncoder writes a slice.
type sequenceEncoder struct{ elem encoder }

func (e sequenceEncoder) flow(dst []byte, v reflect.Value, f Format) []byte {
	dst = append(dst, '[')
	for i := range v.Len() {
		if i > 0 {
			dst = append(dst, f.comma()...)
		}
		dst = e.elem.flow(dst, v.Index(i), f)
	}
	return append(dst, ']')
}

// shape keeps a sequence of scalars on one line if it fits.
func (e sequenceEncoder) shape(v reflect.Value) shape {
	if v.Len() == 0 {
		return oneLine
	}
	for i := range v.Len() {
		if !isScalar(e.elem, v.Index(i)) {
			return tree
		}
	}
	return leaf
}

func isScalar(e encoder, v reflect.Value) bool {
	if _, ok := e.(anyEncoder); ok && !v.IsNil() {
		e = encoderOf(v.Elem().Type())
	}
	_, ok := e.(scalarEncoder)
	return ok
}

func (e sequenceEncoder) block(w *writer, v reflect.Value) {
	w.open('[')
	for i := range v.Len() {
		w.entry(i == 0)
		w.item()
		w.value(e.elem, v.Index(i))
	}
	w.close(']')
}

// mapEncoder writes a map with keys of string kind, in the order of its keys. The keys are data: they are quoted, and
// made safe by cleanKey; of keys that then are the same the first is written.
type mapEncoder struct{ elem encoder }

func (mapEncoder) shape(v reflect.Value) shape {
	if v.Len() == 0 {
		return oneLine
	}
	return tree
}

func (e mapEncoder) flow(dst []byte, v reflect.Value, f Format) []byte {
	dst = append(dst, '{')
	var space [16]entry
	for i, x := range entries(v, space[:0]) {
		if i > 0 {
			dst = append(dst, f.comma()...)
		}
		dst = append(appendString(dst, x.key), f.colon()...)
		dst = x.append(dst, e.elem, f)
	}
	return append(dst, '}')
}

func (e mapEncoder) block(w *writer, v reflect.Value) {
	w.open('{')
	var space [16]entry
	for i, x := range entries(v, space[:0]) {
		w.entry(i == 0)
		x.block(w, e.elem)
	}
	w.close('}')
}

// entry is one entry of a map; text stands for value in a map of strings, the common one, which is read without
// allocating.
type entry struct {
	key, text string
	value     reflect.Value
}

func (x entry) append(dst []byte, e encoder, f Format) []byte {
	if x.value.IsValid() {
		return e.flow(dst, x.value, f)
	}
	return appendString(dst, x.text)
}

// block writes the entry where lines may be broken.
func (x entry) block(w *writer, e encoder) {
	w.buf = append(appendString(w.buf, x.key), w.format.colon()...)
	w.dash = false
	if x.value.IsValid() {
		w.value(e, x.value)
	} else {
		w.buf = appendString(w.buf, x.text)
	}
}

func (x entry) reflect() reflect.Value {
	if x.value.IsValid() {
		return x.value
	}
	return reflect.ValueOf(x.text)
}

// entries appends the entries of the map v to xs, sorted and with clean, distinct keys.
func entries(v reflect.Value, xs []entry) []entry {
	xs = rawEntries(v, xs)
	if clean := cleanKeys(xs); clean {
		return xs
	}
	slices.SortStableFunc(xs, compareKeys)
	return slices.CompactFunc(xs, func(a, b entry) bool { return a.key == b.key })
}

// rawEntries appends the entries of the map v to xs, sorted.
func rawEntries(v reflect.Value, xs []entry) []entry {
	if m, ok := v.Interface().(map[string]string); ok {
		for k, s := range m {
			xs = append(xs, entry{key: k, text: s})
		}
	} else {
		for _, k := range v.MapKeys() {
			xs = append(xs, entry{key: k.String(), value: v.MapIndex(k)})
		}
	}
	slices.SortFunc(xs, compareKeys)
	return xs
}

// cleanKeys cleans the keys in place; it returns whether they were clean already.
func cleanKeys(xs []entry) bool {
	clean := true
	for i := range xs {
		key := cleanKey(xs[i].key)
		clean = clean && key == xs[i].key
		xs[i].key = key
	}
	return clean
}

func compareKeys(a, b entry) int { return strings.Compare(a.key, b.key) }
