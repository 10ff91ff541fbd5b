package intercept

import "slices"

// A Decision is one step of what Ports.Protocol decides: destinations of the entry get the protocol.
type Decision struct {
	Entry
	Protocol Protocol
}

// Decisions is what Ports.Protocol decides as steps: the first whose entry a destination is in says its protocol. The
// last contains all destinations. Steps after one that contains all are left out.
func (p Ports) Decisions() []Decision {
	steps := append(decisions(p.HTTP, HTTP), decisions(p.TCP, TCP)...)
	slices.SortStableFunc(steps, func(a, b Decision) int { return a.compareWidth(b.Entry) })
	steps = append(steps, decisions(defaultTCP, TCP)...)
	everything := Entry{First: 1, Last: lastPort}
	steps = append(steps, Decision{everything, HTTP})
	end := slices.IndexFunc(steps, func(d Decision) bool { return d.Entry == everything })
	return steps[:end+1]
}

func decisions(l List, p Protocol) []Decision {
	steps := make([]Decision, len(l))
	for i, e := range l {
		steps[i] = Decision{e, p}
	}
	return steps
}
