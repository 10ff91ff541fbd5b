package agent

import (
	"slices"
	"strings"

	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"

	"github.com/amesh-render/amesh-render/intercept"
	"github.com/amesh-render/amesh-render/render"
	"github.com/amesh-render/amesh-render/xds/snapshot"
)

type listeners = snapshot.Set[*listenerv3.Listener]

// ports is what the control plane has made of ports.
type ports struct {
	listeners listeners        // that the last answer is about
	start     *intercept.Table // by the first snapshot
	told      []string         // how the last one differs from it
}

// comparePorts logs how the protocols of ports differ from those of the first snapshot. The rules of interception were made when
// the pod started, and do not follow. Where the agent has lists of its own, the findings say what does not fit them.
func (a *Agent) comparePorts(s *snapshot.Snapshot) {
	if a.Options.Ports != nil || s.Listeners().Len() == 0 {
		return
	}
	if a.ports.start != nil && len(snapshot.Changed(a.ports.listeners, s.Listeners())) == 0 {
		return
	}
	a.ports.listeners = s.Listeners()
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
