package watch

import (
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// pieces is a content.
type pieces []*chunk

func (p pieces) Len() (n int64) {
	for _, c := range p {
		n += c.Len()
	}
	return n
}

func (p pieces) Pieces() iter.Seq[Piece] {
	return func(yield func(Piece) bool) {
		for _, c := range p {
			if !yield(c) {
				return
			}
		}
	}
}

// chunk is a piece that lets its text go and makes it anew.
type chunk struct {
	text    string
	settled bool
	made    int // how often it has been made anew
}

func (c *chunk) Len() int64 { return int64(len(c.text)) }
func (c *chunk) Settle()    { c.settled = true }

func (c *chunk) Text() []byte {
	if c.settled {
		c.made++
	}
	return []byte(c.text)
}

// made is how many pieces have been made anew.
func (p pieces) made() (n int) {
	for _, c := range p {
		n += c.made
		c.made = 0
	}
	return n
}

// with is the content with another text in its nth piece.
func (p pieces) with(n int, text string) pieces {
	p = slices.Clone(p)
	p[n] = &chunk{text: text}
	return p
}

// cut is the text as a content, in pieces of some lengths in turn.
func cut(text string, lengths ...int) (p pieces) {
	for n := 0; text != ""; n++ {
		k := min(len(text), lengths[n%len(lengths)])
		p = append(p, &chunk{text: text[:k]})
		text = text[k:]
	}
	return p
}

// long has more pieces than are written at once, when it is cut into hundreds.
var long = strings.Repeat("0123456789abcde\n", 10_000)

func mustWriteContent(t *testing.T, f *File, c Content, written bool) {
	t.Helper()
	result, err := f.WriteContent(c)
	if err != nil {
		t.Fatal(err)
	}
	var all []byte
	for p := range f.body(c).Pieces() {
		all = append(all, p.Text()...)
	}
	want := string(all)
	got := read(t, f.Path)
	if f.Generation {
		want = string(Stamp(result.Generation, []byte(want)))
	}
	if got != want || result.Size != int64(len(want)) || result.Written != written {
		t.Fatalf("written %v with %d bytes, file holds %d bytes %.40q…; want %v and %d bytes %.40q…",
			result.Written, result.Size, len(got), got, written, len(want), want)
	}
}

// However a content is cut, and however much the disk takes at once, the file holds it, and that is known.
func TestWriteContent(t *testing.T) {
	for _, text := range []string{"", "#END\n", "# gen 123\n#END\n", long} {
		for _, generation := range []bool{false, true} {
			for _, inPlace := range []bool{false, true} {
				for _, short := range []int{0, 7_001} {
					path := filepath.Join(t.TempDir(), "apisix.yaml")
					f := &File{Path: path, Generation: generation, InPlace: inPlace, disk: &faultyDisk{short: short}}
					written := true
					for _, lengths := range [][]int{{1 << 20}, {100}, {3, 0, 1000}, {1, 64 << 10}} {
						mustWriteContent(t, f, cut(text, lengths...), written)
						written = false
					}
					f.known = known{}
					mustWriteContent(t, f, cut(text, 5, 70_000), false)
					mustWriteContent(t, f, cut(text+"more", 50), true)
				}
			}
		}
	}
}

// What this File has written is not read again to know that it is there; and where it replaces the file, what is in the old
// one goes from there to the new one, without being made again.
func TestWriteContentKnowsWhatItWrote(t *testing.T) {
	for _, inPlace := range []bool{false, true} {
		disk := &faultyDisk{}
		f := &File{Path: filepath.Join(t.TempDir(), "apisix.yaml"), Generation: true, InPlace: inPlace, disk: disk}
		c := cut(long, 1000)
		write := func(written bool) {
			t.Helper()
			if result, err := f.WriteContent(c); err != nil || result.Written != written {
				t.Fatalf("in place %v: written %v, error %v; want %v", inPlace, result.Written, err, written)
			}
		}
		write(true)
		for n := 0; n < len(c); n += 50 {
			c = c.with(n, strings.ToUpper(c[n].text))
			write(true)
			disk.read = 0
			write(false)
			if limit := 2 * generationMax; disk.read > limit {
				t.Errorf("in place %v: %d bytes were read, want the first line only", inPlace, disk.read)
			}
		}
		if made := c[1:].made(); made > 0 { // the first is looked at for a generation line
			t.Errorf("in place %v: %d pieces were made anew", inPlace, made)
		}
		want := ""
		for _, piece := range c {
			want += piece.text
		}
		if _, got, _ := strings.Cut(read(t, f.Path), "\n"); got != want {
			t.Errorf("in place %v: the file holds something else", inPlace)
		}
	}
}

// Equal pieces are the same, whoever made them; and so are equal contents, however they are cut.
func TestWriteContentComparesTexts(t *testing.T) {
	f := &File{Path: filepath.Join(t.TempDir(), "apisix.yaml"), Generation: true}
	mustWriteContent(t, f, cut(long, 1000), true)
	mustWriteContent(t, f, cut(long, 1000), false)
	mustWriteContent(t, f, cut(long, 999), false)
	mustWriteContent(t, f, cut(strings.ToUpper(long), 1000), true)
}

// What is taken from the old file is what was written there, however the system copies; or else it is made anew.
func TestWriteContentTrustsNoFile(t *testing.T) {
	for name, tt := range map[string]struct {
		disk faultyDisk
		anew bool
	}{
		"copied":          {},
		"copied in parts": {disk: faultyDisk{copies: 7_001}},
		"copying fails":   {disk: faultyDisk{copies: 7_001, faults: []fault{{"copy", 3, syscall.EIO}}}},
		"read":            {disk: faultyDisk{copies: -1}},
		"read, spoilt":    {disk: faultyDisk{copies: -1, spoils: func(b []byte) int { b[len(b)/2] ^= 1; return len(b) }}, anew: true},
		"read in parts":   {disk: faultyDisk{copies: -1, spoils: func(b []byte) int { return len(b) / 3 }}, anew: true},
		"not to be read":  {disk: faultyDisk{copies: -1, spoils: func([]byte) int { return 0 }}, anew: true},
	} {
		f := &File{Path: filepath.Join(t.TempDir(), "apisix.yaml"), disk: &faultyDisk{}}
		c := cut(long, 1000, 3, 100)
		mustWriteContent(t, f, c, true)
		c.made()
		c = c.with(7, "new\n").with(100, "other\n")
		f.disk = &tt.disk
		if _, err := f.WriteContent(c); err != nil {
			t.Fatal(err)
		}
		if made := c.made(); (made > 0) != tt.anew {
			t.Errorf("%s: %d pieces were made anew", name, made)
		}
		f.disk = &faultyDisk{}
		mustWriteContent(t, f, c, false)
	}
}

// Somebody who writes to the old file while it is copied does not get into the new one.
func TestWriteContentCopiesAlone(t *testing.T) {
	disk := &faultyDisk{copies: 50_000}
	f := &File{Path: filepath.Join(t.TempDir(), "apisix.yaml"), disk: disk}
	c := cut(long, 1000)
	mustWriteContent(t, f, c, true)
	c = c.with(3, "new\n")
	disk.copied = func() { disk.copied = nil; overwrite(t, f.Path, strings.ToUpper(long)) }
	if _, err := f.WriteContent(c); err != nil {
		t.Fatal(err)
	}
	if disk.copied != nil || c.made() == 0 {
		t.Error("nothing was copied, or what was copied is trusted")
	}
	mustWriteContent(t, f, c, false)
}

// After a restart the file is read once.
func TestWriteContentReadsOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "apisix.yaml")
	c := cut(long, 1000)
	mustWriteContent(t, &File{Path: path, Generation: true}, c, true)
	disk := &faultyDisk{}
	f := &File{Path: path, Generation: true, disk: disk}
	for range 3 {
		mustWriteContent(t, f, c, false)
	}
	if disk.read < 3*len(long) {
		t.Errorf("%d bytes were read of a file that may be written to at this moment, want all each time", disk.read)
	}
	disk.read = 0
	disk.alters = func(s *syscall.Stat_t) { s.Ctim.Sec, s.Mtim.Sec = s.Ctim.Sec-10, s.Mtim.Sec-10 }
	for range 3 {
		mustWriteContent(t, f, c, false)
	}
	if disk.read > 2*len(long) {
		t.Errorf("%d bytes were read of a file that nobody has written to for long, want all once", disk.read)
	}
}

