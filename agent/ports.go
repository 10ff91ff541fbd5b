package agent

import (
	"slices"
	"strings"

	"github.com/amesh-render/amesh-render/intercept"
	"github.com/amesh-render/amesh-render/render"
	"github.com/amesh-render/amesh-render/xds/snapshot"
)

// ports is what the control plane has made of ports.
type ports struct {
	start *intercept.Table // by the first snapshot
	told  []string         // how the last one differs from it
}

// comparePorts logs how the protocols of ports differ from those of the first snapshot. The rules of interception were made when
// the pod started, and do not follow. Where the agent has lists of its own, the findings say what does not fit them.
func (a *Agent) comparePorts(s *snapshot.Snapshot) {
	if a.Options.Ports != nil || s.Listeners().Len() == 0 {
		return
	}
	now := render.Protocols(s)
	if a.ports.start == nil {
		a.ports.start = &now
	}
	difference := now.Difference(*a.ports.start)
	if len(difference) > 0 && !slices.Equal(difference, a.ports.told) {
		a.Log.Warn("ports of the mesh speak another protocol than when the agent started: the rules of interception stay as they are until the pod starts anew",
			"ports", strings.Join(difference, "; "))
	}
	a.ports.told = difference
}
