package render

import (
	"maps"
	"slices"
	"strings"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// mutations are what Envoy does to the headers of a request or a response, name by name: Envoy removes and adds level by
// level, in the order of the configuration; APISIX adds, then sets, then removes. So what is left in the end is worked
// out for each name, which then comes under one of APISIX's three.
type mutations struct {
	headers map[string]headerState // by lower-case name; never changed once it is shared
}

// A headerState is what becomes of the headers of one name.
type headerState struct {
	name string
	// removed says that nothing is left of what was there.
	removed bool
	// fallback stands for what was there when there was nothing; "" for none. It is text that IsDefault takes.
	fallback string
	// values come after what is left, as APISIX interpolates them.
	values []string
	// open says that the values were appended and may all turn out to be empty: Envoy then adds none.
	open bool
}

// present reports whether there is such a header for sure.
func (s headerState) present() bool { return len(s.values) > 0 || s.fallback != "" }

// absent reports whether there is no such header for sure.
func (s headerState) absent() bool { return s.removed && len(s.values) == 0 }

// get is the state of a header.
func (m mutations) get(name string) headerState {
	if s, ok := m.headers[strings.ToLower(name)]; ok {
		return s
	}
	return headerState{name: name}
}

// put replaces the state of a header.
func (m *mutations) put(s headerState) {
	m.headers = maps.Clone(m.headers)
	if m.headers == nil {
		m.headers = map[string]headerState{}
	}
	m.headers[strings.ToLower(s.name)] = s
}

// remove removes a header.
func (m *mutations) remove(name string) { m.put(headerState{name: name, removed: true}) }

// set replaces a header by one value, as APISIX interpolates it.
func (m *mutations) set(name, value string) {
	m.put(headerState{name: name, removed: true, values: []string{value}})
}

// removeFirst removes the header that was there, before all that is done to it.
func (m *mutations) removeFirst(name string) { m.put(m.get(name).afterRemoval()) }

// afterRemoval is the state when the header that was there had been removed first.
func (s headerState) afterRemoval() headerState {
	if s.fallback != "" {
		s.values = slices.Concat([]string{literal(s.fallback)}, s.values)
	}
	s.removed, s.fallback = true, ""
	return s
}

// literal is a value for APISIX to interpolate that stands for itself.
func literal(text string) string {
	var t apisix.Interpolation
	t.Text(text)
	return t.String()
}

// each yields the states by name.
func (m mutations) each(yield func(headerState) bool) {
	for _, key := range slices.Sorted(maps.Keys(m.headers)) {
		if !yield(m.headers[key]) {
			return
		}
	}
}

// headerVariableName is the name of APISIX's variable for a header, after "http_" or "sent_http_".
func headerVariableName(name string) string {
	return strings.ReplaceAll(strings.ToLower(name), "-", "_")
}

// requestHeaders are the operations of proxy-rewrite; nil for none.
func (m mutations) requestHeaders() *apisix.RequestHeaders {
	h := apisix.RequestHeaders{}
	for s := range m.each {
		values := s.values
		if s.fallback != "" {
			values = slices.Concat([]string{orElse("http_", s)}, values)
		}
		switch {
		case s.absent():
			h.Remove = append(h.Remove, s.name)
		case s.removed || s.fallback != "":
			h.Set = withHeader(h.Set, s.name, oneOrMany(values))
		case len(values) > 0:
			h.Add = withHeader(h.Add, s.name, oneOrMany(values))
		}
	}
	if h.Add == nil && h.Set == nil && h.Remove == nil {
		return nil
	}
	return &h
}

// orElse is the value of the header, or its fallback.
func orElse(prefix string, s headerState) string {
	var t apisix.Interpolation
	t.VariableOr(prefix+headerVariableName(s.name), s.fallback)
	return t.String()
}

func withHeader[V any](m map[string]V, name string, value V) map[string]V {
	if m == nil {
		m = map[string]V{}
	}
	m[name] = value
	return m
}

func oneOrMany(values []string) any {
	if len(values) == 1 {
		return values[0]
	}
	return values
}
