//go:build !linux

package watch

// WritePieces writes the first of the pieces.
func (f osFile) WritePieces(pieces [][]byte, offset int64) (int, error) {
	return f.WriteAt(pieces[0], offset)
}
