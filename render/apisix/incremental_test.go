package apisix_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// changing is a Config that changes at random. No object and no slice is modified.
type changing struct {
	*rand.Rand
	apisix.Config
}

func (c *changing) route() *apisix.Route {
	return &apisix.Route{ID: c.id(), URI: "/" + c.id(), Priority: c.IntN(1000), UpstreamID: c.id()}
}

func (c *changing) upstream() *apisix.Upstream {
	u := &apisix.Upstream{ID: c.id(), Type: "roundrobin", Nodes: []apisix.Node{}}
	for range c.IntN(4) {
		u.Nodes = append(u.Nodes, apisix.Node{Host: "10.0.0.1", Port: c.IntN(1000), Weight: 1})
	}
	if c.IntN(200) == 0 {
		u.TLS = &apisix.UpstreamTLS{ClientCert: "c", ClientKey: "k"}
	}
	return u
}

// id is one of few, so that some are there twice.
func (c *changing) id() string { return fmt.Sprint("id-", c.IntN(800)) }

func (c *changing) object() apisix.Object { return apisix.Object{"id": c.id(), "n": c.IntN(1000)} }

// change makes one change.
func (c *changing) change() {
	switch c.IntN(12) {
	case 0, 1, 2:
		c.Routes = edited(c, c.Routes, c.route, func(a, b *apisix.Route) int { return strings.Compare(a.ID, b.ID) })
	case 3, 4, 5, 6, 7:
		c.Upstreams = slices.DeleteFunc(slices.Clone(c.Upstreams), func(u *apisix.Upstream) bool { return u == nil })
		c.Upstreams = edited(c, c.Upstreams, c.upstream, func(a, b *apisix.Upstream) int { return strings.Compare(a.ID, b.ID) })
	case 8:
		section := []string{"services", "stream_routes", "ssls"}[c.IntN(3)]
		others := map[string][]apisix.Object{}
		for kind, objects := range c.Others {
			others[kind] = objects
		}
		others[section] = edited(c, others[section], c.object, func(a, b apisix.Object) int { return strings.Compare(a.ID(section), b.ID(section)) })
		c.Others = others
	case 9:
		c.Routes, c.Upstreams = slices.Clone(c.Routes), slices.Clone(c.Upstreams)
	case 10:
		c.Upstreams = c.Upstreams[:len(c.Upstreams):len(c.Upstreams)]
	case 11: // not in order, and with what is left out
		c.Upstreams = append([]*apisix.Upstream{nil}, c.Upstreams...)
		c.Shuffle(len(c.Upstreams), func(i, j int) { c.Upstreams[i], c.Upstreams[j] = c.Upstreams[j], c.Upstreams[i] })
	}
}

// edited is a copy of the objects with some added, replaced or removed.
func edited[T any](c *changing, objects []T, fresh func() T, compare func(a, b T) int) []T {
	objects = slices.Clone(objects)
	for range 1 + c.IntN(3) {
		switch n := len(objects); {
		case n == 0 || c.IntN(3) == 0:
			objects = append(objects, fresh())
		case c.IntN(3) == 0:
			i := c.IntN(n)
			objects = slices.Delete(objects, i, min(n, i+1+c.IntN(20)))
		default:
			objects[c.IntN(n)] = fresh()
		}
	}
	slices.SortStableFunc(objects, compare)
	return objects
}

// What an Encoder makes of a Config after any others is what Encode makes of it.
func TestEncoderIsEncode(t *testing.T) {
	for seed := range uint64(25) {
		checkSequence(t, seed, 60)
	}
}

func FuzzEncoder(f *testing.F) {
	f.Add(uint64(1), uint16(30))
	f.Fuzz(func(t *testing.T, seed uint64, steps uint16) { checkSequence(t, seed, int(steps%500)) })
}

