//go:build linux

// Package scale runs an agent as a process of its own beside a control plane of which one endpoint after the other changes,
// and reports what that costs the process, as the operating system counts it, and what becomes of its file.
package scale

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// Run says what to do.
type Run struct {
	// Command makes a process of amesh-render.
	Command func(args ...string) *exec.Cmd
	// Dir is where files may be written; nobody else does.
	Dir      string
	Services int
	// Changes are how many endpoints change, one after the other; Every is the time from one to the next.
	Changes int
	Every   time.Duration
}

// Report is what came of it.
type Report struct {
	Sent     time.Duration // from the first change to the last
	Took     time.Duration // from the first change to the commit that has the last
	Start    time.Duration // processor time until the first file was there
	Follow   time.Duration // processor time from then on
	Peak     int           // resident memory, in bytes, at most
	Resident int           // at the end
	Commits  int           // of the file, the first one included
	Size     int           // of the file, in bytes
}

// patience is how long a condition may take to come true on a slow machine.
const patience = 2 * time.Minute

// Do runs the agent. It is an error if its file does not become, byte for byte but for the generation's number, what a fresh
// rendering of the control plane's last state gives.
func (r Run) Do() (report Report, err error) {
	plane, err := startControlPlane(r.Services, filepath.Join(r.Dir, "xds.sock"))
	if err != nil {
		return report, err
	}
	defer plane.stop()
	path := filepath.Join(r.Dir, "apisix.yaml")
	a, err := startAgent(r.Command, plane, path)
	if err != nil {
		return report, err
	}
	defer a.kill()
	first, err := r.render(plane)
	if err != nil {
		return report, err
	}
	if err := a.await("the first file", func() bool { return same(path, first) }); err != nil {
		return report, err
	}
	if report.Start, err = a.cpu(); err != nil {
		return report, err
	}
	begin := time.Now()
	if err := r.change(plane); err != nil {
		return report, err
	}
	report.Sent = time.Since(begin)
	last, err := r.render(plane)
	if err != nil {
		return report, err
	}
	if err := a.await("the last change is in the file", func() bool { return same(path, last) }); err != nil {
		return report, err
	}
	report.Size = len(last)
	replaced, err := changed(path)
	if err != nil {
		return report, err
	}
	report.Took = replaced.Sub(begin)
	if report.Commits, err = a.commits(replaced); err != nil {
		return report, err
	}
	if report.Peak, report.Resident, err = a.memory(); err != nil {
		return report, err
	}
	total, err := a.end()
	report.Follow = total - report.Start
	return report, errors.Join(err, plane.trouble())
}

// change changes endpoints at the pace that was asked for.
func (r Run) change(plane *controlPlane) error {
	pace := time.NewTicker(r.Every)
	defer pace.Stop()
	for i := range r.Changes {
		<-pace.C
		if err := plane.changeEndpoint(i * 7 % r.Services); err != nil {
			return err
		}
	}
	return nil
}

// render is what a fresh process makes of the control plane's present state, without its first line.
func (r Run) render(plane *controlPlane) ([]byte, error) {
	dump, out := filepath.Join(r.Dir, "dump.json"), filepath.Join(r.Dir, "once.yaml")
	if err := writeDump(dump, plane.snapshot()); err != nil {
		return nil, err
	}
	c := r.Command("once", dump, "-o", out, "--style", "lines")
	if text, err := c.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("once: %w: %s", err, text)
	}
	text, err := os.ReadFile(out)
	return withoutGeneration(text), err
}

func writeDump(path string, s *snapshot.Snapshot) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(s.WriteDump(f), f.Close())
}

// same reports whether a file holds a text, but for its first line.
func same(path string, want []byte) bool {
	text, err := os.ReadFile(path)
	return err == nil && bytes.Equal(withoutGeneration(text), want)
}

// changed is when a file got its present content; its modification time may be ahead of the clock.
func changed(path string) (time.Time, error) {
	info, err := os.Stat(path)
	if err != nil {
		return time.Time{}, err
	}
	t := info.Sys().(*syscall.Stat_t).Ctim
	return time.Unix(t.Sec, t.Nsec), nil
}

// withoutGeneration is a file without its first line, which has the number that no two files share.
func withoutGeneration(text []byte) []byte {
	if _, rest, ok := bytes.Cut(text, []byte("\n")); ok && bytes.HasPrefix(text, []byte("# gen ")) {
		return rest
	}
	return text
}
