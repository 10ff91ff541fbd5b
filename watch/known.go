package watch

import (
	"io/fs"
	"slices"
	"time"
)

// known is what a File need not read, because it has written it, or read it once: as long as the stamp of the file is
// still this one.
type known struct {
	stamp  stamp    // the zero value is of no file
	chunks [][]byte // of the body
	size   int64    // of the body
}

// stamp is what changes whenever somebody writes to a file, or puts another in its place. Programs may set the mtime as they
// like, but not the ctime.
type stamp struct {
	dev, ino     uint64
	size         int64
	mtime, ctime int64 // nanoseconds since 1970
}

// is reports whether two stamps are of one file, not written to in between, be it that it was renamed.
func (s stamp) is(other stamp) bool {
	s.ctime = other.ctime
	return s == other && s != stamp{}
}

// fine reports whether the file system tells writes apart that come soon after one another. Whole seconds do not: they
// could be the same after somebody else's write, at once after ours.
func (s stamp) fine() bool { return s.ctime%int64(time.Second) != 0 }

// old reports whether a write from now on, however coarse the file system's clock, would leave another stamp.
func (s stamp) old(now time.Time) bool {
	return now.Sub(time.Unix(0, max(s.ctime, s.mtime))) > racy && s != stamp{}
}

// vouches reports whether the stamp of the file says that it is as it was.
func (k *known) vouches(info fs.FileInfo) bool { return k.stamp == stampOf(info) && k.stamp != stamp{} }

// holds reports whether the body is what is known.
func (k *known) holds(b body) bool {
	rest := k.chunks
	return k.size == b.Len() && b.equals(func() (chunk []byte) {
		if len(rest) > 0 {
			chunk, rest = rest[0], rest[1:]
		}
		return chunk
	})
}

// remember keeps what is in the file of that stamp. A content that may change is forgotten.
func (k *known) remember(s stamp, b body) {
	clear(k.chunks)
	k.stamp, k.chunks = stamp{}, k.chunks[:0]
	if _, changes := b.Content.(plain); changes {
		return
	}
	k.chunks = slices.AppendSeq(k.chunks, b.Chunks())
	k.stamp, k.size = s, b.Len()
}
