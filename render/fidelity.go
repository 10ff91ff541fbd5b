package render

import (
	"cmp"
	"slices"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// Fidelity says how faithfully something is rendered.
type Fidelity string

// The fidelities, best first.
const (
	// Exact: a request fares as with Envoy.
	Exact Fidelity = "exact"
	// NoEffect: traffic could not notice whether it is rendered.
	NoEffect Fidelity = "no effect"
	// ByField: a message of which each field has a fidelity of its own.
	ByField Fidelity = "by field"
	// Nearly: rendered, with a difference that the reason names; a finding of severity approximate says where it matters.
	Nearly Fidelity = "approximate"
	// Refused: guards requests and cannot be expressed; requests that it might have stopped are refused (severity denied).
	Refused Fidelity = "refused"
	// NotRendered: has no effect in the output; a finding of severity dropped says so wherever it is set.
	NotRendered Fidelity = "not rendered"
)

// fidelities lists every Fidelity, best first.
func fidelities() []Fidelity {
	return []Fidelity{Exact, NoEffect, ByField, Nearly, Refused, NotRendered}
}

// worse is the worse of two fidelities.
func worse(a, b Fidelity) Fidelity {
	if slices.Index(fidelities(), a) > slices.Index(fidelities(), b) {
		return a
	}
	return b
}

// A Feature is something that a control plane can tell Envoy, or a user can tell Istio, and what becomes of it.
type Feature struct {
	Name     string
	Fidelity Fidelity
	Reason   string // "" where there is nothing to say
}

// A FeatureGroup is the features of one Envoy message, of one kind of filter, or of one kind of Istio resource.
type FeatureGroup struct {
	Name     string
	Features []Feature
}

// Features lists what is rendered and how faithfully, from the tables by which the renderer itself goes: Istio's
// resources first, then HTTP filters, then Envoy's messages by name, each with every field that the API has.
func Features() []FeatureGroup {
	groups := istioGroups()
	groups = append(groups, FeatureGroup{"HTTP filters", filterFeatures()})
	for _, t := range sortedTables() {
		groups = append(groups, FeatureGroup{string(t.message.FullName()), t.features()})
	}
	return groups
}

// fidelity is what a rule stands for.
func (rule *fieldRule) fidelity() Fidelity {
	switch {
	case rule == nil || rule.severity == Dropped:
		return NotRendered
	case rule.severity == Denied:
		return Refused
	case rule.severity == Approximate:
		return Nearly
	case rule.stands != "":
		return rule.stands
	case rule.why == rendered.why:
		return Exact
	}
	return NoEffect
}

func (rule *fieldRule) feature(name string) Feature {
	f := Feature{Name: name, Fidelity: rule.fidelity()}
	if rule != nil && f.Fidelity != Exact {
		f.Reason = rule.why
	}
	if rule == nil {
		f.Reason = "reported where it is set"
	}
	return f
}

// features are the fields of the table's message.
func (t *fieldTable) features() []Feature {
	var list []Feature
	fields := t.message.Fields()
	for i := range fields.Len() {
		fd := fields.Get(i)
		list = append(list, t.rule(fd.Number()).feature(string(fd.Name())))
	}
	return list
}

func sortedTables() []*fieldTable {
	return slices.SortedFunc(slices.Values(fieldTables), func(a, b *fieldTable) int {
		return cmp.Compare(a.message.FullName(), b.message.FullName())
	})
}

func filterFeatures() []Feature {
	var list []Feature
	for _, f := range httpFilters {
		list = append(list, f.rule.feature(strings.TrimPrefix(f.listener, "envoy.extensions.filters.http.")))
	}
	slices.SortStableFunc(list, func(a, b Feature) int { return cmp.Compare(a.Name, b.Name) })
	return append(list, (*fieldRule)(nil).feature("others"))
}

// fieldFidelity is that of one field; the message is named without its package where that is clear.
func fieldFidelity(message, field string) (Feature, bool) {
	for _, t := range fieldTables {
		name := string(t.message.FullName())
		fd := t.message.Fields().ByName(protoreflect.Name(field))
		if (name == message || strings.HasSuffix(name, "."+message)) && fd != nil {
			return t.rule(fd.Number()).feature(field), true
		}
	}
	return Feature{}, false
}
