package cmd

import (
	"io/fs"
	"log/slog"
	"math"
	"os"
	"path"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/amesh-render/amesh-render/agent"
)

// memoryVariables set the memory of programs in Go.
var memoryVariables = []variable{
	{"GOMEMLIMIT", "how much memory to keep within, such as 200MiB (default 90 % of the container's limit)"},
	{"GOGC", "how much garbage to let come together, in percent of what is in use (default " + strconv.Itoa(agent.GarbagePercent) + ")"},
}

// limitMemory sets the memory limit and the garbage collector, as far as the user has not.
func limitMemory(log *slog.Logger) {
	s := memoryOf(os.LookupEnv, os.DirFS("/"))
	if s.percent > 0 {
		debug.SetGCPercent(s.percent)
	}
	if s.limit > 0 {
		debug.SetMemoryLimit(s.limit)
	}
	log.Debug("memory", "limit", s.limit, "garbage_percent", s.percent)
}

// memorySettings are what to set; 0 leaves it as it is.
type memorySettings struct {
	limit   int64 // bytes
	percent int
}

func memoryOf(lookup func(string) (string, bool), root fs.FS) (s memorySettings) {
	if _, set := lookup("GOGC"); !set {
		s.percent = agent.GarbagePercent
	}
	if _, set := lookup("GOMEMLIMIT"); !set {
		s.limit = containerLimit(root) / 10 * 9
	}
	return s
}

// containerLimit is the least memory limit of the cgroups that the process is in, in bytes; 0 if there is none. In a container
// the root of what is mounted is mostly its own cgroup, whatever the kernel says that it is called.
func containerLimit(root fs.FS) int64 {
	text, _ := fs.ReadFile(root, "proc/self/cgroup")
	v2, v1 := memoryCgroups(string(text))
	least := int64(math.MaxInt64)
	for _, place := range []struct{ mount, group, file string }{
		{"sys/fs/cgroup", v2, "memory.max"},
		{"sys/fs/cgroup/memory", v1, "memory.limit_in_bytes"},
	} {
		for group := path.Join("/", place.group); ; group = path.Dir(group) {
			text, err := fs.ReadFile(root, path.Join(place.mount, group, place.file))
			if limit := parseMemoryLimit(string(text)); err == nil && limit > 0 {
				least = min(least, limit)
			}
			if group == "/" {
				break
			}
		}
	}
	if least == math.MaxInt64 {
		return 0
	}
	return least
}

// memoryCgroups are the cgroups that limit the memory of a process, by its /proc/PID/cgroup: of version 2 and of version 1.
func memoryCgroups(text string) (v2, v1 string) {
	for line := range strings.Lines(text) {
		fields := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		switch {
		case len(fields) < 3:
		case fields[0] == "0" && fields[1] == "":
			v2 = fields[2]
		case strings.Contains(","+fields[1]+",", ",memory,"):
			v1 = fields[2]
		}
	}
	return v2, v1
}

// parseMemoryLimit reads a limit in bytes. It is 0 for none: "max", or what version 1 says instead, a number beyond all memory.
func parseMemoryLimit(text string) int64 {
	limit, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil || limit < 0 || limit >= 1<<60 {
		return 0
	}
	return limit
}
