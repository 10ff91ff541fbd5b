package snapshot

import (
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
)

// pieces hands out a text in pieces of random sizes.
type pieces struct {
	text   string
	random *rand.Rand
}

func (p *pieces) Read(b []byte) (int, error) {
	if p.text == "" {
		return 0, io.EOF
	}
	n := copy(b, p.text[:min(len(p.text), 1+p.random.IntN(5000))])
	p.text = p.text[n:]
	return n, nil
}

// outcome is all that Decode says of a text.
func outcome(t *testing.T, r io.Reader) string {
	t.Helper()
	s, err := Decode(Source{"f", r})
	if err != nil {
		return err.Error()
	}
	return dump(t, s) + fmt.Sprint(s.Notes())
}

// In which pieces a text comes, and where it ends or is damaged, makes no difference but that.
func TestPiecesDoNotMatter(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for _, c := range captures(t)[:3] {
		whole := readFile(t, c.dump)
		texts := []string{whole}
		for range 15 {
			texts = append(texts, whole[:random.IntN(len(whole))], mutated(random, whole))
		}
		for i, text := range texts {
			want := outcome(t, strings.NewReader(text))
			if got := outcome(t, &pieces{text, random}); got != want {
				t.Errorf("%s, text %d: in pieces it is\n%.500s\nwant\n%.500s", c.dump, i, got, want)
			}
			cut := text != "" && len(text) < len(strings.TrimSpace(whole)) && strings.HasPrefix(whole, text)
			if cut && !strings.HasSuffix(want, ": the text ends in the middle of a value: the input is cut short") {
				t.Errorf("%s, cut after %d bytes: got %.500s, want that it is cut short", c.dump, len(text), want)
			}
		}
	}
}

// versions is a dump of very many versions of few clusters. It notes how much memory is in use while it is read.
type versions struct {
	left int
	buf  []byte
	peak uint64
}

const versionsEnd = `{}]}`

func (v *versions) Read(p []byte) (int, error) {
	if len(v.buf) == 0 {
		if v.left < 0 {
			return 0, io.EOF
		}
		item := fmt.Sprintf(`{"cluster":{"name":"%d","alt_stat_name":%q}},`, v.left%10, strings.Repeat("x", 10_000))
		v.buf = []byte(item)
		if v.left == 0 {
			v.buf = []byte(versionsEnd)
		}
		if v.left%1000 == 0 {
			v.peak = max(v.peak, heapInUse())
		}
		v.left--
	}
	n := copy(p, v.buf)
	v.buf = v.buf[n:]
	return n, nil
}

func heapInUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// Of a dump, what was decoded is held, and the text of no more than a few resources.
func TestMemoryIsThatOfResources(t *testing.T) {
	before := heapInUse()
	text := &versions{left: 10_000} // 100 MB
	in := io.MultiReader(strings.NewReader(`{"static_clusters":[`), text)
	s, err := Decode(Source{"f", in})
	if err != nil || s.Clusters().Len() != 10 {
		t.Fatalf("got %v and %v, want ten clusters", s, err)
	}
	if most := before + 2<<20; text.peak > most {
		t.Errorf("%d KiB are in use while 100 MB are read, want at most %d KiB", text.peak>>10, most>>10)
	}
}
