package watch

import (
	"io/fs"

	"golang.org/x/sys/unix"
)

// WritePieces hands all pieces to the kernel in one call: to put them together first, or to call it for each, would take
// longer than the write itself.
func (f osFile) WritePieces(pieces [][]byte, offset int64) (int, error) {
	if len(pieces) == 1 {
		return f.WriteAt(pieces[0], offset)
	}
	for {
		n, err := unix.Pwritev(int(f.Fd()), pieces, offset)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return n, &fs.PathError{Op: "write", Path: f.Name(), Err: err}
		}
		return n, nil
	}
}

// CopyFrom leaves the bytes in the kernel.
func (f osFile) CopyFrom(other handle, from, to, size int64) (int64, error) {
	n, err := unix.CopyFileRange(int(other.Fd()), &from, int(f.Fd()), &to, int(size), 0)
	return int64(n), err
}
