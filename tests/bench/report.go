//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"time"
)

// report is all that a run measures.
type report struct {
	sizes   []int
	results map[int][]result // by size, in the order of rows
	memory  map[int]memories
}

// memories are those of both processes, after the first rounds and after all.
type memories struct{ floor, ours []memory }

// runTables measures everything and prints it, one size after the other.
func runTables(o options, sizes []int, out io.Writer) error {
	r := report{sizes: sizes, results: map[int][]result{}, memory: map[int]memories{}}
	fmt.Fprintf(out, "%s, %d × %s\n", runtime.Version(), runtime.NumCPU(), processor())
	for _, n := range sizes {
		var results []result
		if err := child(&results, "rows", n, "-least", o.least.String()); err != nil {
			return err
		}
		r.results[n] = results
		if o.rounds > 0 {
			var m memories
			rounds := []string{"-rounds", strconv.Itoa(o.rounds)}
			if err := child(&m.floor, "memory-floor", n, rounds...); err != nil {
				return err
			}
			if err := child(&m.ours, "memory", n, rounds...); err != nil {
				return err
			}
			r.memory[n] = m
		}
		r.table(out, n)
	}
	if len(sizes) > 1 {
		r.growth(out)
	}
	return nil
}

// child has a process of its own do a task at one size, and decodes what it prints.
func child(to any, task string, services int, flags ...string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	c := exec.Command(self, append([]string{"-child", task, "-sizes", strconv.Itoa(services)}, flags...)...)
	c.Stderr = os.Stderr
	text, err := c.Output()
	if err != nil {
		return fmt.Errorf("%s at %d services: %w", task, services, err)
	}
	return json.Unmarshal(text, to)
}

// table prints one size as the markdown that docs/performance.md shows.
func (r *report) table(out io.Writer, services int) {
	results := r.results[services]
	fmt.Fprintf(out, "\n### %s services\n\n%s of responses, a file of %s.\n\n", thousands(services), megabytes(results[0].Responses), megabytes(results[0].File))
	fmt.Fprintln(out, "| work | floor | amesh-render | ratio | goal | allocated: floor | amesh-render |")
	fmt.Fprintln(out, "|---|---|---|---|---|---|---|")
	for i, m := range results {
		unit := "CPU"
		if rows[i].disk {
			unit = "wall"
		}
		floor, ours := rows[i].times(m)
		fmt.Fprintf(out, "| %s: %s | %s %s | %s | **%s** | %s | %s | %s |\n", rows[i].name, rows[i].from, milliseconds(floor), unit, milliseconds(ours),
			ratio(floor.Seconds(), ours.Seconds()), rows[i].goalText(), allocated(m.Floor), allocated(m.Ours))
		if rows[i].disk {
			fmt.Fprintf(out, "| … its CPU | %s | %s | %s | | | |\n", milliseconds(m.Floor.CPU), milliseconds(m.Ours.CPU), ratio(m.Floor.CPU.Seconds(), m.Ours.CPU.Seconds()))
		}
	}
	m := r.memory[services]
	for i := range m.ours {
		goal := ""
		if services == 5000 {
			goal = "≤ 100 MB"
		}
		fmt.Fprintf(out, "| peak resident memory after %s rounds (resident then) | %s (%s) | %s (%s) | %s | %s | | |\n", thousands(m.ours[i].Rounds),
			megabytes(m.floor[i].Peak), megabytes(m.floor[i].Resident), megabytes(m.ours[i].Peak), megabytes(m.ours[i].Resident),
			ratio(float64(m.floor[i].Peak), float64(m.ours[i].Peak)), goal)
	}
}

// growth prints how the cost of each row grows with the size: the exponent k where it is about sizeᵏ.
func (r *report) growth(out io.Writer) {
	fmt.Fprintf(out, "\n### Growth\n\nThe exponent k where the cost is about servicesᵏ, by least squares over the sizes above.\n\n")
	fmt.Fprintln(out, "| work | floor: time | amesh-render: time | amesh-render: bytes allocated |\n|---|---|---|---|")
	for i, row := range rows {
		of := func(number func(result) float64) float64 {
			return r.exponent(func(size int) float64 { return number(r.results[size][i]) })
		}
		fmt.Fprintf(out, "| %s | %.2f | %.2f | %.2f |\n", row.name,
			of(func(m result) float64 { floor, _ := row.times(m); return floor.Seconds() }),
			of(func(m result) float64 { _, ours := row.times(m); return ours.Seconds() }),
			of(func(m result) float64 { return float64(m.Ours.Bytes) }))
	}
}

// exponent fits a line to the logarithms.
func (r *report) exponent(cost func(size int) float64) float64 {
	var n, sx, sy, sxx, sxy float64
	for _, size := range r.sizes {
		x, y := math.Log(float64(size)), math.Log(cost(size))
		n, sx, sy, sxx, sxy = n+1, sx+x, sy+y, sxx+x*x, sxy+x*y
	}
	return (n*sxy - sx*sy) / (n*sxx - sx*sx)
}

func ratio(floor, ours float64) string { return fmt.Sprintf("%.2f×", ours/floor) }

func milliseconds(d time.Duration) string {
	ms := d.Seconds() * 1000
	switch {
	case ms < 10:
		return fmt.Sprintf("%.2f ms", ms)
	case ms < 100:
		return fmt.Sprintf("%.1f ms", ms)
	}
	return thousands(int(math.Round(ms))) + " ms"
}

func megabytes(n int) string {
	if n < 10e6 {
		return fmt.Sprintf("%.2f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.0f MB", float64(n)/1e6)
}

func allocated(c cost) string {
	return fmt.Sprintf("%s in %s", megabytes(int(c.Bytes)), thousands(int(c.Allocs)))
}

// thousands writes a number with a comma before every three digits.
func thousands(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// processor is the machine's, as Linux calls it.
func processor() string {
	text, _ := os.ReadFile("/proc/cpuinfo")
	for line := range bytes.Lines(text) {
		if name, value, ok := bytes.Cut(line, []byte(":")); ok && string(bytes.TrimSpace(name)) == "model name" {
			return string(bytes.TrimSpace(value))
		}
	}
	return runtime.GOARCH
}
