//go:build linux

package tests

import (
	"os/exec"
	"testing"
	"time"

	"github.com/amesh-render/amesh-render/tests/scale"
)

// TestScale has an agent follow a mesh of 100 services of which 40 endpoints change, 20 a second: its file ends as a fresh
// rendering of the control plane's last state, and was not replaced more often than once a second. At 1,000 services and
// more, "make bench-agent" does the same, and says what it costs.
func TestScale(t *testing.T) {
	const changes, every = 40, 50 * time.Millisecond
	report, err := scale.Run{
		Command:  func(args ...string) *exec.Cmd { return ourCommand(t, args...) },
		Dir:      t.TempDir(),
		Services: 100, Changes: changes, Every: every,
	}.Do()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", report)
	if most := 2 + int(report.Took/time.Second); report.Commits < 2 || report.Commits > most {
		t.Errorf("%d commits in %v, want 2 to %d", report.Commits, report.Took, most)
	}
	if report.Peak == 0 || report.Start <= 0 || report.Follow < 0 {
		t.Errorf("the operating system counts nothing: %+v", report)
	}
}
