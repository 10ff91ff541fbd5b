package model

import (
	"fmt"
	"strings"
)

// Trace records how a model came to its outcome. Give a model the nil *Trace to record nothing, at no cost.
type Trace struct{ Steps []Step }

// Step is one thing that was considered.
type Step struct {
	// What was considered, as a path like Outcome.Route: a listener, a virtual host, a route.
	What string
	// Taken says whether it was taken.
	Taken bool
	// Why it was not taken, or what it was taken for: the first condition that does not hold, in words.
	Why string
}

// Take records that what was taken. It does nothing on nil.
func (t *Trace) Take(what, why string) { t.add(Step{what, true, why}) }

// Skip records that what was tried and not taken. It does nothing on nil.
func (t *Trace) Skip(what, why string) { t.add(Step{what, false, why}) }

func (t *Trace) add(s Step) {
	if t != nil {
		t.Steps = append(t.Steps, s)
	}
}

// String is the trace as lines, one per step.
func (t *Trace) String() string {
	if t == nil {
		return ""
	}
	var b strings.Builder
	for _, s := range t.Steps {
		mark := "-"
		if s.Taken {
			mark = "+"
		}
		fmt.Fprintf(&b, "%s %s", mark, s.What)
		if s.Why != "" {
			fmt.Fprintf(&b, ": %s", s.Why)
		}
		b.WriteByte('\n')
	}
	return b.String()
}
