package watch

import "io"

// batch is how many pieces are written at once. The kernel takes up to 1,024.
const batch = 512

// batchSize is how many bytes of pieces are gathered at most: their texts may have been made for this write alone.
const batchSize = 1 << 20

// window is how much of the old file is read at once.
const window = 128 << 10

// stream is one way of a text into a file.
type stream struct {
	to      handle
	offset  int64
	batch   [][]byte // what is to be written next
	size    int      // of the batch, in bytes
	written []piece

	// The old file, if there is one to take from what is known of it.
	from  handle
	start int64 // of the body
	known *known
	next  stretch

	// Where the system does not copy from file to file: what of the old file's body has been read.
	reads  bool
	space  []byte
	read   []byte // in space; the batch may refer to it
	readAt int64  // in the body
}

// stretch are known pieces that follow one another in both files, and are to be copied next.
type stretch struct {
	first, end   int // in known.pieces
	offset, size int64
}

// pour writes a text to the file from its beginning, and returns its pieces. What is known to be in the file from is taken
// from there.
func (f *File) pour(h handle, t text, from *previous) (written []piece, err error) {
	s := stream{to: h, batch: f.batch[:0], known: &f.known, space: f.window, written: f.written[:0]}
	if from != nil && from.known && from.file != nil {
		s.from, s.start = from.file, from.start
	}
	err = s.write(t)
	clear(s.batch[:cap(s.batch)])
	f.batch, f.window, f.written = s.batch[:0], s.space, s.written
	if err == nil && s.from != nil && !s.sound() {
		if err = h.Truncate(0); err == nil {
			return f.pour(h, t, nil)
		}
	}
	return s.written, err
}

// sound reports whether the old file is still what is known.
func (s *stream) sound() bool {
	info, err := s.from.Stat()
	return err == nil && s.known.vouches(info)
}

func (s *stream) write(t text) error {
	if len(t.line) > 0 {
		s.batch = append(s.batch, t.line)
	}
	var offset int64
	for p := range t.pieces {
		sum, err := s.add(p)
		if err != nil {
			return err
		}
		s.written = append(s.written, piece{p, offset, sum})
		offset += p.Len()
	}
	return s.flush()
}

// add writes a piece, now or later, and returns its sum.
func (s *stream) add(p Piece) (sum uint64, err error) {
	if n, ok := s.known.index[p]; ok && s.from != nil && !s.reads {
		k := &s.known.pieces[n]
		if s.next.end != n || s.next.size == 0 {
			if err := s.flush(); err != nil {
				return 0, err
			}
			s.next = stretch{n, n, k.offset, 0}
		}
		s.next.end, s.next.size = n+1, s.next.size+k.Len()
		return k.sum, nil
	}
	if err := s.copy(); err != nil {
		return 0, err
	}
	return s.append(p)
}

// copy has the system copy the next stretch, after what was before it. Where it does not do that the pieces are read and
// written.
func (s *stream) copy() error {
	r := s.next
	s.next = stretch{}
	for r.size > 0 && !s.reads {
		n, err := s.to.CopyFrom(s.from, s.start+r.offset, s.offset, r.size)
		if err != nil || n <= 0 {
			s.reads = true
			break
		}
		s.offset, r.offset, r.size = s.offset+n, r.offset+n, r.size-n
	}
	if r.size == 0 {
		return nil
	}
	s.offset -= r.offset - s.known.pieces[r.first].offset
	for _, p := range s.known.pieces[r.first:r.end] {
		if _, err := s.append(p.Piece); err != nil {
			return err
		}
	}
	return nil
}

// append adds the text of a piece to the batch.
func (s *stream) append(p Piece) (sum uint64, err error) {
	text, sum, err := s.textOf(p)
	if err != nil {
		return 0, err
	}
	s.batch, s.size = append(s.batch, text), s.size+len(text)
	if len(s.batch) >= batch || s.size >= batchSize {
		err = s.flushBatch()
	}
	return sum, err
}

// textOf is the text of a piece and its sum: as it is in the old file, if it is there, otherwise as the piece has it.
func (s *stream) textOf(p Piece) (text []byte, sum uint64, err error) {
	if s.from != nil {
		if n, ok := s.known.index[p]; ok {
			k := &s.known.pieces[n]
			text, err = s.reread(k.offset, k.Len())
			if err != nil || text != nil && sumOf(text) == k.sum {
				return text, k.sum, err
			}
		}
	}
	text = p.Text()
	return text, sumOf(text), nil
}

// reread is a part of the old file's body, nil if it cannot be read. It holds until the next flush. An error is that of
// writing.
func (s *stream) reread(offset, size int64) ([]byte, error) {
	if size > window {
		return nil, nil
	}
	if offset < s.readAt || offset+size > s.readAt+int64(len(s.read)) {
		if err := s.flushBatch(); err != nil {
			return nil, err
		}
		if s.space == nil {
			s.space = make([]byte, window)
		}
		n, _ := s.from.ReadAt(s.space, s.start+offset)
		s.read, s.readAt = s.space[:n], offset
	}
	if at := offset - s.readAt; at+size <= int64(len(s.read)) {
		return s.read[at : at+size], nil
	}
	return nil, nil
}

func (s *stream) flush() error {
	if err := s.copy(); err != nil {
		return err
	}
	return s.flushBatch()
}

func (s *stream) flushBatch() (err error) {
	s.offset, err = writeAll(s.to, s.batch, s.offset)
	s.batch, s.size = s.batch[:0], 0
	return err
}

// writeAll writes the pieces at the offset, however few bytes the system takes at a time, and returns the offset after
// them. It cuts the pieces.
func writeAll(h handle, pieces [][]byte, offset int64) (int64, error) {
	for len(pieces) > 0 {
		n, err := h.WritePieces(pieces, offset)
		if err != nil {
			return offset, err
		}
		if n <= 0 {
			return offset, io.ErrShortWrite
		}
		offset += int64(n)
		for n > 0 {
			k := min(n, len(pieces[0]))
			pieces[0], n = pieces[0][k:], n-k
			if len(pieces[0]) == 0 {
				pieces = pieces[1:]
			}
		}
	}
	return offset, nil
}
