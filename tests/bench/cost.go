//go:build linux

package main

import (
	"runtime"
	"syscall"
	"time"
)

// cost is what one operation costs this process, the garbage collector's share with it.
type cost struct {
	CPU    time.Duration `json:"cpu"`    // of all threads, in user mode and in the kernel
	Wall   time.Duration `json:"wall"`   // what a clock shows
	Bytes  uint64        `json:"bytes"`  // allocated
	Allocs uint64        `json:"allocs"` // number of allocations
}

// measure is the cost of one of n operations, which are done one after the other.
func measure(n int, operation func() error) (cost, error) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	cpu, start := cpuTime(), time.Now()
	for range n {
		if err := operation(); err != nil {
			return cost{}, err
		}
	}
	c := cost{CPU: (cpuTime() - cpu) / time.Duration(n), Wall: time.Since(start) / time.Duration(n)}
	runtime.ReadMemStats(&after)
	c.Bytes, c.Allocs = (after.TotalAlloc-before.TotalAlloc)/uint64(n), (after.Mallocs-before.Mallocs)/uint64(n)
	return c, nil
}

// cpuTime is the processor time that this process has used.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err) // only a wrong argument is refused
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// least takes the lesser of each number, for what others do on the machine can only add to them. The zero value is nothing
// measured yet.
func (c cost) least(other cost) cost {
	if c == (cost{}) {
		return other
	}
	return cost{min(c.CPU, other.CPU), min(c.Wall, other.Wall), min(c.Bytes, other.Bytes), min(c.Allocs, other.Allocs)}
}
