package watch

import (
	"io"
	"iter"
)

// batch is how many pieces are written at once. The kernel takes up to 1,024.
const batch = 512

// pour writes the pieces to the file from its beginning.
func (f *File) pour(h handle, chunks iter.Seq[[]byte]) (err error) {
	var offset int64
	pieces := f.pieces[:0]
	defer func() {
		f.pieces = pieces[:0]
		clear(pieces[:cap(pieces)])
	}()
	for chunk := range chunks {
		if len(chunk) > 0 {
			pieces = append(pieces, chunk)
		}
		if len(pieces) == batch {
			if offset, err = writeAll(h, pieces, offset); err != nil {
				return err
			}
			pieces = pieces[:0]
		}
	}
	_, err = writeAll(h, pieces, offset)
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
