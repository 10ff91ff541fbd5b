package render

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
)

// Severity says how much of something was lost.
type Severity string

// Severities, mildest first.
const (
	// Approximate: rendered, with a difference that the message names.
	Approximate Severity = "approximate"
	// Dropped: has no effect in the output.
	Dropped Severity = "dropped"
	// Denied: a security rule that cannot be expressed; the traffic that it might have protected is refused.
	Denied Severity = "denied"
)

// Severities lists every Severity, mildest first.
func Severities() []Severity { return []Severity{Approximate, Dropped, Denied} }

// Finding is one thing in the snapshot that the output does not express as Envoy would have applied it.
type Finding struct {
	Severity Severity `json:"severity"`
	// Resource is where it is, as a path that a person can follow:
	// "route_config/9080 virtual_host/reviews.default.svc.cluster.local:9080 route/2".
	Resource string `json:"resource"`
	// Field is Envoy's field path below the resource, "" for the whole of it.
	Field string `json:"field,omitempty"`
	// Message says what is lost and what happens instead.
	Message string `json:"message"`
}

// place is a path to a part of a resource. It becomes text only when a finding needs it.
type place struct {
	parent *place
	kind   string // "listener", "virtual_host", …
	name   string // a name, or "" when the index counts
	index  int    // negative for a part that there is only one of
}

// resource is the place of a whole resource: "cluster/outbound|80||x".
func resource(kind, name string) *place { return &place{kind: kind, name: name} }

func (p *place) child(kind, name string) *place { return &place{parent: p, kind: kind, name: name} }
func (p *place) item(kind string, index int) *place {
	return &place{parent: p, kind: kind, index: index}
}

// String is the path as Finding.Resource has it.
func (p *place) String() string { return string(p.append(make([]byte, 0, 128))) }

func (p *place) append(b []byte) []byte {
	if p.parent != nil {
		b = append(p.parent.append(b), ' ')
	}
	b = append(b, p.kind...)
	switch {
	case p.name != "":
		b = append(append(b, '/'), p.name...)
	case p.index >= 0:
		b = strconv.AppendInt(append(b, '/'), int64(p.index), 10)
	}
	return b
}

// findings collects. Equal findings, as when two listeners share a route configuration, are kept once.
type findings struct {
	list []Finding
}

func (f *findings) add(s Severity, at *place, field, format string, args ...any) {
	message := format
	if len(args) > 0 {
		message = fmt.Sprintf(format, args...)
	}
	one := Finding{Severity: s, Resource: at.String(), Field: field, Message: message}
	if n := len(f.list); n > 0 && f.list[n-1].Resource == one.Resource {
		one.Resource = f.list[n-1].Resource // one text for both
	}
	f.list = append(f.list, one)
}

func (f *findings) dropped(at *place, field, format string, args ...any) {
	f.add(Dropped, at, field, format, args...)
}

func (f *findings) approximate(at *place, field, format string, args ...any) {
	f.add(Approximate, at, field, format, args...)
}

func (f *findings) denied(at *place, field, format string, args ...any) {
	f.add(Denied, at, field, format, args...)
}

// sorted is the findings without repetitions, by resource, field, severity and message.
func (f *findings) sorted() []Finding {
	slices.SortFunc(f.list, func(a, b Finding) int {
		return cmp.Or(
			cmp.Compare(a.Resource, b.Resource), cmp.Compare(a.Field, b.Field),
			cmp.Compare(a.Severity, b.Severity), cmp.Compare(a.Message, b.Message))
	})
	return slices.Compact(f.list)
}
