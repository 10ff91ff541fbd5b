package watch

import (
	"bytes"
	"iter"
)

// Content is what a file shall hold, in pieces. It must not change: a File keeps the pieces of what it has written last, to
// know what is there without reading it.
type Content interface {
	// Len is the length in bytes.
	Len() int64
	// Pieces yields the pieces in their order. Two contents have a piece in common if it is the same (==) in both: it is not
	// looked at then.
	Pieces() iter.Seq[Piece]
}

// A Piece is a part of a content, whose text never changes. Pieces are compared by ==, and must be of a type that can be.
type Piece = interface {
	// Len is the length of the text in bytes.
	Len() int64
	// Text is the text, which may have to be made first. It must not be modified.
	Text() []byte
	// Settle says that the text is in the file. It is read there when it is to be in the next one, too: the piece need not
	// keep it, as long as it can make it once more should the file be gone.
	Settle()
}

// plain is a content in one piece, which may change once it is written.
type plain struct{ text []byte }

func (p *plain) Len() int64              { return int64(len(p.text)) }
func (p *plain) Pieces() iter.Seq[Piece] { return func(yield func(Piece) bool) { yield(p) } }
func (p *plain) Text() []byte            { return p.text }
func (p *plain) Settle()                 {}

// body is a content without its generation line.
type body struct {
	Content
	line int64 // the length of that
}

// body is what the file shall hold beside the generation line that it is given.
func (f *File) body(c Content) body {
	if !f.Generation {
		return body{Content: c}
	}
	head := make([]byte, 0, generationMax)
	for piece := range c.Pieces() {
		text := piece.Text()
		head = append(head, text[:min(len(text), generationMax-len(head))]...)
		if len(head) == generationMax || !bytes.HasPrefix(head, []byte(generationMark[:min(len(head), len(generationMark))])) {
			break
		}
	}
	_, line := parseGeneration(head)
	return body{c, line}
}

func (b body) Len() int64 { return b.Content.Len() - b.line }

// Pieces yields the pieces but for empty ones.
func (b body) Pieces() iter.Seq[Piece] {
	return func(yield func(Piece) bool) {
		skip := b.line
		for piece := range b.Content.Pieces() {
			n := min(skip, piece.Len())
			skip -= n
			if n == piece.Len() {
				continue
			}
			if n > 0 {
				piece = rest{piece, n}
			}
			if !yield(piece) {
				return
			}
		}
	}
}

// rest is a piece without its beginning.
type rest struct {
	Piece
	cut int64
}

func (r rest) Len() int64   { return r.Piece.Len() - r.cut }
func (r rest) Text() []byte { return r.Piece.Text()[r.cut:] }

// equals reports whether what next returns part by part, and nothing when it is at its end, begins with the body.
func (b body) equals(next func() []byte) bool {
	var have []byte
	for piece := range b.Pieces() {
		for text := piece.Text(); len(text) > 0; {
			if len(have) == 0 {
				if have = next(); len(have) == 0 {
					return false
				}
			}
			n := min(len(have), len(text))
			if !bytes.Equal(have[:n], text[:n]) {
				return false
			}
			have, text = have[n:], text[n:]
		}
	}
	return true
}
