package cmd

import (
	"testing"
	"testing/fstest"
)

func TestMemoryOf(t *testing.T) {
	const mib = 1 << 20
	v2 := map[string]string{"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "104857600\n"}
	for name, tt := range map[string]struct {
		files       map[string]string
		environment map[string]string
		want        memorySettings
	}{
		"no cgroups":           {nil, nil, memorySettings{0, 20}},
		"version 2":            {v2, nil, memorySettings{90 * mib, 20}},
		"the user's limit":     {v2, map[string]string{"GOMEMLIMIT": "1GiB"}, memorySettings{0, 20}},
		"the user's percent":   {v2, map[string]string{"GOGC": "100"}, memorySettings{90 * mib, 0}},
		"off, says the user":   {v2, map[string]string{"GOGC": "off", "GOMEMLIMIT": "off"}, memorySettings{0, 0}},
		"version 2, unlimited": {map[string]string{"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "max\n"}, nil, memorySettings{0, 20}},
		"version 2, named as on the host": {map[string]string{
			"proc/self/cgroup": "0::/kubepods/pod1/c1\n", "sys/fs/cgroup/memory.max": "104857600\n"}, nil, memorySettings{90 * mib, 20}},
		"version 2, the pod has less than the container": {map[string]string{
			"proc/self/cgroup": "0::/pod/c\n", "sys/fs/cgroup/pod/c/memory.max": "209715200\n", "sys/fs/cgroup/pod/memory.max": "104857600\n",
			"sys/fs/cgroup/memory.max": "max\n"}, nil, memorySettings{90 * mib, 20}},
		"version 1": {map[string]string{
			"proc/self/cgroup":                                      "5:cpu,cpuacct:/x\n4:memory:/docker/a:b\n0::/\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes":            "9223372036854771712\n",
			"sys/fs/cgroup/memory/docker/a:b/memory.limit_in_bytes": "104857600\n"}, nil, memorySettings{90 * mib, 20}},
		"version 1, unlimited": {map[string]string{
			"proc/self/cgroup": "4:memory:/\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n"}, nil, memorySettings{0, 20}},
		"nonsense": {map[string]string{"proc/self/cgroup": "x\n::\n0::\n", "sys/fs/cgroup/memory.max": "-7\n"}, nil, memorySettings{0, 20}},
	} {
		root := fstest.MapFS{}
		for path, text := range tt.files {
			root[path] = &fstest.MapFile{Data: []byte(text)}
		}
		lookup := func(variable string) (string, bool) { value, ok := tt.environment[variable]; return value, ok }
		if got := memoryOf(lookup, root); got != tt.want {
			t.Errorf("%s: got %+v, want %+v", name, got, tt.want)
		}
	}
}
