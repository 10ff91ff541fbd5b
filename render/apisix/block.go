package apisix

// list is the text of all objects of one kind. It does not change.
type list[T any] struct {
	separator string
	from      []T // the objects as they were given
	blocks    []*block[T]
	size      int64 // of all blocks
	key       bool  // whether an object holds a private key
}

func (l *list[T]) add(b *block[T]) {
	l.blocks = append(l.blocks, b)
	l.size += b.Len()
	l.key = l.key || b.key
}

func (l *list[T]) holdsKey() bool { return l.key }

func (l *list[T]) len() int64 { return max(0, l.size-int64(len(l.separator))) }

// pieces yields the blocks, and the last one without the separator at its end.
func (l *list[T]) pieces(yield func(Piece) bool) bool {
	for i, b := range l.blocks {
		var p Piece = b
		if i == len(l.blocks)-1 {
			p = lastBlock[T]{b}
		}
		if !yield(p) {
			return false
		}
	}
	return true
}

// block is the text of some objects that follow one another, each with the separator after it. One object alone would
// make many small pieces to write, all together one big piece to build. It is a Piece.
type block[T any] struct {
	memo    *memo[T]
	objects []T
	size    int    // of the text
	text    []byte // nil once it is settled
	ends    []int  // of the objects' texts, likewise
	key     bool
}

// Len implements Piece.
func (b *block[T]) Len() int64 { return int64(b.size) }

// Text implements Piece. Once the text is settled it is made anew.
func (b *block[T]) Text() []byte {
	if b.text != nil {
		return b.text
	}
	text := make([]byte, 0, b.size)
	for _, object := range b.objects {
		text = append(b.memo.append(text, object), b.memo.separator...)
	}
	return text
}

// Settle implements Piece.
func (b *block[T]) Settle() { b.text, b.ends = nil, nil }

// lastBlock is a block without the separator at its end.
type lastBlock[T any] struct{ *block[T] }

// Len implements Piece.
func (b lastBlock[T]) Len() int64 { return b.block.Len() - int64(len(b.memo.separator)) }

// Text implements Piece.
func (b lastBlock[T]) Text() []byte {
	text := b.block.Text()
	return text[:len(text)-len(b.memo.separator)]
}

// begins reports whether the object of that id begins a block, as one of 16 does. Only the id decides, so that one
// object more or less changes one block, or makes two of it, and leaves the others as they are.
func begins(id string) bool {
	h := uint32(2166136261) // FNV-1a
	for i := range len(id) {
		h = (h ^ uint32(id[i])) * 16777619
	}
	return (h^h>>16)&15 == 0
}

// part is the text of an object of the block, without the separator; nil if the text is settled.
func (b *block[T]) part(i, separator int) []byte {
	if b.text == nil {
		return nil
	}
	start := 0
	if i > 0 {
		start = b.ends[i-1]
	}
	return b.text[start : b.ends[i]-separator]
}
