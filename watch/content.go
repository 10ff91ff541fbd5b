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
	// Chunks yields the pieces in their order. Pieces that two contents have in common are best the same memory in both:
	// they are not looked at then.
	Chunks() iter.Seq[[]byte]
}

// plain is a content in one piece, which may change once it is written.
type plain []byte

func (p plain) Len() int64               { return int64(len(p)) }
func (p plain) Chunks() iter.Seq[[]byte] { return func(yield func([]byte) bool) { yield(p) } }

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
	for chunk := range c.Chunks() {
		if head = append(head, chunk[:min(len(chunk), generationMax-len(head))]...); len(head) == generationMax {
			break
		}
	}
	_, line := parseGeneration(head)
	return body{c, line}
}

func (b body) Len() int64 { return b.Content.Len() - b.line }

func (b body) Chunks() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		skip := b.line
		for chunk := range b.Content.Chunks() {
			n := min(skip, int64(len(chunk)))
			skip -= n
			if chunk = chunk[n:]; len(chunk) > 0 && !yield(chunk) {
				return
			}
		}
	}
}

// equals reports whether what next returns piece by piece, and nothing when it is at its end, begins with the body.
func (b body) equals(next func() []byte) bool {
	var have []byte
	for chunk := range b.Chunks() {
		for len(chunk) > 0 {
			if len(have) == 0 {
				if have = next(); len(have) == 0 {
					return false
				}
			}
			n := min(len(have), len(chunk))
			if !bytes.Equal(have[:n], chunk[:n]) { // quick if they are the same memory
				return false
			}
			have, chunk = have[n:], chunk[n:]
		}
	}
	return true
}
