package netfilter

import (
	"fmt"
	"os"
	"strings"
	"syscall"
)

// lock keeps others of our kind out of this network namespace until unlock is called: reading what is there and
// replacing it are two steps. It locks the namespace itself, as there may be no file system to write to.
func lock() (unlock func(), err error) {
	file, err := os.Open("/proc/self/ns/net")
	if err != nil {
		return nil, fmt.Errorf("network namespace: %w", err)
	}
	for {
		err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX)
		if err != syscall.EINTR {
			break
		}
	}
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("locking the network namespace: %w", err)
	}
	return func() { file.Close() }, nil
}

// permitted reports a process that cannot change rules, before a program says so less clearly.
func permitted() error {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return nil // not to be found out; the programs will say
	}
	for line := range strings.Lines(string(status)) {
		var capabilities uint64
		if n, _ := fmt.Sscanf(line, "CapEff:\t%x", &capabilities); n == 1 && capabilities&(1<<netAdmin) == 0 {
			return forbidden{}
		}
	}
	return nil
}

// netAdmin is the number of the capability NET_ADMIN (linux/capability.h).
const netAdmin = 12

// A forbidden says that the process may not change rules.
type forbidden struct{}

func (forbidden) Error() string { return "the capability NET_ADMIN is missing" }

// Hint says where to give it.
func (forbidden) Hint() string {
	return "in a pod: securityContext: {runAsUser: 0, capabilities: {add: [NET_ADMIN, NET_RAW]}}; elsewhere: run as root"
}
