//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"time"
)

const (
	worse  = 1.10 // times the baseline: from there on the check fails
	better = 0.75 // likewise, as the baseline would let too much pass

	// Differences as small as these are nobody's: a pool that was empty, a map that grew a little earlier.
	slackBytes, slackAllocs = 8 << 10, 50
)

// baseline is what operations allocated when somebody last looked at it.
type baseline struct {
	Go   string         `json:"go"`
	Rows []baselineCost `json:"rows"`
}

type baselineCost struct {
	Row      string `json:"row"`
	Services int    `json:"services"`
	Bytes    uint64 `json:"bytes"`
	Allocs   uint64 `json:"allocs"`
}

// runBaseline measures allocations and compares them with the baseline's, or writes them there.
func runBaseline(o options, sizes []int, out io.Writer) error {
	now := baseline{Go: runtime.Version()}
	for _, n := range sizes {
		var results []result
		if err := child(&results, "allocations", n); err != nil {
			return err
		}
		for _, m := range results {
			now.Rows = append(now.Rows, baselineCost{m.Row, m.Services, m.Ours.Bytes, m.Ours.Allocs})
		}
	}
	if o.update {
		text, err := json.MarshalIndent(now, "", "  ")
		if err != nil {
			return err
		}
		return os.WriteFile(o.baseline, append(text, '\n'), 0o644)
	}
	text, err := os.ReadFile(o.baseline)
	if err != nil {
		return err
	}
	var before baseline
	if err := json.Unmarshal(text, &before); err != nil {
		return fmt.Errorf("%s: %w", o.baseline, err)
	}
	return compare(before, now, out)
}

// compare prints both, and is an error where they differ much.
func compare(before, now baseline, out io.Writer) error {
	known := map[string]baselineCost{}
	for _, c := range before.Rows {
		known[c.key()] = c
	}
	var wrong []string
	for _, c := range now.Rows {
		old, ok := known[c.key()]
		if !ok {
			wrong = append(wrong, c.key()+" is not in the baseline")
			continue
		}
		fmt.Fprintf(out, "%-45s %12s bytes %+6.1f %%  %9s allocations %+6.1f %%\n", c.key(),
			thousands(int(c.Bytes)), change(old.Bytes, c.Bytes), thousands(int(c.Allocs)), change(old.Allocs, c.Allocs))
		wrong = append(wrong, judge(c.key(), "bytes", old.Bytes, c.Bytes, slackBytes)...)
		wrong = append(wrong, judge(c.key(), "allocations", old.Allocs, c.Allocs, slackAllocs)...)
	}
	if wrong == nil {
		return nil
	}
	return fmt.Errorf("allocations differ from the baseline (%s there, %s here):\n  %s\nwhere that is meant: make bench-update, and commit the baseline",
		before.Go, now.Go, strings.Join(wrong, "\n  "))
}

func (c baselineCost) key() string { return fmt.Sprintf("%d services: %s", c.Services, c.Row) }

func change(old, now uint64) float64 { return 100 * (float64(now)/float64(old) - 1) }

func judge(key, what string, old, now, slack uint64) []string {
	switch n, o, s := float64(now), float64(old), float64(slack); {
	case n > worse*o+s:
		return []string{fmt.Sprintf("%s: %s %s, were %s: more than 10 %% worse", key, thousands(int(now)), what, thousands(int(old)))}
	case n < better*o-s:
		return []string{fmt.Sprintf("%s: %s %s, were %s: more than 25 %% better", key, thousands(int(now)), what, thousands(int(old)))}
	}
	return nil
}

// measureAllocations measures all rows for the sake of their allocations. There is one thread and no collector, so that
// pools keep what they hold, and nobody else allocates.
func measureAllocations(services int, out io.Writer) error {
	runtime.GOMAXPROCS(1)
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(4 << 30)
	results, err := measureAll(services, true, func(_ time.Duration, samples int) bool { return samples >= 3 })
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(results)
}
