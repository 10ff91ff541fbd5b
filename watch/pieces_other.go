//go:build !linux

package watch

import "errors"

// WritePieces writes the first of the pieces.
func (f osFile) WritePieces(pieces [][]byte, offset int64) (int, error) {
	return f.WriteAt(pieces[0], offset)
}

// CopyFrom copies nothing.
func (f osFile) CopyFrom(handle, int64, int64, int64) (int64, error) { return 0, errors.ErrUnsupported }
