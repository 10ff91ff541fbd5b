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
	l.size += int64(len(b.text))
	l.key = l.key || b.key
}

func (l *list[T]) holdsKey() bool { return l.key }

func (l *list[T]) len() int64 { return max(0, l.size-int64(len(l.separator))) }

// chunks yields the text of the objects, without the separator after the last.
func (l *list[T]) chunks(yield func([]byte) bool) bool {
	for i, b := range l.blocks {
		text := b.text
		if i == len(l.blocks)-1 {
			text = text[:len(text)-len(l.separator)]
		}
		if !yield(text) {
			return false
		}
	}
	return true
}

// block is the text of some objects that follow one another, each with the separator after it. One object alone would
// make many small pieces to write, all together one big piece to build.
type block[T any] struct {
	objects []T
	ends    []int // of the objects' texts
	text    []byte
	key     bool
}

// begins reports whether the object of that id begins a block, as one of 32 does. Only the id decides, so that one
// object more or less changes one block, or makes two of it, and leaves the others as they are.
func begins(id string) bool {
	h := uint32(2166136261) // FNV-1a
	for i := range len(id) {
		h = (h ^ uint32(id[i])) * 16777619
	}
	return (h^h>>16)&31 == 0
}

// part is the text of an object of the block, without the separator.
func (b *block[T]) part(i, separator int) []byte {
	start := 0
	if i > 0 {
		start = b.ends[i-1]
	}
	return b.text[start : b.ends[i]-separator]
}