// Whatever somebody else does to the file is noticed, also if it leaves the file's size and mtime as they were, and if the
// file system knows whole seconds only.
func TestWriteContentNoticesOthers(t *testing.T) {
	content := cut(long, 1000)
	other := strings.ToUpper(long)
	for name, tt := range map[string]struct {
		meddle  func(t *testing.T, path string)
		written bool
	}{
		"nothing":            {func(*testing.T, string) {}, false},
		"touched":            {func(t *testing.T, path string) { touch(t, path, time.Unix(1000, 0)) }, false},
		"written in place":   {func(t *testing.T, path string) { overwrite(t, path, other) }, true},
		"cut":                {func(t *testing.T, path string) { overwrite(t, path, other[:100]) }, true},
		"with the old mtime": {func(t *testing.T, path string) { disguise(t, path, func() { overwrite(t, path, other) }) }, true},
		"replaced":           {func(t *testing.T, path string) { disguise(t, path, func() { replace(t, path, other) }) }, true},
		"replaced by equal":  {func(t *testing.T, path string) { disguise(t, path, func() { replace(t, path, long) }) }, false},
		"removed":            {func(t *testing.T, path string) { os.Remove(path) }, true},
	} {
		for _, coarse := range []bool{false, true} {
			t.Run(fmt.Sprint(name, "/", coarse), func(t *testing.T) {
				disk := &faultyDisk{}
				if coarse {
					disk.alters = func(s *syscall.Stat_t) { s.Ctim.Sec, s.Ctim.Nsec, s.Mtim.Nsec = time.Now().Unix()+10, 0, 0 }
				}
				f := &File{Path: filepath.Join(t.TempDir(), "apisix.yaml"), disk: disk}
				mustWriteContent(t, f, content, true)
				tt.meddle(t, f.Path)
				mustWriteContent(t, f, content, tt.written)
				mustWriteContent(t, f, content, false)
			})
		}
	}
}

