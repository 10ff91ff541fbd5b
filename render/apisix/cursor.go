package apisix

import "slices"

// cursor goes through a former list in the order of ids, forward only.
type cursor[T any] struct {
	*memo[T]
	blocks []*block[T]
	at     int // the block
	object int // in it
}

func (m *memo[T]) cursor(l *list[T]) cursor[T] {
	if l == nil {
		return cursor[T]{memo: m}
	}
	return cursor[T]{memo: m, blocks: l.blocks}
}

func (c *cursor[T]) next() { c.at, c.object = c.at+1, 0 }

// seek goes forward to the last block that begins at or before the id.
func (c *cursor[T]) seek(id string) {
	rest := c.blocks[min(c.at+1, len(c.blocks)):]
	n, _ := slices.BinarySearchFunc(rest, id, func(b *block[T], id string) int {
		if c.id(b.objects[0]) <= id {
			return -1
		}
		return 1
	})
	if n > 0 {
		c.at, c.object = c.at+n, 0
	}
}

// block returns the block that the first of the objects begins, nil if it begins none.
func (c *cursor[T]) block(objects []T) *block[T] {
	if c.absent(objects[0]) {
		return nil
	}
	if !c.isAt(objects) {
		c.seek(c.id(objects[0]))
	}
	if !c.isAt(objects) {
		return nil
	}
	return c.blocks[c.at]
}

// isAt reports whether the first of the objects begins the block at which the cursor is.
func (c *cursor[T]) isAt(objects []T) bool {
	return c.at < len(c.blocks) && c.equal(c.blocks[c.at].objects[:1], objects[:1])
}

// find returns the text of the first of the objects, which has that id; nil if it is not in the list.
func (c *cursor[T]) find(id string, objects []T) []byte {
	c.seek(id)
	if c.at >= len(c.blocks) {
		return nil
	}
	b := c.blocks[c.at]
	for c.object < len(b.objects) && c.id(b.objects[c.object]) < id {
		c.object++
	}
	for i := c.object; i < len(b.objects) && c.id(b.objects[i]) == id; i++ {
		if c.equal(b.objects[i:i+1], objects[:1]) {
			return b.part(i, len(c.separator))
		}
	}
	return nil
}
