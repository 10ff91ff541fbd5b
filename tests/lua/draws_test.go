package lua

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"
)

func choices(weights ...float64) []object {
	var all []object
	for i, weight := range weights {
		all = append(all, object{"weight": weight, "upstream_id": fmt.Sprint(i)})
	}
	return all
}

// unlikely reports whether counts are such that a fair draw by weight would give them once in a hundred million times,
// by the normal approximation of each.
func unlikely(t *testing.T, counts []int, weights []float64) {
	t.Helper()
	var total, n float64
	for i, weight := range weights {
		total += weight
		n += float64(counts[i])
	}
	for i, weight := range weights {
		p := weight / total
		if off := math.Abs(float64(counts[i]) - n*p); off > 6*math.Sqrt(n*p*(1-p))+3 {
			t.Errorf("choice %d of weight %g was drawn %d times of %g, expected %.0f", i, weight, counts[i], n, n*p)
		}
	}
}

func TestDraws(t *testing.T) {
	s := start(t, configuration{}, "")
	many := make([]float64, 100)
	for i := range many {
		many[i] = float64(1 + i)
	}
	for name, weights := range map[string][]float64{
		"one":             {7},
		"two":             {90, 10},
		"a canary":        {999, 1},
		"alike":           {1, 1, 1},
		"a hundred":       many,
		"the largest":     {4294967295, 4294967295, 4294967295, 1},
		"the rare in mid": {500, 1, 500},
	} {
		t.Run(name, func(t *testing.T) {
			conf, err := json.Marshal(object{"times": 200000, "choices": choices(weights...)})
			if err != nil {
				t.Fatal(err)
			}
			var counts []int
			if err := json.Unmarshal([]byte(s.post(t, "/test/draws", conf)), &counts); err != nil {
				t.Fatal(err)
			}
			unlikely(t, counts, weights)
		})
	}
}
