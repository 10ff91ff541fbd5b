package watch

import (
	"hash/maphash"
	"io/fs"
	"iter"
	"time"
)

// known is what a File need not read, because it has written it, or read it once: as long as the stamp of the file is
// still this one.
type known struct {
	stamp  stamp         // the zero value is of no file
	pieces []piece       // of the body
	index  map[Piece]int // in pieces
	size   int64         // of the body
}

// piece is a piece that has been written.
type piece struct {
	Piece
	offset int64 // in the body
	sum    uint64
}

// sumSeed is anew in each process: nobody can prepare two texts of one sum.
var sumSeed = maphash.MakeSeed()

func sumOf(text []byte) uint64 { return maphash.Bytes(sumSeed, text) }

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

// holds reports whether the body is what is known. It is not sure if the body is cut into other pieces.
func (k *known) holds(b body) (same, sure bool) {
	if k.size != b.Len() {
		return false, true
	}
	n := 0
	for p := range b.Pieces() {
		if n == len(k.pieces) || k.pieces[n].Len() != p.Len() {
			return false, false
		}
		if k.pieces[n].Piece != p && k.pieces[n].sum != sumOf(p.Text()) {
			return false, true
		}
		n++
	}
	return true, true
}

// all yields the pieces.
func (k *known) all() iter.Seq[Piece] {
	return func(yield func(Piece) bool) {
		for _, p := range k.pieces {
			if !yield(p.Piece) {
				return
			}
		}
	}
}

// forget is for a content that may change.
func (k *known) forget() { *k = known{} }

// remember keeps what is in the file of that stamp: these pieces, one after the other.
func (k *known) remember(s stamp, pieces []piece) {
	clear(k.pieces)
	clear(k.index)
	k.stamp, k.pieces, k.size = s, append(k.pieces[:0], pieces...), 0
	if k.index == nil {
		k.index = make(map[Piece]int, len(pieces))
	}
	for n, p := range pieces {
		k.index[p.Piece] = n
		k.size += p.Len()
	}
}
