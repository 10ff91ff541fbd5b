package render

import (
	"slices"
	"strings"

	"github.com/amesh-render/amesh-render/render/apisix"
)

// responseHeaders are the operations of response-rewrite; nil for none. Forwards says that the response comes from an
// upstream.
func (m mutations) responseHeaders(forwards bool) *apisix.ResponseHeaders {
	var h apisix.ResponseHeaders
	for s := range m.each {
		s = s.inResponse(forwards)
		values := s.responseValues()
		switch {
		case s.absent():
			h.Remove = append(h.Remove, s.name)
		case len(values) == 0:
		case s.adds(forwards):
			for _, v := range values {
				h.Add = append(h.Add, s.name+": "+v)
			}
		default:
			h.Set = withHeader(h.Set, s.name, strings.Join(values, ", "))
		}
	}
	if h.Add == nil && h.Set == nil && h.Remove == nil {
		return nil
	}
	return &h
}

// inResponse is the state in responses. One that the route gives by itself has no header before the operations but a
// redirect's Location.
func (s headerState) inResponse(forwards bool) headerState {
	if s.isNew(forwards) {
		return s.afterRemoval()
	}
	return s
}

// isNew reports whether there is no such header before the operations.
func (s headerState) isNew(forwards bool) bool {
	return !forwards && !strings.EqualFold(s.name, "location")
}

// responseValues are the values that response-rewrite adds or sets. A value for it to add must not end in a slash.
func (s headerState) responseValues() []string {
	var values []string
	if s.fallback != "" {
		values = []string{orElse("sent_http_", s)}
	}
	for _, v := range s.values {
		if strings.HasSuffix(v, "/") {
			v += "${mesh_nil}"
		}
		values = append(values, v)
	}
	return values
}

// adds reports whether response-rewrite can add the values: without replacing any, and without a colon in them.
func (s headerState) adds(forwards bool) bool {
	fresh := s.isNew(forwards) && len(s.values) > 1
	colon := func(v string) bool { return strings.Contains(v, ":") }
	return (fresh || !s.removed && s.fallback == "") && !slices.ContainsFunc(s.values, colon)
}

// responseLosses reports where response-rewrite differs.
func (r *renderer) responseLosses(m mutations, forwards bool, at *place) {
	for s := range m.each {
		s = s.inResponse(forwards)
		values := s.responseValues()
		if len(values) == 0 || s.adds(forwards) {
			continue
		}
		if !s.removed && s.fallback == "" {
			r.findings.approximate(at, "response_headers_to_add",
				"APISIX cannot add a value with a colon to what there is of the header %q: the value replaces it", s.name)
		}
		if len(values) > 1 {
			r.findings.approximate(at, "response_headers_to_add",
				"APISIX cannot replace the header %q by several: the values come in one, with commas between them", s.name)
		}
	}
}