// Nor does it help to be quick.
func TestWriteContentNoticesTheQuick(t *testing.T) {
	path := filepath.Join(t.TempDir(), "apisix.yaml")
	disk := &hastyDisk{meddle: func() { overwrite(t, path, strings.ToUpper(long)) }}
	f := &File{Path: path, disk: disk}
	if _, err := f.WriteContent(cut(long, 1000)); err != nil {
		t.Fatal(err)
	}
	disk.meddle = func() {}
	mustWriteContent(t, f, cut(long, 1000), true)
}

// hastyDisk lets somebody meddle right after the rename.
type hastyDisk struct {
	osDisk
	meddle func()
}

func (d *hastyDisk) Rename(from, to string) error {
	defer d.meddle()
	return d.osDisk.Rename(from, to)
}

func touch(t *testing.T, path string, mtime time.Time) {
	t.Helper()
	if err := os.Chtimes(path, time.Time{}, mtime); err != nil {
		t.Fatal(err)
	}
}

func overwrite(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// disguise gives the file the mtime back that it had. It repeats the act until the clock of the file system has gone on.
func disguise(t *testing.T, path string, act func()) {
	t.Helper()
	before := stat(t, path)
	for {
		act()
		touch(t, path, before.ModTime())
		if now := stampOf(stat(t, path)); now.ctime != stampOf(before).ctime {
			return
		}
	}
}

// A write that fails at any piece leaves the old content, which in place is written back without having been read.
func TestWriteContentFailure(t *testing.T) {
	for _, inPlace := range []bool{false, true} {
		for nth := 1; nth <= 4; nth++ {
			f := &File{Path: filepath.Join(t.TempDir(), "apisix.yaml"), Generation: true, InPlace: inPlace}
			old := cut(long, 100)
			mustWriteContent(t, f, old, true)
			before, text := stat(t, f.Path), read(t, f.Path)

			disk := &faultyDisk{short: 50_000, faults: []fault{{"write", nth, syscall.ENOSPC}}}
			f.disk = disk
			changed := cut(strings.ToUpper(long), 100)
			if _, err := f.WriteContent(changed); err == nil || !strings.HasPrefix(err.Error(), "write ") {
				t.Fatalf("got error %v, want that of writing", err)
			}
			if got := read(t, f.Path); got != text || !stat(t, f.Path).ModTime().Equal(before.ModTime()) {
				t.Errorf("in place %v: after failure %d the file holds %d bytes %.40q…, want %d bytes %.40q…",
					inPlace, nth, len(got), got, len(text), text)
			}
			if disk.read > 2*generationMax {
				t.Errorf("in place %v: %d bytes were read", inPlace, disk.read)
			}
			checkOnly(t, f.Path)
			mustWriteContent(t, f, old, false)
			mustWriteContent(t, f, changed, true)
		}
	}
}

// A disk that takes nothing, without an error, does not keep us for ever.
func TestWriteContentOnADiskThatTakesNothing(t *testing.T) {
	f := &File{Path: filepath.Join(t.TempDir(), "apisix.yaml"), disk: &faultyDisk{short: -1}}
	if _, err := f.WriteContent(cut(long, 1000)); err == nil || !strings.Contains(err.Error(), io.ErrShortWrite.Error()) {
		t.Errorf("got error %v, want %v", err, io.ErrShortWrite)
	}
}

// What a commit costs of 9 MB of which a piece has changed, the system's part included; and one that changes nothing.
func BenchmarkWriteContent(b *testing.B) {
	c := cut(strings.Repeat(long, 58), 6_000)
	for _, changes := range []bool{true, false} {
		b.Run(map[bool]string{true: "changed", false: "unchanged"}[changes], func(b *testing.B) {
			f := File{Path: filepath.Join(b.TempDir(), "apisix.yaml"), Generation: true}
			if _, err := f.WriteContent(c); err != nil {
				b.Fatal(err)
			}
			b.SetBytes(c.Len())
			b.ReportAllocs()
			for n := 0; b.Loop(); n++ {
				if changes {
					c = c.with(n%len(c), strings.Repeat(string('a'+rune(n/len(c))), 6_000))
				}
				if result, err := f.WriteContent(c); err != nil || result.Written != changes {
					b.Fatal(result, err)
				}
			}
		})
	}
}
