package snapshot

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// maxValue is how many bytes one resource may have in its source. It bounds the memory that a compressed or generated
// input can take; the largest real one, the route configuration of a port in a mesh of 10,000 services, has 15 MB.
const maxValue = 256 << 20

var errTooLarge = errors.New("value too large")

// locator tells which line and column an offset into a text is in.
type locator interface {
	locate(offset int64) (line, column int)
}

// lineReader remembers where lines begin in what is read through it, in about a byte per line, and refuses to read
// beyond limit.
type lineReader struct {
	r       io.Reader
	read    int64  // bytes handed on
	limit   int64  // of read
	begin   int64  // where the current line begins
	lengths []byte // of the lines before it, as varints
}

func (l *lineReader) Read(p []byte) (int, error) {
	if l.read >= l.limit {
		return 0, errTooLarge
	}
	n, err := l.r.Read(p)
	for at := 0; ; {
		i := bytes.IndexByte(p[at:n], '\n')
		if i < 0 {
			break
		}
		at += i + 1
		next := l.read + int64(at)
		l.lengths = binary.AppendUvarint(l.lengths, uint64(next-l.begin))
		l.begin = next
	}
	l.read += int64(n)
	return n, err
}

func (l *lineReader) locate(offset int64) (line, column int) {
	line = 1
	begin := int64(0)
	for rest := l.lengths; len(rest) > 0; line++ {
		length, n := binary.Uvarint(rest)
		if begin+int64(length) > offset {
			break
		}
		begin += int64(length)
		rest = rest[n:]
	}
	return line, int(offset-begin) + 1
}

// failf is an error at an offset of the current document.
func (r *reader) failf(at int64, format string, args ...any) error {
	line, column := r.position.locate(at)
	return fmt.Errorf("%s:%d:%d: %w", r.source, line, column, fmt.Errorf(format, args...))
}
