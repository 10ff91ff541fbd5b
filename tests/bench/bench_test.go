//go:build linux

package main

import (
	"bytes"
	"math"
	"os"
	"strings"
	"testing"
	"time"
)

// TestMain lets the test's program be the processes that bench starts.
func TestMain(m *testing.M) {
	for _, a := range os.Args[1:] {
		if a == "-child" {
			main()
			return
		}
	}
	os.Exit(m.Run())
}

// TestTables measures a small mesh as the command does: each row is there, its floor is not nothing, and the agent has done
// what the row says, or measuring would have failed.
func TestTables(t *testing.T) {
	var out bytes.Buffer
	if err := runTables(options{rounds: 60, least: time.Millisecond}, []int{10, 20}, &out); err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if n := strings.Count(out.String(), "| "+r.name+":"); n != 2 {
			t.Errorf("%d rows of %q in two tables", n, r.name)
		}
	}
	for _, want := range []string{"\n### 10 services\n", "after 50 rounds", "after 60 rounds", "\n### Growth\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("without %q:\n%s", want, out.String())
		}
	}
	for _, never := range []string{"NaN", "Inf", "| 0.00 MB ("} {
		if strings.Contains(out.String(), never) {
			t.Errorf("with %q:\n%s", never, out.String())
		}
	}
}

// TestCompare says which differences from the baseline are refused.
func TestCompare(t *testing.T) {
	of := func(n uint64) baseline {
		return baseline{Rows: []baselineCost{{Row: "cold", Services: 100, Bytes: n, Allocs: 1000}}}
	}
	for now, want := range map[uint64]string{1e6: "", 1.1e6: "", 1.12e6: "10 % worse", 0.75e6: "", 0.73e6: "25 % better"} {
		err := compare(of(1e6), of(now), new(bytes.Buffer))
		if got := err != nil; got != (want != "") || got && !strings.Contains(err.Error(), want) {
			t.Errorf("%d instead of 1000000 bytes: %v, want %q", now, err, want)
		}
	}
	if err := compare(baseline{}, of(1), new(bytes.Buffer)); err == nil {
		t.Error("a row that the baseline lacks passes")
	}
}

// TestExponent finds the exponent of a cost that has one.
func TestExponent(t *testing.T) {
	r := report{sizes: []int{100, 1000, 5000}}
	if got := r.exponent(func(size int) float64 { return 7 * math.Pow(float64(size), 1.5) }); math.Abs(got-1.5) > 1e-9 {
		t.Errorf("%v, want 1.5", got)
	}
}
