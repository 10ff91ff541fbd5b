// Package apisix_test tries what is rendered on a real APISIX: see README.md.
package apisix_test

import (
	"maps"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	router "github.com/amesh-render/amesh-render/model/apisix"
	"github.com/amesh-render/amesh-render/render/apisix"
	"github.com/amesh-render/amesh-render/standalone"
	"github.com/amesh-render/amesh-render/traffic"
)

// goldens are the rendered files of render/testdata, by the name of their case.
func goldens(t *testing.T) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("../../render/testdata/*/want*.yaml")
	if err != nil || len(files) < 50 {
		t.Fatalf("%d golden files, %v", len(files), err)
	}
	texts := map[string][]byte{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(filepath.Dir(file)) + strings.TrimSuffix(strings.TrimPrefix(filepath.Base(file), "want"), ".yaml")
		texts[name] = text
	}
	return texts
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// TestGolden loads each golden file in turn into one APISIX, as the agent would.
func TestGolden(t *testing.T) {
	texts := goldens(t)
	c := &copier{ports: map[string]int{}, stream: freePort(t)}
	var listen []int
	for port := range portsOf(texts) {
		c.ports[port] = freePort(t)
		listen = append(listen, c.ports[port])
	}
	slices.Sort(listen)
	i := start(t, listen, c.stream, "--outbound-port", port(c, "15001"), "--inbound-port", port(c, "15006"))
	c.upstreams = newUpstreams(t)
	checkLog(t, i.log(t, 0))
	total, files := &tally{}, 0
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		t.Run(name, func(t *testing.T) {
			text := c.copy(t, texts[name])
			config := read(t, text)
			log := i.load(t, text, idsOf(config.Routes), idsOf(config.Upstreams))
			checkLog(t, log)
			counts := checkRequests(t, config, listen[0])
			counts.streams = checkStreams(t, text, c)
			t.Log(counts)
			total.add(counts)
			files++
		})
	}
	t.Logf("in all: %v", total)
	if files == len(texts) && (total.agreed < 500 || total.streams < 20) {
		t.Errorf("too few requests or connections to say much: %v", total)
	}
}

// port is APISIX's for one in a condition, as a flag.
func port(c *copier, name string) string { return strconv.Itoa(c.ports[name]) }

// read is the file as APISIX reads it.
func read(t *testing.T, text []byte) *apisix.Config {
	t.Helper()
	file, err := standalone.Read("apisix.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	config, _ := file.Config()
	return config
}

func idsOf[T apisix.Route | apisix.Upstream](objects []*T) (ids []string) {
	for _, o := range objects {
		switch o := any(o).(type) {
		case *apisix.Route:
			ids = append(ids, o.ID)
		case *apisix.Upstream:
			if !strings.Contains(o.ID, "/") { // within another object
				ids = append(ids, o.ID)
			}
		}
	}
	return ids
}

// complaint is a line of APISIX's log about something that it does not take, or that breaks. Whether an upstream answers is
// not the concern of loading.
var (
	complaint = regexp.MustCompile(`(?m)^.*\[(error|crit|emerg)\].*$`)
	harmless  = regexp.MustCompile(`while (connecting to|reading response header from) upstream|upstream timed out`)
)

func checkLog(t *testing.T, log string) {
	t.Helper()
	for _, line := range complaint.FindAllString(log, -1) {
		if !harmless.MatchString(line) {
			t.Errorf("APISIX complains: %s", line)
		}
	}
}

// checkRequests sends the requests that the routes ask for, and holds what becomes of them to what the model says.
func checkRequests(t *testing.T, config *apisix.Config, port int) *tally {
	counts := &tally{}
	model := router.New(config)
	for _, err := range model.Dropped() {
		t.Errorf("the model drops: %v", err)
	}
	nodes := nodesOf(config)
	for _, change := range traffic.Compare(&apisix.Config{}, config).Changes {
		counts.count(tryRequest(t, model, nodes, sendable(change.Request, port)))
	}
	return counts
}

// nodesOf are the addresses of upstreams by the names that outcomes have for them.
func nodesOf(config *apisix.Config) map[string][]string {
	nodes := map[string][]string{}
	for _, u := range config.Upstreams {
		name, _, _ := strings.Cut(u.Name, " #")
		if name == "" {
			name = u.ID
		}
		for _, n := range u.Nodes {
			nodes[name] = append(nodes[name], n.Host)
		}
	}
	return nodes
}
