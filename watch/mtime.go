package watch

import (
	"errors"
	"io/fs"
	"slices"
	"time"
)

// Why a later second is all that it takes. APISIX stats the file, then reads it, then remembers the mtime that it
// saw; a second later it does so again. Let every file have another mtime, in whole seconds, than the one that it
// replaces, then
//
//   - a file that stays until the next stat is loaded, for its mtime is not the one that APISIX remembers;
//   - a file that is replaced earlier is never seen, and need not be;
//   - a file that is replaced between the stat and the read is loaded under the mtime of the one before, then again.
//
// How much real time lies between two writes does not matter to this: a second write within a second, or after the
// clock was set back, gets an mtime in the future, and APISIX compares for inequality, not for order. Pacing is
// needed only to spare APISIX loads. "Later" rather than "other" is what makes it safe with more than two files: each
// of APISIX's processes remembers its own mtime, maybe of a file several writes ago, and none may come again. The
// mtime of the file on the disk carries this across restarts; no other state exists.

// farthest bounds the mtimes that are counted on from, in Unix seconds (the year 2242). os.Chtimes ends in 2262, and an
// mtime beyond that is nobody's clock: the write then goes back to our own, which differs as well.
const farthest int64 = 1 << 33

var errNotDated = errors.New("the file system does not keep the modification time that it is given")

// nextSecond returns the clock's second if it is later than all that are taken, otherwise the one after the latest of
// them.
func nextSecond(now time.Time, taken []int64) int64 {
	second := now.Unix()
	for _, t := range taken {
		if t >= second && t < farthest {
			second = t + 1
		}
	}
	return second
}

// taken lists the seconds that APISIX, or another reader, may remember. The number of the generation line is one of
// them in case somebody has set the file's mtime back.
func (f *File) taken(old previous) []int64 {
	var taken []int64
	if f.last != 0 {
		taken = append(taken, f.last)
	}
	if old.generation != 0 {
		taken = append(taken, old.generation)
	}
	if old.info != nil {
		taken = append(taken, old.info.ModTime().Unix())
	}
	return taken
}

// date sets the mtime of the file called name and returns what the file is then. File systems make of an mtime what they
// can: FAT keeps even seconds only, which takes one second more, and others end in 2038, where the clock's second is
// different at least.
func (f *File) date(name string, d draft) (fs.FileInfo, error) {
	for _, second := range []int64{d.second, d.second + 1, f.now().Unix()} {
		if err := f.system().Chtimes(name, time.Unix(second, 0)); err != nil {
			return nil, fail(opDate, d.target, err)
		}
		info, err := f.system().Stat(name)
		if err != nil {
			return nil, fail(opStat, d.target, err)
		}
		if !slices.Contains(d.taken, info.ModTime().Unix()) {
			return info, nil
		}
	}
	return nil, fail(opDate, d.target, errNotDated)
}
