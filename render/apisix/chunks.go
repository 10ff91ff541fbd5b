package apisix

import (
	"io"
	"iter"
)

// Text is the text of a file in pieces, which texts share as far as they are the same. It does not change, and neither
// must its pieces be modified.
type Text struct {
	parts []part
	size  int64
	keys  bool
}

// part is some text around objects, and the objects after it.
type part struct {
	text    []byte
	objects pieces // nil if there are none
}

// pieces is a list of any kind.
type pieces interface {
	len() int64
	holdsKey() bool
	chunks(yield func([]byte) bool) bool
}

// Len is the length of the text in bytes.
func (t *Text) Len() int64 { return t.size }

// Chunks yields the text piece by piece; no piece is empty. A piece that two texts of one Encoder share is the same
// memory in both.
func (t *Text) Chunks() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for _, p := range t.parts {
			if !yield(p.text) || p.objects != nil && !p.objects.chunks(yield) {
				return
			}
		}
	}
}

// Bytes is the text in one piece, a copy.
func (t *Text) Bytes() []byte {
	out := make([]byte, 0, t.size)
	for chunk := range t.Chunks() {
		out = append(out, chunk...)
	}
	return out
}

// WriteTo implements io.WriterTo.
func (t *Text) WriteTo(w io.Writer) (n int64, err error) {
	for chunk := range t.Chunks() {
		k, err := w.Write(chunk)
		if n += int64(k); err != nil {
			return n, err
		}
	}
	return n, nil
}

// HoldsPrivateKeys reports whether the text holds a private key, or may do so, as [Config.HoldsPrivateKeys] of what it was
// made from.
func (t *Text) HoldsPrivateKeys() bool { return t.keys }