func checkSequence(t *testing.T, seed uint64, steps int) {
	t.Helper()
	c := changing{Rand: rand.New(rand.NewPCG(seed, 0))}
	e := &apisix.Encoder{Options: apisix.EncodeOptions{Format: allFormats[c.IntN(len(allFormats))], Header: "test"}}
	for range c.IntN(600) {
		c.Routes, c.Upstreams = append(c.Routes, c.route()), append(c.Upstreams, c.upstream())
	}
	var former apisix.Config
	for step := range steps {
		now := c.Config
		switch c.IntN(5) {
		case 0:
			now = former // back again
		case 1:
		default:
			former = c.Config
			c.change()
			now = c.Config
		}
		if c.IntN(40) == 0 {
			e.Options.Format = allFormats[c.IntN(len(allFormats))]
		}
		text := e.Encode(&now)
		want := apisix.Encode(&now, e.Options)
		if got := text.Bytes(); !bytes.Equal(got, want) {
			t.Fatalf("seed %d, step %d: got\n%s\nwant\n%s", seed, step, got, want)
		}
		if text.Len() != int64(len(want)) || text.HoldsPrivateKeys() != now.HoldsPrivateKeys() {
			t.Fatalf("seed %d, step %d: length %d, keys %v; want %d, %v", seed, step, text.Len(), text.HoldsPrivateKeys(), len(want), now.HoldsPrivateKeys())
		}
		for piece := range text.Pieces() {
			if piece.Len() == 0 || piece.Len() != int64(len(piece.Text())) {
				t.Fatalf("seed %d, step %d: a piece is empty, or not as long as it says", seed, step)
			}
			if c.IntN(2) == 0 {
				piece.Settle()
			}
		}
		if got := text.Bytes(); !bytes.Equal(got, want) {
			t.Fatalf("seed %d, step %d, settled: got\n%s\nwant\n%s", seed, step, got, want)
		}
	}
}

// Texts share what has not changed, and forget what the last two have not used.
func TestEncoderShares(t *testing.T) {
	c := large()
	e := apisix.Encoder{Options: apisix.EncodeOptions{Format: apisix.Lines}}
	first := e.Encode(c)
	other := replaced(c, 3000)
	if got, all := fresh(first, e.Encode(other)); got > 6 || all < 100 {
		t.Errorf("of %d pieces %d are not those of the text before", all, got)
	}
	if got, all := fresh(first, e.Encode(c)); got > 6 {
		t.Errorf("back again: of %d pieces %d are not those of the first text", all, got)
	}
	empty := new(apisix.Config)
	e.Encode(empty)
	e.Encode(empty)
	if got, all := fresh(first, e.Encode(c)); got < all-3 { // the text between sections is the same
		t.Errorf("after two others: of %d pieces %d are still those of the first text", all, all-got)
	}
}

// fresh counts the pieces of b that are not in a as well.
func fresh(a, b *apisix.Text) (fresh, all int) {
	known := map[apisix.Piece]bool{}
	for piece := range a.Pieces() {
		known[piece] = true
	}
	for piece := range b.Pieces() {
		if all++; !known[piece] {
			fresh++
		}
	}
	return fresh, all
}

func TestTextWriteTo(t *testing.T) {
	text := (&apisix.Encoder{}).Encode(everything())
	var b bytes.Buffer
	if n, err := text.WriteTo(&b); err != nil || n != text.Len() || !bytes.Equal(b.Bytes(), text.Bytes()) {
		t.Errorf("wrote %d bytes, %v; want %d", n, err, text.Len())
	}
}

// large is what a sidecar in a mesh of 5,000 services has.
func large() *apisix.Config {
	c := mesh(5000)
	c.Routes = c.Routes[:6200]
	slices.SortFunc(c.Routes, func(a, b *apisix.Route) int { return strings.Compare(a.ID, b.ID) })
	slices.SortFunc(c.Upstreams, func(a, b *apisix.Upstream) int { return strings.Compare(a.ID, b.ID) })
	return c
}

// replaced is c with another upstream in place of one, in a slice of its own.
func replaced(c *apisix.Config, n int) *apisix.Config {
	out := *c
	out.Upstreams = slices.Clone(c.Upstreams)
	u := *c.Upstreams[n]
	u.Retries++
	out.Upstreams[n] = &u
	return &out
}

// One upstream of 6,000 is another: by the Encoder, and by Encode.
func BenchmarkOneUpstreamChanged(b *testing.B) {
	c := large()
	o := apisix.EncodeOptions{Format: apisix.Lines, Header: "test"}
	var configs []*apisix.Config
	for n := range 64 {
		c = replaced(c, n*90)
		configs = append(configs, c)
	}
	b.Run("encoder", func(b *testing.B) {
		e := &apisix.Encoder{Options: o}
		e.Encode(configs[0])
		b.ReportAllocs()
		for n := 0; b.Loop(); n++ {
			b.SetBytes(e.Encode(configs[n%len(configs)]).Len())
		}
	})
	b.Run("encode", func(b *testing.B) {
		b.ReportAllocs()
		for n := 0; b.Loop(); n++ {
			b.SetBytes(int64(len(apisix.Encode(configs[n%len(configs)], o))))
		}
	})
	b.Run("first", func(b *testing.B) {
		b.ReportAllocs()
		for n := 0; b.Loop(); n++ {
			b.SetBytes((&apisix.Encoder{Options: o}).Encode(configs[n%len(configs)]).Len())
		}
	})
}
