package istiod

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestFollow follows one mesh through its changes, in both variants of the protocol.
func TestFollow(t *testing.T) {
	for _, mode := range []string{"delta", "sotw"} {
		t.Run(mode, func(t *testing.T) {
			m := startMesh(t)
			a := m.startAgent(t, "--xds-mode", mode)
			for _, step := range []struct {
				name string
				run  func(*testing.T, *mesh, *agent)
			}{
				{"bookinfo", followBookinfo},
				{"VirtualServices", followVirtualServices},
				{"scale", followScale},
				{"deleted service", followDeletion},
				{"nothing to see", followNothing},
				{"bug report", followDump},
			} {
				if !t.Run(step.name, func(t *testing.T) { step.run(t, m, a) }) {
					t.FailNow()
				}
			}
			if got := a.log.attribute("connected to the control plane", "mode"); got != mode {
				t.Errorf("the agent has spoken %q", got)
			}
			if n := a.metric(t, "xds_nacks_total"); n != 0 {
				t.Errorf("%v responses of istiod were refused", n)
			}
		})
	}
}

// The file is written once, and complete: istiod sends routes after clusters after endpoints, but nobody sees that.
func followBookinfo(t *testing.T, m *mesh, a *agent) {
	f := a.await(t, "there is a file", func(*file) bool { return true })
	for _, service := range []string{"details", "productpage", "ratings", "reviews"} {
		cluster := serviceCluster(service, "")
		for _, host := range []string{service, service + ".default", service + ".default.svc.cluster.local"} {
			if got := f.clusters(outbound, host); !slices.Equal(got, []string{cluster}) {
				t.Errorf("requests to %s go to %q", host, got)
			}
		}
		if got, want := f.nodes(cluster), m.pods(service, ""); !slices.Equal(got, want) {
			t.Errorf("%s is at %q, want %q", service, got, want)
		}
	}
	if got := f.clusters(inbound, ""); !slices.Equal(got, []string{"inbound|9080||"}) {
		t.Errorf("requests from outside go to %q", got)
	}
	if got, want := f.nodes("inbound|9080||"), m.pods("productpage", ""); !slices.Equal(got, want) {
		t.Errorf("the pod itself is at %q, want %q", got, want)
	}
	if got := a.writes(t); got != 1 {
		t.Errorf("the first file took %d writes", got)
	}
}

func followVirtualServices(t *testing.T, m *mesh, a *agent) {
	m.apply(t, manifest(t, "subsets.yaml"), manifest(t, "all-v1.yaml"))
	v1 := serviceCluster("reviews", "v1")
	f := a.await(t, "requests to reviews go to v1 alone", func(f *file) bool {
		return slices.Equal(f.clusters(outbound, "reviews"), []string{v1})
	})
	if got, want := f.nodes(v1), m.pods("reviews", "v1"); !slices.Equal(got, want) || len(got) != 2 {
		t.Errorf("v1 of reviews is at %q, want %q", got, want)
	}
	a.await(t, "what is not used any more goes", func(f *file) bool { return f.nodes(serviceCluster("reviews", "")) == nil })
}

func followScale(t *testing.T, m *mesh, a *agent) {
	for _, replicas := range []int32{5, 1} {
		writes := a.writes(t)
		m.scale(t, "reviews-v1", replicas)
		want := m.pods("reviews", "v1")
		if len(want) != int(replicas) {
			t.Fatalf("%d pods, want %d", len(want), replicas)
		}
		a.await(t, "the pods of v1 are those that there are", func(f *file) bool {
			return slices.Equal(f.nodes(serviceCluster("reviews", "v1")), want)
		})
		if got := a.writes(t) - writes; got != 1 {
			t.Errorf("%d pods at once took %d writes", replicas, got)
		}
	}
}

// Audit's listener goes with it; ratings is one of several on its.
func followDeletion(t *testing.T, m *mesh, a *agent) {
	m.apply(t, manifest(t, "audit.yaml"))
	a.await(t, "there is a new service", func(f *file) bool { return strings.Contains(f.text, "audit.default.svc") })
	m.delete(t, "Service", "audit")
	m.delete(t, "VirtualService", "ratings")
	m.delete(t, "Service", "ratings")
	f := a.await(t, "nothing of them is in the file", func(f *file) bool {
		return !strings.Contains(f.text, "audit") && !strings.Contains(f.text, "ratings")
	})
	if got := f.clusters(outbound, "reviews"); !slices.Equal(got, []string{serviceCluster("reviews", "v1")}) {
		t.Errorf("requests to reviews now go to %q", got)
	}
	until(t, "the agent has forgotten them", func() bool {
		snapshot := a.page(t, "/debug/snapshot")
		return !strings.Contains(snapshot, "|audit.default") && !strings.Contains(snapshot, "|ratings.default")
	})
}

// A push that changes nothing APISIX can see costs no write.
func followNothing(t *testing.T, m *mesh, a *agent) {
	before, err := os.Stat(a.path)
	if err != nil {
		t.Fatal(err)
	}
	writes, suppressed := a.writes(t), a.metric(t, "config_writes_suppressed_total")
	m.apply(t, manifest(t, "reviews-keepalive.yaml"))
	until(t, "the push is rendered", func() bool { return a.metric(t, "config_writes_suppressed_total") > suppressed })
	after, err := os.Stat(a.path)
	if err != nil {
		t.Fatal(err)
	}
	if got := a.writes(t); got != writes || !os.SameFile(before, after) || !before.ModTime().Equal(after.ModTime()) {
		t.Errorf("%d writes; the file was of %v and is of %v", got-writes, before.ModTime(), after.ModTime())
	}
}

// What the agent has received, taken from its debug page, renders to what it has written.
func followDump(t *testing.T, _ *mesh, a *agent) {
	once := exec.Command(program, "once", "--style", "lines", "-")
	once.Stdin = strings.NewReader(a.page(t, "/debug/snapshot"))
	var stderr strings.Builder
	once.Stderr = &stderr
	text, err := once.Output()
	if err != nil {
		t.Fatalf("once: %v\n%s", err, stderr.String())
	}
	_, got, _ := strings.Cut(string(text), "\n") // the first lines say which write of the file it was
	_, want, _ := strings.Cut(a.latest().text, "\n")
	if got != want {
		t.Errorf("rendered from the dump:\n%s\nwritten:\n%s", got, want)
	}
}
