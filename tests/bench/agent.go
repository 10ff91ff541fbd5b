//go:build linux

package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"github.com/amesh-render/amesh-render/tests/scale"
)

// runAgents has an agent follow each mesh, and prints a table.
func runAgents(o options, sizes []int, out io.Writer) error {
	program, err := filepath.Abs(o.agent)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s, %d × %s\n\n%s endpoints change, one every %v.\n\n", runtime.Version(), runtime.NumCPU(), processor(), thousands(o.changes), o.every)
	fmt.Fprintln(out, "| services | file | changes sent within | last commit after | commits | CPU: start | CPU: following | of that, writes alone | of a core, without writes | peak resident memory | at the end |")
	fmt.Fprintln(out, "|---|---|---|---|---|---|---|---|---|---|---|")
	for _, n := range sizes {
		if err := runAgent(o, program, n, out); err != nil {
			return fmt.Errorf("%d services: %w", n, err)
		}
	}
	return nil
}

func runAgent(o options, program string, services int, out io.Writer) error {
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	r, err := scale.Run{
		Command: func(args ...string) *exec.Cmd { return exec.Command(program, args...) },
		Dir:     dir, Services: services, Changes: o.changes, Every: o.every,
	}.Do()
	if err != nil {
		return err
	}
	write, err := writing(filepath.Join(dir, "apisix.yaml"))
	if err != nil {
		return err
	}
	writes := time.Duration(r.Commits-1) * write
	fmt.Fprintf(out, "| %s | %s | %.1f s | %.1f s | %d | %.2f s | %.2f s | %.2f s | %.1f %% | %s | %s |\n", thousands(services), megabytes(r.Size), r.Sent.Seconds(), r.Took.Seconds(), r.Commits,
		r.Start.Seconds(), r.Follow.Seconds(), writes.Seconds(), 100*(r.Follow-writes).Seconds()/r.Took.Seconds(), megabytes(r.Peak), megabytes(r.Resident))
	return nil
}

// writing is the processor time of replacing a file by its own bytes.
func writing(path string) (time.Duration, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	c, err := measure(10, func() error { return replace(path, content) })
	return c.CPU, err
}
