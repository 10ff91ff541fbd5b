package cmd

import (
	"errors"
	"strings"

	"github.com/spf13/pflag"
)

// A mistyped error is about a word that is none of those that there are.
type mistyped struct {
	error
	before, meant string // the word that was probably meant, "" if none comes near, and what stands before it
}

// Hint asks whether the word that is nearest was meant.
func (m mistyped) Hint() string {
	if m.meant == "" {
		return ""
	}
	return "did you mean: " + m.before + m.meant
}

// explain makes of pflag's error about a command line one that says what was probably meant.
func explain(err error, set *pflag.FlagSet) error {
	var unknown *pflag.NotExistError
	var wrong choiceError
	switch {
	case errors.As(err, &wrong):
		return wrong
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() == "":
		var names []string
		set.VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
		return mistyped{err, "--", nearest(unknown.GetSpecifiedName(), names)}
	}
	return err
}

// nearest is the candidate that a word was probably meant to be: the only one that begins with it, or the one that the
// fewest edits make of it, if they leave most of the word as it is; else "".
func nearest(word string, candidates []string) string {
	var longer []string
	best, edits := "", 2+len(word)/4 // one more than may be
	for _, candidate := range candidates {
		if word != "" && strings.HasPrefix(candidate, word) {
			longer = append(longer, candidate)
		}
		if n := distance(word, candidate); n < edits && n < len(word) {
			best, edits = candidate, n
		}
	}
	if len(longer) == 1 {
		return longer[0]
	}
	return best
}

// distance is the number of bytes to insert, delete or replace, and of neighbours to swap, that makes b of a, when no
// byte is touched twice (the optimal string alignment distance).
func distance(a, b string) int {
	var before []int
	last := make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row := make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			replaced := last[j]
			if a[i] != b[j] {
				replaced++
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, replaced)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
