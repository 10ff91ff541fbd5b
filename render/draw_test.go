package render

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"testing"
)

// TestDrawsHoldForTheirShare checks the patterns against numbers at and beside the limit, and at random.
func TestDrawsHoldForTheirShare(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 0))
	for _, share := range [][2]uint64{{1, 2}, {1, 3}, {999, 1000}, {1, 1_000_000}, {10, 16}, {11, 16}, {1, 4_000_000_000}} {
		for d := drawMatch; d <= drawSplit; d++ {
			pattern := regexp.MustCompile(d.below(share[0], share[1]).Value.(string))
			exact := float64(share[0]) / float64(share[1]) * (1 << 32)
			for i := range 200 {
				n := rng.Uint32()
				if i < 100 {
					n = uint32(min(max(exact+float64(i-50), 0), 1<<32-1))
				}
				if diff := float64(n) - exact; diff > -1 && diff < 1 {
					continue // the limit itself is rounded
				}
				id := fmt.Sprintf("%08x%08x%08x%08x", rng.Uint32(), rng.Uint32(), rng.Uint32(), rng.Uint32())
				id = id[:8*d] + fmt.Sprintf("%08x", n) + id[8*d+8:]
				if got, want := pattern.MatchString(id), float64(n) < exact; got != want {
					t.Errorf("draw %d, share %d/%d: %s of %s: got %t, want %t", d, share[0], share[1], pattern, id, got, want)
				}
			}
		}
	}
}
