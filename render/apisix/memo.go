package apisix

// memo is what an Encoder knows of the objects of one kind.
type memo[T any] struct {
	separator string // between two objects
	id        func(T) string
	key       func(T) bool        // whether the object holds a private key
	equal     func(a, b []T) bool // whether the objects are the same ones; the slices are of one length
	absent    func(T) bool
	sorted    func([]T) []T
	append    func(dst []byte, object T) []byte

	last, before *list[T] // of the last two calls; nil before the first ones
	scratch      []byte
}

// list returns the texts of the objects, in the order of their ids.
func (m *memo[T]) list(objects []T) *list[T] {
	now := m.last
	if now == nil || !sameSlice(now.from, objects) {
		var ok bool
		if now, ok = m.compile(objects); !ok {
			now, _ = m.compile(m.sorted(objects))
		}
		now.from = objects
	}
	m.last, m.before = now, m.last
	return now
}

func sameSlice[T any](a, b []T) bool { return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0]) }

// compile makes the list of the objects from blocks of the former lists as far as possible. It is not ok if the objects
// are not sorted, or one is absent: what is in a former block is known to be in order and is not looked at.
func (m *memo[T]) compile(objects []T) (_ *list[T], ok bool) {
	now := &list[T]{separator: m.separator}
	if m.last != nil {
		now.blocks = make([]*block[T], 0, len(m.last.blocks)+2)
	}
	cursors := [2]cursor[T]{m.cursor(m.last), m.cursor(m.before)}
	var last *block[T] // the one before
	for i := 0; i < len(objects); {
		b, follows := m.reuse(&cursors, objects[i:], last)
		if b == nil {
			if b = m.compose(&cursors, objects[i:]); b == nil {
				return nil, false
			}
		}
		if last != nil && !follows && m.id(b.objects[0]) < m.id(last.objects[len(last.objects)-1]) {
			return nil, false
		}
		now.add(b)
		last = b
		i += len(b.objects)
	}
	return now, true
}

// reuse returns the block of a former list that holds the first of the objects, if it can stay as it is, and whether it
// followed last there.
func (m *memo[T]) reuse(cursors *[2]cursor[T], objects []T, last *block[T]) (b *block[T], follows bool) {
	for n := range cursors {
		c := &cursors[n]
		if b := c.block(objects); b != nil && m.fits(c, b, objects) {
			follows := c.at > 0 && c.blocks[c.at-1] == last
			c.next()
			return b, follows
		}
	}
	return nil, false
}

// fits reports whether a block of the cursor's list holds just those of the objects that one block should.
func (m *memo[T]) fits(c *cursor[T], b *block[T], objects []T) bool {
	n := len(b.objects)
	if n > len(objects) || !m.equal(b.objects, objects[:n]) {
		return false
	}
	if n == len(objects) {
		return true
	}
	if c.at+1 < len(c.blocks) && m.equal(c.blocks[c.at+1].objects[:1], objects[n:n+1]) {
		return true // it began a block
	}
	return !m.absent(objects[n]) && begins(m.id(objects[n]))
}

// compose makes a block of the first of the objects and those that follow up to the next that begins one. It returns nil if
// they are not in order.
func (m *memo[T]) compose(cursors *[2]cursor[T], objects []T) *block[T] {
	if m.absent(objects[0]) {
		return nil
	}
	b := &block[T]{memo: m}
	n, id := 0, m.id(objects[0])
	m.scratch = m.scratch[:0]
	var space [64]int
	ends := space[:0]
	for {
		m.scratch = append(m.text(cursors, id, objects[n:]), m.separator...)
		ends = append(ends, len(m.scratch))
		b.key = b.key || m.key(objects[n])
		if n++; n == len(objects) {
			break
		}
		if m.absent(objects[n]) {
			return nil
		}
		next := m.id(objects[n])
		if next < id {
			return nil
		}
		if id = next; begins(id) {
			break
		}
	}
	b.objects = append(make([]T, 0, n), objects[:n]...)
	b.ends = append(make([]int, 0, n), ends...)
	b.text = append(make([]byte, 0, len(m.scratch)), m.scratch...)
	b.size = len(b.text)
	return b
}

// text appends the text of the first of the objects to the scratch.
func (m *memo[T]) text(cursors *[2]cursor[T], id string, objects []T) []byte {
	for n := range cursors {
		if text := cursors[n].find(id, objects); text != nil {
			return append(m.scratch, text...)
		}
	}
	return m.append(m.scratch, objects[0])
}
