//go:build linux

package scale

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"
)

// agent is the process.
type agent struct {
	process *exec.Cmd
	status  string // the address of its status pages
	exited  chan error
}

func startAgent(command func(...string) *exec.Cmd, plane *controlPlane, path string) (*agent, error) {
	status, err := freeAddress()
	if err != nil {
		return nil, err
	}
	c := command("agent", "--xds", plane.address, "-o", path, "--status-addr", status, "--log-level", "error", "--node-id", plane.mesh.Node().GetId())
	c.Stderr = os.Stderr
	if err := c.Start(); err != nil {
		return nil, err
	}
	a := &agent{process: c, status: status, exited: make(chan error, 1)}
	go func() { a.exited <- c.Wait() }()
	return a, nil
}

// freeAddress is a TCP address that nobody listens on.
func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer listener.Close()
	return listener.Addr().String(), nil
}

// await waits until a condition holds, for as long as the process runs.
func (a *agent) await(what string, holds func() bool) error {
	for end := time.Now().Add(patience); !holds(); {
		select {
		case err := <-a.exited:
			a.exited <- err
			return fmt.Errorf("the agent has ended: %w", errors.Join(err, errors.New(what+" has not come")))
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(end) {
			return fmt.Errorf("after %v it still does not hold: %s", patience, what)
		}
	}
	return nil
}

// end ends the process and returns the processor time that it has used.
func (a *agent) end() (time.Duration, error) {
	if err := a.process.Process.Signal(syscall.SIGTERM); err != nil {
		return 0, err
	}
	err := <-a.exited
	a.exited <- err
	state := a.process.ProcessState
	return state.UserTime() + state.SystemTime(), err
}

// kill ends the process if it still runs.
func (a *agent) kill() {
	a.process.Process.Kill()
	<-a.exited
}

// commits is how often the agent says that it has replaced its file, once it has told of the last time.
func (a *agent) commits(last time.Time) (int, error) {
	err := a.await("the agent tells of its last commit", func() bool {
		return a.metric("config_last_write_success_timestamp_seconds") > float64(last.UnixNano())/1e9
	})
	return int(a.metric("config_writes_total")), err
}

// metric reads one of the agent's metrics; NaN if there is none.
func (a *agent) metric(name string) float64 {
	response, err := http.Get("http://" + a.status + "/metrics")
	if err != nil {
		return math.NaN()
	}
	defer response.Body.Close()
	text, _ := io.ReadAll(response.Body)
	for line := range bytes.Lines(text) {
		if value, ok := bytes.CutPrefix(line, []byte("amesh_render_"+name+" ")); ok {
			if n, err := strconv.ParseFloat(string(bytes.TrimSpace(value)), 64); err == nil {
				return n
			}
		}
	}
	return math.NaN()
}

// ticks is the length of the unit in which Linux tells processor times.
const ticks = 10 * time.Millisecond

// cpu is the processor time that the process has used so far.
func (a *agent) cpu() (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", a.process.Process.Pid))
	if err != nil {
		return 0, err
	}
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:]) // from the third on
	user, err := strconv.Atoi(string(fields[14-3]))
	if err != nil {
		return 0, err
	}
	system, err := strconv.Atoi(string(fields[15-3]))
	return time.Duration(user+system) * ticks, err
}

// memory is what is resident, in bytes: at most, and now. (The peak that wait4 tells can be the one of the process that has
// started this one.)
func (a *agent) memory() (peak, resident int, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", a.process.Process.Pid))
	if err != nil {
		return 0, 0, err
	}
	for line := range bytes.Lines(text) {
		name, value, _ := bytes.Cut(line, []byte(":"))
		n, _ := strconv.Atoi(string(bytes.TrimSuffix(bytes.TrimSpace(value), []byte(" kB"))))
		switch string(name) {
		case "VmHWM":
			peak = n << 10
		case "VmRSS":
			resident = n << 10
		}
	}
	return peak, resident, nil
}
