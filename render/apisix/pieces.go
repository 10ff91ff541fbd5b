package apisix

import (
	"io"
	"iter"
)

// Text is the text of a file in pieces, which texts share as far as they are the same. It does not change.
type Text struct {
	parts []part
	size  int64
	keys  bool
}

// A Piece is a part of a text. Two texts of one Encoder that share it have the same (==) one.
type Piece = interface {
	// Len is the length of the text in bytes.
	Len() int64
	// Text is the text, which must not be modified.
	Text() []byte
	// Settle says that the text is kept elsewhere. If it is asked for nevertheless it is encoded once more. Only whoever uses
	// the Encoder may call it.
	Settle()
}

// literal is a piece between objects.
type literal string

func (l literal) Len() int64   { return int64(len(l)) }
func (l literal) Text() []byte { return []byte(l) }
func (l literal) Settle()      {}

// part is some text around objects, and the objects after it.
type part struct {
	text    literal
	objects objectTexts // nil if there are none
}

// objectTexts is a list of any kind.
type objectTexts interface {
	len() int64
	holdsKey() bool
	pieces(yield func(Piece) bool) bool
}

// Len is the length of the text in bytes.
func (t *Text) Len() int64 { return t.size }

// Pieces yields the text piece by piece; no piece is empty.
func (t *Text) Pieces() iter.Seq[Piece] {
	return func(yield func(Piece) bool) {
		for _, p := range t.parts {
			if !yield(p.text) || p.objects != nil && !p.objects.pieces(yield) {
				return
			}
		}
	}
}

// Bytes is the text as a whole, a copy.
func (t *Text) Bytes() []byte {
	out := make([]byte, 0, t.size)
	for piece := range t.Pieces() {
		out = append(out, piece.Text()...)
	}
	return out
}

// WriteTo implements io.WriterTo.
func (t *Text) WriteTo(w io.Writer) (n int64, err error) {
	for piece := range t.Pieces() {
		k, err := w.Write(piece.Text())
		if n += int64(k); err != nil {
			return n, err
		}
	}
	return n, nil
}

// HoldsPrivateKeys reports whether the text holds a private key, or may do so, as [Config.HoldsPrivateKeys] of what it was
// made from.
func (t *Text) HoldsPrivateKeys() bool { return t.keys }
