package render

import (
	"math"
	"math/big"
	"slices"
)

// A factor is by how much the weights of a locality's endpoints are multiplied, so that together they have the
// locality's share.
type factor = *big.Rat

// wholeFactors scales factors to whole numbers in the same proportions. Where their common denominator is too large,
// they are rounded to thousandths of the largest, never to 0.
func wholeFactors(factors []factor) (whole []uint64, exact bool) {
	if len(factors) == 0 {
		return nil, true
	}
	common, largest := big.NewInt(1), new(big.Rat)
	for _, f := range factors {
		d := f.Denom()
		common.Mul(common, new(big.Int).Div(d, new(big.Int).GCD(nil, nil, common, d)))
		if f.Cmp(largest) > 0 {
			largest = f
		}
	}
	const most = 1 << 20 // times a weight of 32 bits, summed over endpoints, it stays within 64 bits
	scaled := new(big.Rat).Mul(largest, new(big.Rat).SetInt(common))
	exact = scaled.Cmp(big.NewRat(most, 1)) <= 0
	scale := new(big.Rat).SetInt(common)
	if !exact {
		scale.Quo(big.NewRat(1000, 1), largest)
	}
	whole = make([]uint64, len(factors))
	for i, f := range factors {
		whole[i] = max(1, rounded(new(big.Rat).Mul(f, scale)))
	}
	return whole, exact
}

// rounded is the whole number next to a positive one.
func rounded(r *big.Rat) uint64 {
	r = new(big.Rat).Add(r, big.NewRat(1, 2))
	return new(big.Int).Quo(r.Num(), r.Denom()).Uint64()
}

// reduce brings the weights of each priority to their smallest whole numbers; the balancer of a priority sees no other.
// Where the largest is then still more than most, they are rounded to thousandths of it, never to 0.
func reduce(targets []target, most uint64) (exact bool) {
	var levels []weightLevel
	for _, t := range targets {
		p := levelOf(&levels, t.priority)
		p.divisor, p.largest = gcd(p.divisor, t.weight), max(p.largest, t.weight)
	}
	exact = true
	for i, t := range targets {
		p := levelOf(&levels, t.priority)
		targets[i].weight = t.weight / p.divisor
		if p.largest/p.divisor > most {
			targets[i].weight, exact = max(1, uint64(float64(t.weight)/float64(p.largest)*1000+0.5)), false
		}
	}
	return exact
}

// A weightLevel is what the weights of one priority have in common. There are few priorities.
type weightLevel struct {
	priority         int
	divisor, largest uint64
}

func levelOf(levels *[]weightLevel, priority int) *weightLevel {
	i := slices.IndexFunc(*levels, func(l weightLevel) bool { return l.priority == priority })
	if i < 0 {
		i = len(*levels)
		*levels = append(*levels, weightLevel{priority: priority})
	}
	return &(*levels)[i]
}

// mostWeight is how large weights may be. APISIX gives an endpoint all its turns in a row, so that weights which we
// scaled should not be long turns; and its consistent hashing needs memory for each of 160 points per unit of weight.
func mostWeight(kind string, scaled bool) uint64 {
	switch {
	case kind == hashing:
		return 1000
	case scaled:
		return 100_000
	}
	return math.MaxUint64
}

// gcd is the greatest common divisor of two numbers; gcd(0, n) is n.
func gcd[T int | uint64](a, b T) T {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
