//go:build linux

// Bench measures what the agent's work costs in meshes of several sizes, beside the floor of each piece of work, and prints
// tables. docs/performance.md says what is measured, and how to read it.
//
//	bench [-sizes 100,1000,5000,10000] [-rounds 1000]   the tables
//	bench -check | -update                              allocations against the baseline in the repository
//	bench -agent PROGRAM [-sizes 1000] [-changes 600]   an agent process under a stream of changes
//
// Each size is measured by a process of its own, which is this program again.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
)

// options are the flags.
type options struct {
	sizes         string
	rounds        int
	least         time.Duration
	check, update bool
	baseline      string
	agent         string
	changes       int
	every         time.Duration
	child         string
}

func main() {
	var o options
	flag.StringVar(&o.sizes, "sizes", "", "numbers of services, with commas between them")
	flag.IntVar(&o.rounds, "rounds", 1000, "rounds after which memory is measured for the second time; 0 leaves memory out")
	flag.DurationVar(&o.least, "least", 2*time.Second, "time to spend on each row at least")
	flag.BoolVar(&o.check, "check", false, "compare allocations with the baseline, and fail where they differ much")
	flag.BoolVar(&o.update, "update", false, "write the baseline anew")
	flag.StringVar(&o.baseline, "baseline", "tests/bench/baseline.json", "the baseline's file")
	flag.StringVar(&o.agent, "agent", "", "run this program as the agent, under a stream of changes")
	flag.IntVar(&o.changes, "changes", 600, "with -agent: changes of endpoints")
	flag.DurationVar(&o.every, "every", 100*time.Millisecond, "with -agent: time from one change to the next")
	flag.StringVar(&o.child, "child", "", "what a process does that this program has started")
	flag.Parse()
	if err := run(o, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(o options, out io.Writer) error {
	if flag.NArg() > 0 {
		return fmt.Errorf("takes no arguments, got %q", flag.Arg(0))
	}
	if o.child != "" {
		return runChild(o.child, o, out)
	}
	sizes := func(otherwise string) ([]int, error) {
		if o.sizes != "" {
			return parseSizes(o.sizes)
		}
		return parseSizes(otherwise)
	}
	switch {
	case o.check || o.update:
		n, err := sizes("100,1000")
		if err != nil {
			return err
		}
		return runBaseline(o, n, out)
	case o.agent != "":
		n, err := sizes("1000")
		if err != nil {
			return err
		}
		return runAgents(o, n, out)
	}
	n, err := sizes("100,1000,5000,10000")
	if err != nil {
		return err
	}
	return runTables(o, n, out)
}

func parseSizes(text string) (sizes []int, err error) {
	for part := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(part)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("-sizes: %q is not a number of services", part)
		}
		sizes = append(sizes, n)
	}
	return sizes, nil
}

func runChild(task string, o options, out io.Writer) error {
	n, err := strconv.Atoi(o.sizes)
	if err != nil {
		return errors.New("a child measures one size")
	}
	switch task {
	case "generator":
		return generate(n, os.Stdin, out)
	case "rows":
		return measureRows(n, o.least, out)
	case "allocations":
		return measureAllocations(n, out)
	case "memory":
		return measureMemory(n, o.rounds, holdPipeline, out)
	case "memory-floor":
		return measureMemory(n, o.rounds, holdResponses, out)
	}
	return fmt.Errorf("no such child: %q", task)
}
