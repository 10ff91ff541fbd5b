package schema

import (
	"maps"
	"slices"
	"strings"
)

// guess is a hint at the field that was meant.
func (s object) guess(key string) string {
	best, distance := "", 3
	for _, name := range slices.Sorted(maps.Keys(s.fields)) {
		if d := editDistance(strings.ToLower(key), name); d < distance && d < len(name)/2 {
			best, distance = name, d
		}
	}
	if best == "" {
		return ""
	}
	return ": is it " + best + "?"
}

// editDistance is how many letters one must add, remove or change to make one word of another; words of very different
// lengths are just far apart.
func editDistance(a, b string) int {
	if len(a)-len(b) > 3 || len(b)-len(a) > 3 {
		return 100
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
