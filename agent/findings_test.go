package agent

import (
	"testing"

	"github.com/amesh-render/amesh-render/render"
)

// Findings are made for whoever scrapes them, once, and for nobody else.
func TestFindingsAreCountedWhenAsked(t *testing.T) {
	m := NewMetrics()
	made := 0
	findings := func() []render.Finding {
		made++
		return []render.Finding{{Severity: render.Dropped}, {Severity: render.Denied}, {Severity: render.Dropped}}
	}
	count := func() map[string]float64 {
		families, err := m.Registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]float64{}
		for _, f := range families {
			for _, metric := range f.GetMetric() {
				if f.GetName() == "amesh_render_findings" {
					got[metric.GetLabel()[0].GetValue()] = metric.GetGauge().GetValue()
				}
			}
		}
		return got
	}
	if got := count(); len(got) != 0 {
		t.Errorf("before the first rendering: got %v, want nothing", got)
	}
	m.findings.set(findings)
	m.findings.set(findings)
	if made != 0 {
		t.Errorf("made %d times before anybody asked", made)
	}
	for range 2 {
		if got := count(); len(got) != len(render.Severities()) || got["dropped"] != 2 || got["denied"] != 1 || got["approximate"] != 0 {
			t.Errorf("got %v, want 2 dropped and 1 denied", got)
		}
	}
	if made != 1 {
		t.Errorf("made %d times for two scrapes, want once", made)
	}
}
