package istiod

import (
	"slices"
	"testing"
)

// TestRestart takes istiod away and brings it back on the same ports. APISIX must not notice but by what has changed.
func TestRestart(t *testing.T) {
	m := startMesh(t, "subsets.yaml", "all-v1.yaml")
	a := m.startAgent(t)
	v1 := serviceCluster("reviews", "v1")
	before := a.await(t, "there is a file", func(*file) bool { return true })

	t.Run("without a change", func(t *testing.T) {
		writes := a.writes(t)
		m.stop(t)
		until(t, "the agent has lost istiod", func() bool { return a.metric(t, "xds_connected") == 0 })
		responses := a.metric(t, "xds_responses_total")
		m.start(t)
		until(t, "istiod has sent everything again", func() bool { return a.metric(t, "xds_responses_total") >= responses+4 })
		m.scale(t, "reviews-v1", 3)
		want := m.pods("reviews", "v1")
		a.await(t, "a change after that arrives", func(f *file) bool { return slices.Equal(f.nodes(v1), want) })
		if got := a.writes(t) - writes; got != 1 {
			t.Errorf("the restart and one change took %d writes", got)
		}
		if got := a.all(); len(got) != 2 || got[0].text != before.text {
			t.Errorf("there were %d versions of the file, want that before and that after the change", len(got))
		}
	})

	t.Run("with changes meanwhile", func(t *testing.T) {
		m.stop(t)
		until(t, "the agent has lost istiod", func() bool { return a.metric(t, "xds_connected") == 0 })
		m.scale(t, "reviews-v1", 1)
		m.delete(t, "VirtualService", "details")
		m.delete(t, "Service", "details")
		want := m.pods("reviews", "v1")
		m.start(t)
		a.await(t, "the file is as the mesh is now", func(f *file) bool {
			return slices.Equal(f.nodes(v1), want) && f.clusters(outbound, "details") == nil
		})
	})

	if got := a.metric(t, "xds_streams_total"); got != 3 {
		t.Errorf("there were %v streams to three istiods", got)
	}
	for _, f := range a.all() {
		if !slices.Equal(f.clusters(outbound, "reviews"), []string{v1}) || f.nodes(v1) == nil {
			t.Errorf("a version of the file does not serve reviews:\n%s", f.text)
		}
	}
}
