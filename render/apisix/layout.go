package apisix

import (
	"bytes"
	"reflect"
)

// width is the length in bytes that a line of small values may have before they get a line each.
const width = 100

// writer lays values out over several lines, for Block and JSON.
type writer struct {
	buf    []byte
	format Format
	depth  int  // indentation, in steps of two spaces
	dash   bool // what was written last is the "- " of a sequence in Block, whose first entry stays on that line
}

// object appends v as an element of the list of its kind, which is indented by one step in Block and two in JSON.
func (w *writer) object(dst []byte, e encoder, v reflect.Value) []byte {
	switch w.format {
	case Lines:
		return e.flow(dst, v, w.format)
	case Block:
		w.buf, w.depth = append(dst, "  "...), 1
	case JSON:
		w.buf, w.depth = append(dst, "    "...), 2
	}
	w.item()
	e.block(w, v)
	return w.buf
}

// value writes v after a key or at the start of a sequence's item.
func (w *writer) value(e encoder, v reflect.Value) {
	shape := e.shape(v)
	if shape == tree {
		e.block(w, v)
		return
	}
	start := len(w.buf)
	w.buf = e.flow(w.buf, v, w.format)
	if shape == leaf && w.column() > width {
		w.buf = w.buf[:start]
		e.block(w, v)
	}
}

func (w *writer) column() int { return len(w.buf) - bytes.LastIndexByte(w.buf, '\n') - 1 }

// open starts a mapping or a sequence. In Block it has no bracket, and its first entry goes to the next line, or stays
// on the line of a dash.
func (w *writer) open(bracket byte) {
	w.depth++
	if w.format == JSON {
		w.buf = append(w.buf, bracket)
	} else if !w.dash {
		w.buf = bytes.TrimSuffix(w.buf, []byte(" ")) // of the key
	}
}

// entry starts the line of the next key or item.
func (w *writer) entry(first bool) {
	if w.format == JSON && !first {
		w.buf = append(w.buf, ',')
	}
	if w.format == JSON || !first || !w.dash {
		w.newline()
	}
}

func (w *writer) key(text string) {
	w.buf = append(w.buf, text...)
	w.dash = false
}

func (w *writer) item() {
	if w.format == Block {
		w.buf = append(w.buf, "- "...)
		w.dash = true
	}
}

func (w *writer) close(bracket byte) {
	w.depth--
	if w.format == JSON {
		w.newline()
		w.buf = append(w.buf, bracket)
	}
}

func (w *writer) newline() {
	const line = "\n                                "
	w.buf = append(w.buf, line[:1+2*min(w.depth, 16)]...)
	for range w.depth - 16 {
		w.buf = append(w.buf, "  "...)
	}
}
